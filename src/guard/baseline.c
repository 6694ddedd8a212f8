#include "guard/baseline.h"

#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sha2.h>
#include <string.h>
#include <sys/file.h>

#define COPY_MOST             65536
#define CONTENT_MOST_OF_STATE (16 << 20)

void baseline_forget(struct baseline *baseline) {
    struct baseline lock = {.lock = baseline->lock, .locked = baseline->locked};
    for (size_t i = 0; i < baseline->placeholder_count; i++)
        free(baseline->placeholders[i].path);
    free(baseline->placeholders);
    free(baseline->workspace);
    free(baseline->given);
    mounts_done(&baseline->mounts);
    settings_done(&baseline->settings);
    strings_done(&baseline->sessions);
    prints_done(&baseline->prints);
    *baseline = lock;
}

void baseline_unlock(struct baseline *baseline) {
    if (baseline->locked)
        close(baseline->lock);
    baseline->locked = false;
}

void baseline_done(struct baseline *baseline) {
    baseline_forget(baseline);
    baseline_unlock(baseline);
}

char *baseline_directory(void) {
    const char *base = getenv("XDG_STATE_HOME");
    return !str_empty(base) && *base == '/' ? str_printf("%s/berth/guard", base)
                                            : str_printf("%s/.local/state/berth/guard", path_home());
}

/* mkdir -p, the last of them for this user alone. */
static bool make_directory(const char *path, struct error *err) {
    _cleanup_free_ char *copy = str_copy(path);
    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdir(copy, 0700) < 0 && errno != EEXIST && errno != EROFS && errno != EACCES)
            return error_errno(err, errno, "cannot make %s", copy);
        *slash = '/';
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST || error_errno(err, errno, "cannot make %s", path);
}

static char *file_of(const char *workspace, const char *end) {
    char digest[SHA256_DIGEST_STRING_LENGTH];
    _cleanup_free_ char *directory = baseline_directory();
    SHA256Data((const uint8_t *)workspace, strlen(workspace), digest);
    return str_printf("%s/%.16s%s", directory, digest, end);
}

static void set_text(struct settings *settings, enum setting which, const char *text) {
    str_set(&settings->values[which].text, text);
    str_set(&settings->values[which].where, "the session's guard");
}

static void read_placeholders(struct baseline *baseline, const json_t *json) {
    size_t index;
    json_t *item;
    json_array_foreach(json_at(json, "placeholders"), index, item) {
        baseline->placeholders = mem_grow(baseline->placeholders, (baseline->placeholder_count + 1) *
                                                                      sizeof *baseline->placeholders);
        baseline->placeholders[baseline->placeholder_count++] =
            (struct placeholder){str_copy(json_str_at(item, "path")), (uint64_t)json_int_at(item, "inode"),
                                 json_bool_at(item, "directory"), json_int_at(item, "size")};
    }
}

static void read_json(struct baseline *baseline, const json_t *json) {
    size_t index;
    json_t *item;
    str_set(&baseline->workspace, json_str_at(json, "workspace"));
    str_set(&baseline->given, json_str_at(json, "given"));
    baseline->taken = json_int_at(json, "taken");
    set_text(&baseline->settings, SETTING_GUARD_PATHS, json_str_at(json, "paths"));
    set_text(&baseline->settings, SETTING_GUARD_WRITABLE, json_str_at(json, "writable"));
    set_text(&baseline->settings, SETTING_SECRET_PATHS, json_str_at(json, "secret_paths"));
    json_array_foreach(json_at(json, "sessions"), index, item) if (json_is_string(item))
        strings_add(&baseline->sessions, json_string_value(item));
    json_array_foreach(json_at(json, "mounts"), index, item) {
        struct mounts *mounts = &baseline->mounts;
        mounts->items = mem_grow(mounts->items, (mounts->count + 1) * sizeof *mounts->items);
        mounts->items[mounts->count++] = (struct mount){.source = str_copy(json_str_at(item, "source")),
                                                        .path = str_copy(json_str_at(item, "path"))};
    }
    read_placeholders(baseline, json);
    prints_read(json_at(json, "prints"), &baseline->prints);
}

