#include "guard/guard.h"

#include "base/path.h"

#include <string.h>

void guard_done(struct guard *guard) {
    for (size_t i = 0; i < guard->count; i++) {
        free(guard->items[i].path);
        free(guard->items[i].content);
        free(guard->items[i].source);
    }
    for (size_t i = 0; i < guard->root_count; i++) {
        free(guard->roots[i].source);
        free(guard->roots[i].inside);
    }
    free(guard->items);
    free(guard->roots);
    strings_done(&guard->warnings);
    *guard = (struct guard){0};
}

struct guarded *guard_add(struct guard *guard, const char *path, enum guard_how how, bool directory) {
    for (size_t i = 0; i < guard->count; i++) {
        struct guarded *item = &guard->items[i];
        if (!str_equal(item->path, path))
            continue;
        if (item->how == GUARD_FIXED)
            item->how = how;
        return item;
    }
    guard->items = mem_grow(guard->items, (guard->count + 1) * sizeof *guard->items);
    guard->items[guard->count] =
        (struct guarded){.path = str_copy(path), .how = how, .directory = directory};
    return &guard->items[guard->count++];
}

static struct guarded *find(struct guard *guard, const char *path) {
    for (size_t i = 0; i < guard->count; i++)
        if (str_equal(guard->items[i].path, path))
            return &guard->items[i];
    return NULL;
}

void guard_mark_parts(struct guard *guard, const char *path) {
    struct guarded *item = find(guard, path);
    if (item)
        item->parts = true;
}

void guard_mark_own(struct guard *guard, const char *path) {
    struct guarded *item = find(guard, path);
    if (item)
        item->own = true;
}

void guard_add_root(struct guard *guard, const char *source, const char *inside, bool common) {
    guard->roots = mem_grow(guard->roots, (guard->root_count + 1) * sizeof *guard->roots);
    guard->roots[guard->root_count++] =
        (struct guard_root){.source = str_copy(source), .inside = str_copy(inside), .common = common};
}

const char *guard_shown(const struct guard *guard, const char *path) {
    const char *root = guard->roots[0].source;
    return path_is_under(path, root) && path[strlen(root)] ? path + strlen(root) + 1 : path;
}

void guard_drop_common(struct guard *guard, const char *why) {
    for (size_t i = 0; i < guard->root_count; i++) {
        struct guard_root *root = &guard->roots[i];
        size_t kept = 0;
        if (!root->common)
            continue;
        for (size_t j = 0; j < guard->count; j++) {
            struct guarded *item = &guard->items[j];
            if (!path_is_under(item->path, root->source)) {
                guard->items[kept++] = *item;
                continue;
            }
            free(item->path);
            free(item->content);
            free(item->source);
        }
        guard->count = kept;
        strings_printf(&guard->warnings, "git will not work inside: %s: %s", root->source, why);
        free(root->source);
        free(root->inside);
        memmove(root, root + 1, (--guard->root_count - i) * sizeof *root);
        i--;
    }
}

void guard_drop_placeholders(struct guard *guard) {
    for (size_t i = 0; i < guard->count; i++) {
        struct guarded *item = &guard->items[i];
        if (item->placeholder)
            item->how = GUARD_WATCHED;
        else if (item->how == GUARD_REPLACED)
            item->how = GUARD_READ_ONLY;
        item->placeholder = false;
        str_set(&item->source, NULL);
    }
}

bool guard_has_config(const struct guard *guard) {
    static const char config[] = "/.git/config";
    for (size_t i = 0; i < guard->count; i++) {
        size_t length = strlen(guard->items[i].path), end = strlen(config);
        if (guard->items[i].how == GUARD_READ_ONLY && !guard->items[i].optional && length > end &&
            str_equal(guard->items[i].path + length - end, config))
            return true;
    }
    return false;
}

size_t guard_count(const struct guard *guard, enum guard_how how) {
    size_t count = 0;
    for (size_t i = 0; i < guard->count; i++)
        count += guard->items[i].how == how;
    return count;
}
