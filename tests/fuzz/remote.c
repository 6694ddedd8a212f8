/* What a remote, the incus command's configuration and the user say of other machines; the first byte says
 * which. */
/* Covers: endpoint_url part_of tls_read_fingerprint workspace_is_qualified workspace_is_shared */
/* Covers: token_fingerprint incus_config_load read_document take value_of text_of machines_take */
/* Covers: members_read member_read_state */
#include "tests/fuzz/fuzz.h"

#include "config/machine.h"
#include "incus/member.h"
#include "remote/incus_config.h"
#include "remote/token.h"
#include "workspace/workspace.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <sys/stat.h>

static void url(const char *text) {
    _cleanup_(error_done) struct error err = {0};
    _cleanup_free_ char *url = endpoint_url(text, &err);
    assert(url ? str_starts(url, "https://") && url[strlen(url) - 1] != '/' : err.class == ERROR_USAGE);
}

static void fingerprint(const char *text) {
    char read[TLS_FINGERPRINT];
    if (tls_read_fingerprint(text, read))
        assert(strlen(read) == 64 && strspn(read, "0123456789abcdef") == 64);
}

static void path(const char *text) {
    _cleanup_free_ char *first = NULL, *second = NULL;
    const char *path = NULL;
    if (workspace_is_qualified(text, &first, &second, &path))
        assert(*path == '/' && machine_name_is_good(first) && (!second || machine_name_is_good(second)));
    const struct workspace workspace = {.source = (char *)"/srv/work/a"};
    (void)workspace_is_shared(&workspace, text);
}

static void token(const char *text) {
    char read[TLS_FINGERPRINT];
    size_t length = strlen(text);
    (void)!token_fingerprint(text, read);
    _cleanup_free_ unsigned char *encoded = mem_new(length * 4 / 3 + 8);
    EVP_EncodeBlock(encoded, (const unsigned char *)text, (int)length);
    (void)!token_fingerprint((const char *)encoded, read);
}

static void yaml(const char *text) {
    static char folder[64];
    _cleanup_(remotes_done) struct remotes remotes = {0};
    if (!*folder) {
        snprintf(folder, sizeof folder, "/dev/shm/berth-fuzz-%d", (int)getpid());
        mkdir(folder, 0700);
        setenv("INCUS_CONF", folder, 1);
    }
    _cleanup_free_ char *file = str_printf("%s/config.yml", folder);
    _cleanup_close_ int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (write(fd, text, strlen(text)) < 0)
        abort();
    incus_config_load(&remotes);
    for (size_t i = 0; i < remotes.count; i++)
        assert(machine_name_is_good(remotes.items[i].endpoint.remote) &&
               !remotes.items[i].endpoint.fingerprint);
}

static void answer(const char *text) {
    _cleanup_(error_done) struct error ignored = {0};
    _cleanup_(members_done) struct members members = {0};
    _cleanup_json_ json_t *json = json_parse(text, strlen(text), "it", &ignored);
    struct member member = {0};
    members_read(json, &members);
    (void)members_find(&members, "nodea");
    member_read_state(&member, json, "default");
}

/* NAME, key and value, a line each, of one section of either kind. */
static void section(const char *text) {
    _cleanup_(machines_done) struct machines machines = {0};
    _cleanup_free_ char *copy = str_copy(text);
    char *rest = copy;
    const char *name = strsep(&rest, "\n");
    for (char *key, *value; (key = strsep(&rest, "\n")) && (value = strsep(&rest, "\n"));) {
        _cleanup_(error_done) struct error err = {0};
        unsigned int uid, gid;
        bool taken = machines_take(&machines, *key == 'u' ? MACHINE_REMOTE : MACHINE_MEMBER, name, key,
                                   value, "it", &err);
        assert(taken == (err.class == ERROR_NONE));
        (void)machine_ids(machines_find(&machines, MACHINE_REMOTE, name), &uid, &gid);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static void (*const parsers[])(const char *text) = {url,  fingerprint, path,   token,
                                                        yaml, answer,      section};
    _cleanup_free_ char *text = fuzz_text(bytes, size);
    if (*text)
        parsers[(unsigned char)*text % array_length(parsers)](text + 1);
    return 0;
}