static json_t *to_json(const struct baseline *baseline) {
    json_t *sessions = json_array(), *mounts = json_array(), *placeholders = json_array();
    for (size_t i = 0; i < baseline->sessions.count; i++)
        json_array_append_new(sessions, json_text(baseline->sessions.items[i]));
    for (size_t i = 0; i < baseline->mounts.count; i++)
        json_array_append_new(mounts,
                              json_pack("{s:o, s:o}", "source", json_text(baseline->mounts.items[i].source),
                                        "path", json_text(baseline->mounts.items[i].path)));
    for (size_t i = 0; i < baseline->placeholder_count; i++) {
        const struct placeholder *placeholder = &baseline->placeholders[i];
        json_array_append_new(placeholders,
                              json_pack("{s:o, s:I, s:b, s:I}", "path", json_text(placeholder->path),
                                        "inode", (json_int_t)placeholder->inode, "directory",
                                        placeholder->directory, "size", (json_int_t)placeholder->size));
    }
    return json_pack("{s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "workspace",
                     json_text(baseline->workspace), "given", json_text(baseline->given), "taken",
                     (json_int_t)baseline->taken, "sessions", sessions, "paths",
                     json_text(settings_text(&baseline->settings, SETTING_GUARD_PATHS)), "writable",
                     json_text(settings_text(&baseline->settings, SETTING_GUARD_WRITABLE)), "secret_paths",
                     json_text(settings_text(&baseline->settings, SETTING_SECRET_PATHS)), "mounts", mounts,
                     "placeholders", placeholders, "prints", prints_json(&baseline->prints));
}

bool baseline_load(const char *workspace, struct baseline *baseline, struct error *err) {
    _cleanup_free_ char *directory = baseline_directory(), *file = file_of(workspace, ".json"),
                        *lock = str_printf("%s/lock", directory);
    _cleanup_(buffer_done) struct buffer content = {0};
    _cleanup_(error_done) struct error reading = {0};
    *baseline = (struct baseline){0};
    if (!make_directory(directory, err))
        return false;
    /* not for writing: who watches the directory is to see what changed, not that somebody looked */
    baseline->lock = open(lock, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (baseline->lock < 0)
        return error_errno(err, errno, "cannot write %s", lock);
    baseline->locked = true;
    while (flock(baseline->lock, LOCK_EX) < 0 && errno == EINTR)
        ;
    if (!path_read(file, &content, &reading)) {
        if (reading.code == ENOENT)
            return true;
        error_move(err, &reading);
        return false;
    }
    _cleanup_json_ json_t *json = json_parse(content.data, content.size, file, err);
    if (!json) {
        error_hint(err, "it holds what the guard knew of %s; without it nothing can be compared",
                   workspace);
        return false;
    }
    read_json(baseline, json);
    return true;
}

/* The whole of it appears at once, or nothing. */
static bool write_file(const char *path, const void *data, size_t size, struct error *err) {
    _cleanup_free_ char *fresh = str_printf("%s.new", path);
    _cleanup_close_ int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0 && beneath_write(fd, data, size) && rename(fresh, path) == 0)
        return true;
    error_errno(err, errno, "cannot write %s", path);
    unlink(fresh);
    return false;
}

bool baseline_save(const struct baseline *baseline, struct error *err) {
    _cleanup_free_ char *file = file_of(baseline->workspace, ".json");
    _cleanup_json_ json_t *json = to_json(baseline);
    _cleanup_free_ char *text = json_dumps(json, JSON_COMPACT);
    return write_file(file, text, strlen(text), err);
}

static void each_file(const char *directory, void (*each)(void *data, int fd, const char *name),
                      void *data) {
    DIR *found = opendir(directory);
    for (const struct dirent *entry; found && (entry = readdir(found));)
        if (entry->d_name[0] != '.')
            each(data, dirfd(found), entry->d_name);
    if (found)
        closedir(found);
}

static void remove_one(void *data, int fd, const char *name) {
    (void)data;
    unlinkat(fd, name, 0);
}

void baseline_remove(const struct baseline *baseline) {
    _cleanup_free_ char *file = file_of(baseline->workspace, ".json"),
                        *copies = file_of(baseline->workspace, ".copies");
    unlink(file);
    each_file(copies, remove_one, NULL);
    rmdir(copies);
}

