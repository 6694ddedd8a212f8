#include "guard/devices.h"

#include "base/path.h"

#include <string.h>

const char guard_denied_calls[] = "open_tree errno 38\n"
                                  "move_mount errno 38\n"
                                  "fsopen errno 38\n"
                                  "fspick errno 38\n"
                                  "fsmount errno 38\n"
                                  "mount_setattr errno 38";

const char *guard_how_name(enum guard_how how) {
    static const char *const names[] = {
        [GUARD_READ_ONLY] = "read-only", [GUARD_FIXED] = "fixed",     [GUARD_COVERED] = "covered",
        [GUARD_REPLACED] = "replaced",   [GUARD_WATCHED] = "watched",
    };
    return names[how];
}

/* Where a path of the host is seen under a root; NULL if it does not lie below it. Caller owns. */
static char *seen_under(const struct guard_root *root, const char *path) {
    size_t length = str_equal(root->source, "/") ? 0 : strlen(root->source);
    if (!path_is_under(path, root->source) || !path[length])
        return NULL;
    return str_printf("%s%s", root->inside, path + length);
}

/* Calls for each place inside where something is mounted, roots of the guard's own first. */
typedef void place_fn(void *data, const struct guarded *item, const char *source, const char *inside);
static void each_place(const struct guard *guard, place_fn *each, void *data) {
    for (size_t i = 0; i < guard->root_count; i++)
        if (guard->roots[i].common)
            each(data, NULL, guard->roots[i].source, guard->roots[i].inside);
    for (size_t i = 0; i < guard->count; i++) {
        const struct guarded *item = &guard->items[i];
        for (size_t j = 0; j < guard->root_count && item->how != GUARD_WATCHED; j++) {
            _cleanup_free_ char *inside = seen_under(&guard->roots[j], item->path);
            if (inside)
                each(data, item, item->source ? item->source : item->path, inside);
        }
    }
}

struct making {
    json_t *devices;
    bool shift;
    const char *empty;
};

static void make_device(void *data, const struct guarded *item, const char *source, const char *inside) {
    struct making *making = data;
    bool covered = item && item->how == GUARD_COVERED,
         read_only = covered || (item && item->how == GUARD_READ_ONLY);
    _cleanup_free_ char *name = str_printf(GUARD_DEVICE "%zu", json_object_size(making->devices) + 1),
                        *cover = str_printf("%s/%s", making->empty,
                                            item && item->directory ? "directory" : "file");
    json_t *device =
        json_pack("{s:s, s:o, s:o, s:s}", "type", "disk", "source", json_text(covered ? cover : source),
                  "path", json_text(inside), "shift", making->shift && !covered ? "true" : "false");
    if (read_only)
        json_object_set_new(device, "readonly", json_string("true"));
    if (item && item->optional)
        json_object_set_new(device, "required", json_string("false"));
    json_object_set_new(making->devices, name, device);
}

json_t *guard_devices(const struct guard *guard, bool shift, const char *empty) {
    struct making making = {json_object(), shift, empty};
    each_place(guard, make_device, &making);
    return making.devices;
}

static char *seen_inside(const struct guard *guard, const char *path) {
    char *inside = NULL;
    for (size_t i = 0; i < guard->root_count && !inside; i++)
        inside = seen_under(&guard->roots[i], path);
    return inside;
}

char *guard_inside(const struct guard *guard, const struct guarded *item) {
    return seen_inside(guard, item->path);
}

json_t *guard_bind_devices(const struct guard *guard, bool shift, const char *empty) {
    struct making making = {json_object(), shift, empty};
    for (size_t i = 0; i < guard->root_count; i++)
        if (guard->roots[i].common)
            make_device(&making, NULL, guard->roots[i].source, guard->roots[i].inside);
    if (guard_count(guard, GUARD_COVERED))
        json_object_set_new(making.devices, GUARD_DEVICE "empty",
                            json_pack("{s:s, s:o, s:s, s:s, s:s}", "type", "disk", "source",
                                      json_text(empty), "path", GUARD_EMPTY, "shift", "false", "readonly",
                                      "true"));
    return making.devices;
}

struct binding {
    const struct guard *guard;
    struct strings *binds;
    bool possible;
};

static void add_bind(void *data, const struct guarded *item, const char *source, const char *inside) {
    struct binding *binding = data;
    if (!item)
        return;
    bool covered = item->how == GUARD_COVERED;
    _cleanup_free_ char *from = covered
                                    ? str_printf(GUARD_EMPTY "/%s", item->directory ? "directory" : "file")
                                : item->source ? seen_inside(binding->guard, source)
                                               : str_copy(inside);
    binding->possible &= from != NULL;
    if (from)
        strings_add_all(binding->binds, from, inside, covered || item->how == GUARD_READ_ONLY ? "ro" : "rw",
                        NULL);
}

bool guard_binds(const struct guard *guard, struct strings *binds) {
    struct binding binding = {guard, binds, true};
    each_place(guard, add_bind, &binding);
    return binding.possible;
}

/* A path as AppArmor takes it literally, but for \1: any directories. What it cannot is any one character.
 */
static char *literal(const char *path) {
    _cleanup_(buffer_done) struct buffer text = {0};
    for (const char *at = path; *at; at++) {
        if (*at == '\1')
            buffer_text(&text, "**");
        else if ((unsigned char)*at < ' ' || strchr("\"\\", *at))
            buffer_add(&text, "?", 1);
        else if (strchr("*?[]{}^@,#", *at))
            buffer_printf(&text, "\\%c", *at);
        else
            buffer_add(&text, at, 1);
    }
    return str_copy(text.data ? text.data : "");
}

