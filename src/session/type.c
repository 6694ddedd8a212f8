#include "session/type.h"

#include "incus/capture.h"
#include "launch/plan.h"

#include <string.h>

/* One request for all of it, so that another's line does not come in between. */
static bool send_keys(const struct inside *inside, const struct strings *keys, struct error *err) {
    _cleanup_(strings_done) struct strings command = {0};
    _cleanup_(capture_done) struct capture capture = {0};
    if (inside->no_root)
        plan_add_no_root(&command);
    strings_add(&command, "tmux");
    for (size_t i = 0; i < keys->count; i++)
        strings_add(&command, keys->items[i]);
    struct exec_request request = {
        .command = command.items, .uid = inside->code.uid, .gid = inside->code.gid, .cwd = "/"};
    if (!exec_capture(inside->client, inside->name, &request, 4096, &capture, err))
        return false;
    if (capture.status == 0)
        return true;
    _cleanup_free_ char *words = str_shown(capture.err.data ? capture.err.data : "");
    return error_set(err, ERROR_FAILED, "tmux in %s: %s", inside->name, words);
}

static char *target_of(const struct inside *inside) {
    _cleanup_free_ char *session = tmux_session(inside->name);
    return str_printf("=%s:", session);
}

/* tmux takes a semicolon at the end of an argument for the end of a command, unless there is a backslash
 * before it (cmd_parse_from_arguments()). Caller owns. */
static char *as_argument(const char *text) {
    size_t length = strlen(text);
    if (length == 0 || text[length - 1] != ';')
        return str_copy(text);
    _cleanup_free_ char *before = str_copy_n(text, length - 1);
    return str_printf("%s\\;", before);
}

bool type_line(const struct inside *inside, const char *text, struct error *err) {
    _cleanup_free_ char *target = target_of(inside), *argument = as_argument(text);
    _cleanup_(strings_done) struct strings keys = {0};
    /* literally first, so that no word of the text is taken for a key's name */
    strings_add_all(&keys, "send-keys", "-t", target, "-l", "--", argument, NULL);
    strings_add_all(&keys, ";", "send-keys", "-t", target, "Enter", NULL);
    return send_keys(inside, &keys, err);
}

bool type_interrupt(const struct inside *inside, struct error *err) {
    _cleanup_free_ char *target = target_of(inside);
    _cleanup_(strings_done) struct strings keys = {0};
    strings_add_all(&keys, "send-keys", "-t", target, "C-c", NULL);
    return send_keys(inside, &keys, err);
}
