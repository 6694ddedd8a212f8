#include "session/halt.h"

#include "base/path.h"
#include "incus/instance.h"

#include <signal.h>
#include <stdint.h>
#include <string.h>

#define PATIENCE_MS 2000
#define RETRY_MS    20

static uint64_t bit(int signal) {
    return UINT64_C(1) << (signal - 1);
}

/* The mask behind "SigCgt:" or the like: proc(5). */
static uint64_t mask_of(const char *status, const char *key) {
    const char *line = strstr(status, key);
    return line ? strtoull(line + strlen(key), NULL, 16) : 0;
}

/* What others than systemd wait for cannot be told from outside: that they have begun to, can. */
static bool hears(const char *status) {
    uint64_t caught = mask_of(status, "\nSigCgt:"), blocked = mask_of(status, "\nSigBlk:");
    bool systemd = str_starts(status, "Name:\tsystemd\n");
    return systemd ? (blocked & bit(SIGRTMIN + 3)) != 0 : (caught | blocked) != 0;
}

bool halt_can_be_heard(struct incus *client, const char *name) {
    _cleanup_json_ json_t *state = NULL;
    _cleanup_(error_done) struct error ignored = {0};
    if (!instance_state(client, name, &state, &ignored))
        return false;
    _cleanup_free_ char *path = str_printf("/proc/%lld/status", (long long)json_int_at(state, "pid"));
    for (int64_t begin = loop_now(); loop_now() - begin < PATIENCE_MS;) {
        _cleanup_(buffer_done) struct buffer status = {0};
        if (!path_read(path, &status, &ignored) || !status.data)
            return false;
        if (hears(status.data))
            return true;
        if (!loop_pause(incus_loop(client), RETRY_MS, &ignored))
            return false;
    }
    return false;
}