/* The last name of a path: what it is called wherever a parent of it is mounted. */
static const char *last_of(const char *path) {
    return strrchr(path, '/') + 1;
}

static void add_rule(struct strings *rules, const char *format, const char *where, const char *name,
                     const char *below) {
    _cleanup_free_ char *path = str_printf("%s%s%s", where, name, below), *text = literal(path);
    const char *sign = strchr(format, '%');
    _cleanup_free_ char *rule = str_printf("%.*s\"%s%s", (int)(sign - format), format, text, sign + 1);
    if (!strings_has(rules, rule))
        strings_add(rules, rule);
}

/* By the root's path, and by one that ends in the same words, where root inside has mounted a parent again.
 */
static void rule_root(struct strings *rules, const struct guard_root *root, const char *format) {
    add_rule(rules, format, root->inside, "", "");
    add_rule(rules, format, "/\1/", last_of(root->inside), "");
}

/*
 * By their names also where no mount protects them any more. Who stands in a mount that was taken away
 * reaches what is below it by the name that it has in its filesystem (aa_path_name() in Linux'
 * security/apparmor/path.c), which ends in the words of the host's path.
 */
static void rule_item(struct strings *rules, const struct guard_root *root, const struct guarded *item) {
    _cleanup_free_ char *inside = seen_under(root, item->path);
    if (!inside || item->how == GUARD_REPLACED)
        return;
    const char *below = inside + strlen(root->inside),
               *format = item->how == GUARD_FIXED ? "deny %/\" wl" : "deny %{,/,/**}\" wl";
    add_rule(rules, format, root->inside, "", below);
    add_rule(rules, format, "/\1/", last_of(root->inside), below);
    add_rule(rules, format, "/\1/", last_of(root->source), below);
    add_rule(rules, format, "/", last_of(root->source), below);
    add_rule(rules, format, "", "", below);
}

char *guard_apparmor(const struct guard *guard) {
    _cleanup_(strings_done) struct strings rules = {0};
    for (size_t i = 0; i < guard->root_count; i++) {
        const struct guard_root *root = &guard->roots[i];
        rule_root(&rules, root, "deny umount %{,/,/**}\"");
        rule_root(&rules, root, "deny mount %{,/,/**}\" -> /**");
        rule_root(&rules, root, "deny mount -> %{,/,/**}\"");
        rule_root(&rules, root, "deny pivot_root %{,/,/**}\"");
        for (size_t j = 0; j < guard->count; j++)
            rule_item(&rules, root, &guard->items[j]);
    }
    if (rules.count)
        strings_add(&rules, "");
    return strings_join(&rules, ",\n");
}

struct expecting {
    const struct guard_root *root;
    struct strings *lines;
};

/* A field of mountinfo (proc_pid_mountinfo(5)): what would break a line is octal. */
static char *mountinfo_field(const char *path) {
    _cleanup_(buffer_done) struct buffer text = {0};
    buffer_text(&text, "");
    for (const char *at = path; *at; at++) {
        if (strchr(" \t\n\\", *at))
            buffer_printf(&text, "\\%03o", (unsigned int)(unsigned char)*at);
        else
            buffer_add(&text, at, 1);
    }
    return str_copy(text.data);
}

static void expect(void *data, const struct guarded *item, const char *source, const char *inside) {
    const struct expecting *expecting = data;
    const struct guard_root *root = expecting->root;
    if (!item || item->other_filesystem || item->how == GUARD_COVERED || item->how == GUARD_REPLACED)
        return;
    _cleanup_free_ char *here = seen_under(root, item->path);
    if (!here || !str_equal(here, inside))
        return;
    size_t length = str_equal(root->source, "/") ? 0 : strlen(root->source);
    _cleanup_free_ char *point = mountinfo_field(inside), *from = mountinfo_field(source + length);
    strings_printf(expecting->lines, "%s%s %s %s", item->optional ? "?" : "", from, point,
                   item->how == GUARD_READ_ONLY ? "ro" : "");
}

void guard_expected_mounts(const struct guard *guard, struct strings *lines) {
    for (size_t i = 0; i < guard->root_count; i++) {
        struct expecting expecting = {&guard->roots[i], lines};
        _cleanup_free_ char *base = mountinfo_field(guard->roots[i].inside);
        _cleanup_free_ char *source = mountinfo_field(guard->roots[i].source);
        if (guard->roots[i].unseen)
            strings_printf(lines, "=%s %s", source, base);
        strings_printf(lines, "@%s", base);
        each_place(guard, expect, &expecting);
    }
}

char *guard_probe(const struct guard *guard) {
    char *inside = NULL;
    for (size_t i = 0; i < guard->count && !inside; i++)
        if (guard->items[i].how == GUARD_READ_ONLY)
            inside = guard_inside(guard, &guard->items[i]);
    return inside ? inside : str_copy("");
}

json_t *guard_json(const struct guard *guard) {
    json_t *paths = json_array(), *warnings = json_array();
    for (size_t i = 0; i < guard->count; i++) {
        const struct guarded *item = &guard->items[i];
        _cleanup_free_ char *inside = guard_inside(guard, item);
        json_array_append_new(
            paths, json_pack("{s:o, s:s, s:o}", "path", json_text(guard_shown(guard, item->path)), "how",
                             guard_how_name(item->how), "inside", json_text(inside ? inside : "")));
    }
    for (size_t i = 0; i < guard->warnings.count; i++)
        json_array_append_new(warnings, json_text(guard->warnings.items[i]));
    return json_pack("{s:o, s:o, s:b}", "paths", paths, "warnings", warnings, "weakened", guard->writable);
}