/* A baseline's file; NULL if it is none. A new reference. */
static json_t *read_state(int fd, const char *name) {
    size_t length = strlen(name);
    _cleanup_(buffer_done) struct buffer content = {0};
    _cleanup_(error_done) struct error ignored = {0};
    if (length < 5 || strcmp(name + length - 5, ".json") != 0 ||
        !beneath_read(fd, name, CONTENT_MOST_OF_STATE, &content))
        return NULL;
    return json_parse(content.data, content.size, name, &ignored);
}

static void read_workspace(void *data, int fd, const char *name) {
    _cleanup_json_ json_t *json = read_state(fd, name);
    if (json && *json_str_at(json, "workspace"))
        strings_add(data, json_str_at(json, "workspace"));
}

void baseline_all(struct strings *workspaces) {
    _cleanup_free_ char *directory = baseline_directory();
    each_file(directory, read_workspace, workspaces);
}

struct gathering {
    const char *workspace;
    struct baseline *others;
};

static void gather(void *data, int fd, const char *name) {
    const struct gathering *gathering = data;
    _cleanup_json_ json_t *json = read_state(fd, name);
    if (json && !str_equal(json_str_at(json, "workspace"), gathering->workspace))
        read_placeholders(gathering->others, json);
}

void baseline_others(const char *workspace, struct baseline *others) {
    _cleanup_free_ char *directory = baseline_directory();
    struct gathering gathering = {workspace, others};
    each_file(directory, gather, &gathering);
}

const struct placeholder *baseline_placeholder(const struct baseline *baseline, const char *path) {
    for (size_t i = 0; i < baseline->placeholder_count; i++)
        if (str_equal(baseline->placeholders[i].path, path))
            return &baseline->placeholders[i];
    return NULL;
}

static char *copy_of(const struct baseline *baseline, const struct print *print) {
    _cleanup_free_ char *copies = file_of(baseline->workspace, ".copies");
    return str_printf("%s/%s", copies, print->digest);
}

/* Text is noted with the rest; what is not, in a file of its own. */
static bool copy_one(const struct baseline *baseline, struct print *print) {
    _cleanup_free_ char *copy = copy_of(baseline, print);
    _cleanup_(buffer_done) struct buffer content = {0};
    _cleanup_(error_done) struct error ignored = {0};
    _cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (!beneath_read(root, print->path + 1, COPY_MOST, &content))
        return true;
    if (strlen(content.data) == content.size && str_is_utf8(content.data)) {
        print->copy = str_copy(content.data);
        return true;
    }
    _cleanup_free_ char *copies = file_of(baseline->workspace, ".copies");
    return (mkdir(copies, 0700) == 0 || errno == EEXIST) &&
           write_file(copy, content.data, content.size, &ignored);
}

void baseline_copy(struct baseline *baseline) {
    for (size_t i = 0; i < baseline->prints.count; i++) {
        struct print *print = &baseline->prints.items[i];
        if (print->entry != ENTRY_FILE || print->size > COPY_MOST || strlen(print->digest) != 64 ||
            print->copy)
            continue;
        if (!copy_one(baseline, print))
            return; /* a full disk: it can be compared, but not restored */
    }
}

bool baseline_read_copy(const struct baseline *baseline, const struct print *print,
                        struct buffer *content) {
    char digest[SHA256_DIGEST_STRING_LENGTH];
    _cleanup_free_ char *copy = copy_of(baseline, print);
    _cleanup_(error_done) struct error ignored = {0};
    if (print->entry != ENTRY_FILE || strlen(print->digest) != 64)
        return false;
    if (print->copy)
        buffer_text(content, print->copy);
    else if (!path_read(copy, content, &ignored))
        return false;
    SHA256Data((const uint8_t *)content->data, content->size, digest);
    return str_equal(digest, print->digest);
}

bool baseline_make_directory(struct error *err) {
    _cleanup_free_ char *directory = baseline_directory();
    return make_directory(directory, err);
}

char *baseline_empty(struct error *err) {
    _cleanup_free_ char *guard = baseline_directory(), *empty = str_printf("%s/empty", guard),
                        *directory = str_printf("%s/directory", empty),
                        *file = str_printf("%s/file", empty);
    if (!make_directory(directory, err))
        return NULL;
    _cleanup_close_ int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0444);
    if (fd < 0 && access(file, R_OK) < 0) {
        error_errno(err, errno, "cannot write %s", file);
        return NULL;
    }
    chmod(directory, 0555);
    return str_copy(empty);
}
