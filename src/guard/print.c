#include "guard/print.h"

#include <fcntl.h>
#include <sha2.h>
#include <string.h>

/* Of one directory; and the size up to which a file's content is read. */
#define ENTRIES_MOST 4000
#define DEPTH_MOST   16
#define CONTENT_MOST (16 << 20)

void prints_done(struct prints *prints) {
    for (size_t i = 0; i < prints->count; i++) {
        free(prints->items[i].path);
        free(prints->items[i].digest);
        free(prints->items[i].copy);
    }
    free(prints->items);
    *prints = (struct prints){0};
}

static int by_path(const void *a, const void *b) {
    const struct print *first = a, *second = b;
    return strcmp(first->path, second->path);
}

const struct print *prints_find(const struct prints *prints, const char *path) {
    const struct print wanted = {.path = (char *)path};
    return prints->count ? bsearch(&wanted, prints->items, prints->count, sizeof wanted, by_path) : NULL;
}

void prints_drop(struct prints *prints, const char *path) {
    struct print *found = (struct print *)prints_find(prints, path);
    if (!found)
        return;
    free(found->path);
    free(found->digest);
    free(found->copy);
    memmove(found, found + 1, (size_t)(prints->items + --prints->count - found) * sizeof *found);
}

static void sort(struct prints *prints) {
    if (prints->count)
        qsort(prints->items, prints->count, sizeof *prints->items, by_path);
}

static int64_t nanoseconds(struct timespec time) {
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

struct taking {
    const struct prints *known;
    struct prints *prints;
    bool parts;   /* of the item: struct guarded */
    bool covered; /* it is a secret: that it is there is all that is noted */
    size_t left;  /* entries that may still be looked at */
};

/* Of a repository's directory: what git obeys, and which directories there are at the top. */
static bool counts(const struct taking *taking, const char *path, const char *name,
                   enum beneath_entry entry, int depth) {
    static const char *const names[] = {"config", "config.worktree", "gitdir", "commondir", "attributes"};
    if (!taking->parts || depth == 0 || strstr(path, "/hooks/"))
        return true;
    for (size_t i = 0; i < array_length(names); i++)
        if (str_equal(name, names[i]))
            return true;
    _cleanup_free_ char *worktree = str_printf("/worktrees/%s", name);
    size_t length = strlen(worktree), whole = strlen(path);
    return entry == ENTRY_DIRECTORY && whole > length && str_equal(path + whole - length, worktree);
}

static char *digest_of(const void *data, size_t size) {
    char digest[SHA256_DIGEST_STRING_LENGTH];
    SHA256Data(data, size, digest);
    return str_copy(digest);
}

/* Of a file that is too large it is when it was changed last, which nobody without root can set. */
static char *digest_file(int root, const char *name, const struct print *print) {
    _cleanup_(buffer_done) struct buffer content = {0};
    if (print->size > CONTENT_MOST)
        return str_printf("changed %lld", (long long)print->changed);
    return beneath_read(root, name, CONTENT_MOST, &content) ? digest_of(content.data, content.size)
                                                            : str_copy("");
}

static char *digest_link(int root, const char *name) {
    char target[4096];
    ssize_t length = readlinkat(root, name, target, sizeof target);
    return length < 0 ? str_copy("") : digest_of(target, (size_t)length);
}

static bool is_same(const struct print *print, const struct print *known) {
    return known && known->entry == print->entry && known->inode == print->inode &&
           known->size == print->size && known->modified == print->modified &&
           known->changed == print->changed;
}

static void take(struct taking *taking, int root, const char *name, const char *path, int depth);

static void take_below(struct taking *taking, int root, const char *name, const char *path, int depth) {
    _cleanup_(strings_done) struct strings names = {0};
    _cleanup_close_ int fd = beneath_open(root, name, O_RDONLY | O_DIRECTORY);
    if (fd < 0 || depth == DEPTH_MOST)
        return;
    beneath_names(fd, ".", taking->left, &names);
    for (size_t i = 0; i < names.count; i++) {
        _cleanup_free_ char *below = str_printf("%s/%s", path, names.items[i]);
        take(taking, fd, names.items[i], below, depth + 1);
    }
}

static void take(struct taking *taking, int root, const char *name, const char *path, int depth) {
    struct stat info;
    enum beneath_entry entry = beneath_look(root, name, &info);
    if (entry == ENTRY_NONE || entry == ENTRY_UNSEEN || !taking->left)
        return;
    if (entry == ENTRY_LINK && fstatat(root, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
        return;
    if (!counts(taking, path, name, entry, depth)) {
        taking->left--;
        if (entry == ENTRY_DIRECTORY)
            take_below(taking, root, name, path, depth);
        return;
    }
    struct prints *prints = taking->prints;
    struct print print = {.path = str_copy(path),
                          .entry = entry,
                          .size = entry == ENTRY_DIRECTORY ? 0 : info.st_size,
                          .mode = info.st_mode & 07777,
                          .modified = nanoseconds(info.st_mtim),
                          .changed = nanoseconds(info.st_ctim),
                          .inode = info.st_ino};
    const struct print *known = taking->known ? prints_find(taking->known, path) : NULL;
    print.digest = taking->covered          ? str_copy("")
                   : is_same(&print, known) ? str_copy(known->digest)
                   : entry == ENTRY_FILE    ? digest_file(root, name, &print)
                   : entry == ENTRY_LINK    ? digest_link(root, name)
                                            : str_copy("");
    prints->items = mem_grow(prints->items, (prints->count + 1) * sizeof *prints->items);
    prints->items[prints->count++] = print;
    taking->left--;
    if (entry == ENTRY_DIRECTORY && !taking->covered)
        take_below(taking, root, name, path, depth);
}

/* The root that a path lies in, as a descriptor that stays open for the next one. */
static const char *below_root(const struct guard *guard, const char *path, int *fd, size_t *open_root) {
    for (size_t i = guard->root_count; i-- > 0;) {
        const char *root = guard->roots[i].source;
        size_t length = strlen(root);
        if (strncmp(path, root, length) != 0 || path[length] != '/')
            continue;
        if (*fd < 0 || *open_root != i) {
            if (*fd >= 0)
                close(*fd);
            *fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
            *open_root = i;
        }
        return path + length + 1;
    }
    return NULL;
}

void prints_take(const struct guard *guard, const struct prints *known, struct prints *prints) {
    size_t open_root = 0;
    int fd = -1;
    const char *last = NULL; /* a directory whose content is in already */
    for (size_t i = 0; i < guard->count; i++) {
        const struct guarded *item = &guard->items[i];
        struct taking taking = {known, prints, item->parts, item->how == GUARD_COVERED, ENTRIES_MOST};
        bool in_last = last && str_starts(item->path, last) && item->path[strlen(last)] == '/';
        const char *below = below_root(guard, item->path, &fd, &open_root);
        if (item->how == GUARD_FIXED || item->own || in_last || !below || fd < 0)
            continue;
        take(&taking, fd, below, item->path, 0);
        if (item->directory)
            last = item->path;
    }
    if (fd >= 0)
        close(fd);
    sort(prints);
}

json_t *prints_json(const struct prints *prints) {
    json_t *json = json_array();
    for (size_t i = 0; i < prints->count; i++) {
        const struct print *print = &prints->items[i];
        json_array_append_new(json, json_pack("{s:o, s:i, s:s, s:I, s:i, s:I, s:I, s:I, s:s*}", "path",
                                              json_text(print->path), "entry", (int)print->entry, "digest",
                                              print->digest, "size", (json_int_t)print->size, "mode",
                                              (int)print->mode, "modified", (json_int_t)print->modified,
                                              "changed", (json_int_t)print->changed, "inode",
                                              (json_int_t)print->inode, "copy", print->copy));
    }
    return json;
}

void prints_read(const json_t *json, struct prints *prints) {
    size_t index;
    json_t *item;
    json_array_foreach((json_t *)json, index, item) {
        int64_t entry = json_int_at(item, "entry");
        if (!*json_str_at(item, "path") || entry < ENTRY_FILE || entry > ENTRY_OTHER)
            continue;
        prints->items = mem_grow(prints->items, (prints->count + 1) * sizeof *prints->items);
        prints->items[prints->count++] =
            (struct print){.path = str_copy(json_str_at(item, "path")),
                           .entry = (enum beneath_entry)entry,
                           .digest = str_copy(json_str_at(item, "digest")),
                           .copy = str_copy(json_string_value(json_object_get(item, "copy"))),
                           .size = json_int_at(item, "size"),
                           .mode = (unsigned int)json_int_at(item, "mode"),
                           .modified = json_int_at(item, "modified"),
                           .changed = json_int_at(item, "changed"),
                           .inode = (uint64_t)json_int_at(item, "inode")};
    }
    sort(prints);
}
