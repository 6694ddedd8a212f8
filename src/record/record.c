#include "record/record.h"

#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#define TOOL_FOLDER "sessions-"

/* The folder that the tools' folders are in. Caller owns. */
static char *base_of(const char *remote) {
    const char *state = getenv("XDG_STATE_HOME");
    if (!remote)
        return str_printf("%s/.coi", path_home());
    return !str_empty(state) && *state == '/'
               ? str_printf("%s/berth/remotes/%s", state, remote)
               : str_printf("%s/.local/state/berth/remotes/%s", path_home(), remote);
}

void record_done(struct record *record) {
    free(record->tool);
    free(record->id);
    free(record->container);
    free(record->workspace);
    free(record->saved_at);
    free(record->folder);
    *record = (struct record){0};
}

void records_done(struct records *records) {
    for (size_t i = 0; i < records->count; i++)
        record_done(&records->items[i]);
    free(records->items);
    strings_done(&records->unreadable);
    *records = (struct records){.remote = records->remote};
}

static bool read_record(const char *file, struct record *record, struct error *err) {
    _cleanup_(buffer_done) struct buffer content = {0};
    if (!path_read(file, &content, err))
        return false;
    _cleanup_json_ json_t *json = json_parse(content.data, content.size, file, err);
    if (!json)
        return false;
    record->id = str_copy(json_str_at(json, "session_id"));
    record->container = str_copy(json_str_at(json, "container_name"));
    record->workspace = str_copy(json_str_at(json, "workspace"));
    record->saved_at = str_copy(json_str_at(json, "saved_at"));
    record->persistent = json_bool_at(json, "persistent");
    return *record->id || error_set(err, ERROR_FAILED, "%s has no session_id", file);
}

char *record_data_file(const struct record *record) {
    return str_printf("%s/data.tar", record->folder);
}

char *record_data_words(const struct record *record) {
    return record->data < 0         ? str_copy("none")
           : record->data < 1000000 ? str_printf("%.1f kB", (double)record->data / 1e3)
                                    : str_printf("%.1f MB", (double)record->data / 1e6);
}

static int64_t data_size(const struct record *record) {
    _cleanup_free_ char *file = record_data_file(record);
    struct stat info;
    return lstat(file, &info) == 0 && S_ISREG(info.st_mode) ? (int64_t)info.st_size : -1;
}

static void load_one(struct records *records, const char *tool, const char *folder) {
    _cleanup_free_ char *file = str_printf("%s/metadata.json", folder);
    _cleanup_(error_done) struct error err = {0};
    if (access(file, F_OK) != 0)
        return;
    struct record record = {0};
    if (!read_record(file, &record, &err)) {
        record_done(&record);
        strings_add(&records->unreadable, err.message);
        return;
    }
    record.tool = str_copy(tool);
    record.folder = str_copy(folder);
    record.data = data_size(&record);
    records->items = mem_grow(records->items, (records->count + 1) * sizeof *records->items);
    records->items[records->count++] = record;
}

static void cleanup_closedir(DIR **directory) {
    if (*directory)
        closedir(*directory);
}

static void load_tool(struct records *records, const char *base, const char *name) {
    _cleanup_free_ char *path = str_printf("%s/%s", base, name);
    _cleanup_(cleanup_closedir) DIR *directory = opendir(path);
    for (const struct dirent *entry; directory && (entry = readdir(directory));) {
        if (entry->d_name[0] == '.')
            continue;
        _cleanup_free_ char *folder = str_printf("%s/%s", path, entry->d_name);
        load_one(records, name + strlen(TOOL_FOLDER), folder);
    }
}

static int newest_first(const void *a, const void *b) {
    const struct record *first = a, *second = b;
    int order = strcmp(second->saved_at, first->saved_at);
    return order ? order : strcmp(first->id, second->id);
}

void records_load(struct records *records) {
    records->loaded = true;
    _cleanup_free_ char *base = base_of(records->remote);
    _cleanup_(cleanup_closedir) DIR *directory = opendir(base);
    for (const struct dirent *entry; directory && (entry = readdir(directory));)
        if (str_starts(entry->d_name, TOOL_FOLDER))
            load_tool(records, base, entry->d_name);
    if (records->count)
        qsort(records->items, records->count, sizeof *records->items, newest_first);
}

char *record_new_id(void) {
    unsigned char b[16];
    if (getrandom(b, sizeof b, 0) != sizeof b)
        abort(); /* blocks until there is randomness; it cannot fail for 16 bytes */
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    return str_printf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
                      b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
                      b[15]);
}

void record_init(struct record *record, const char *remote, const char *tool, const char *id,
                 const char *container, const char *workspace, bool persistent) {
    _cleanup_free_ char *base = base_of(remote);
    *record = (struct record){.tool = str_copy(tool),
                              .id = str_copy(id),
                              .container = str_copy(container),
                              .workspace = str_copy(workspace),
                              .persistent = persistent,
                              .data = -1,
                              .folder = str_printf("%s/" TOOL_FOLDER "%s/%s", base, tool, id)};
}

/* Every folder above and including `path`, private to the user. */
static bool make_folders(const char *path, struct error *err) {
    _cleanup_free_ char *part = str_copy(path);
    for (char *slash = part + 1;; slash++) {
        if (*slash && *slash != '/')
            continue;
        char kept = *slash;
        *slash = 0;
        if (mkdir(part, 0700) < 0 && errno != EEXIST)
            return error_errno(err, errno, "cannot create %s", part);
        if (!kept)
            return true;
        *slash = kept;
    }
}

static bool write_whole(int fd, const char *text) {
    for (size_t at = 0, size = strlen(text); at < size;) {
        ssize_t written = write(fd, text + at, size - at);
        if (written < 0 && errno != EINTR)
            return false;
        at += written > 0 ? (size_t)written : 0;
    }
    return fsync(fd) == 0;
}

/* Beside the file first, then in its place: a reader sees the old or the new one, a full disk neither. */
static bool write_in_place(const char *file, const char *text, struct error *err) {
    _cleanup_free_ char *beside = str_printf("%s.%d", file, (int)getpid());
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_errno(err, errno, "cannot write %s", beside);
    bool good = write_whole(fd, text);
    int number = errno;
    close(fd);
    if (good && rename(beside, file) == 0)
        return true;
    number = good ? errno : number;
    unlink(beside);
    return error_errno(err, number, "cannot write %s", file);
}

static json_t *read_object(const char *file) {
    _cleanup_(buffer_done) struct buffer content = {0};
    _cleanup_(error_done) struct error ignored = {0};
    json_t *json = access(file, F_OK) == 0 && path_read(file, &content, &ignored)
                       ? json_parse(content.data, content.size, file, &ignored)
                       : NULL;
    if (json_is_object(json))
        return json;
    json_decref(json);
    return json_object();
}

bool record_save(struct record *record, struct error *err) {
    char now[32];
    time_t time_now = time(NULL);
    struct tm tm;
    strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&time_now, &tm));
    str_set(&record->saved_at, now);
    _cleanup_free_ char *file = str_printf("%s/metadata.json", record->folder);
    _cleanup_json_ json_t *json = read_object(file); /* whatever else coi keeps there stays */
    json_object_set_new(json, "session_id", json_text(record->id));
    json_object_set_new(json, "container_name", json_text(record->container));
    json_object_set_new(json, "persistent", json_boolean(record->persistent));
    json_object_set_new(json, "workspace", json_text(record->workspace));
    json_object_set_new(json, "saved_at", json_text(record->saved_at));
    _cleanup_free_ char *text = json_pretty(json), *line = str_printf("%s\n", text);
    return make_folders(record->folder, err) && write_in_place(file, line, err);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place) {
    (void)info, (void)kind, (void)place;
    return remove(path);
}

bool record_remove(const struct record *record, struct error *err) {
    if (nftw(record->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT)
        return true;
    return error_errno(err, errno, "cannot remove %s", record->folder);
}

const struct record *records_of_container(const struct records *records, const char *container) {
    for (size_t i = 0; i < records->count; i++)
        if (str_equal(records->items[i].container, container))
            return &records->items[i];
    return NULL;
}

const struct record *records_of_workspace(const struct records *records, const char *workspace) {
    for (size_t i = 0; i < records->count; i++)
        if (str_equal(records->items[i].workspace, workspace))
            return &records->items[i];
    return NULL;
}

const struct record *records_of_id(const struct records *records, const char *id, struct error *err) {
    const struct record *found = NULL;
    _cleanup_free_ char *shown = str_shown(id);
    for (size_t i = 0; i < records->count; i++) {
        if (str_equal(records->items[i].id, id))
            return &records->items[i];
        if (!*id || !str_starts(records->items[i].id, id))
            continue;
        if (found) {
            error_set(err, ERROR_FAILED, "more than one saved session begins with \"%s\"", shown);
            error_hint(err, "berth list --all shows them");
            return NULL;
        }
        found = &records->items[i];
    }
    if (!found) {
        error_set(err, ERROR_FAILED, "saved session \"%s\" not found", shown);
        error_hint(err, "berth list --all shows them");
    }
    return found;
}

json_t *record_json(const struct record *record) {
    return json_pack("{s:o, s:o, s:o, s:o, s:b, s:o, s:o}", "tool", json_text(record->tool), "id",
                     json_text(record->id), "container", json_text(record->container), "workspace",
                     json_text(record->workspace), "persistent", record->persistent, "saved_at",
                     json_text(record->saved_at), "data",
                     record->data < 0 ? json_null() : json_integer(record->data));
}

void records_forget(const char *remote, const char *container) {
    _cleanup_(records_done) struct records records = {.remote = remote};
    records_load(&records);
    for (size_t i = 0; i < records.count; i++) {
        _cleanup_(error_done) struct error ignored = {0};
        if (str_equal(records.items[i].container, container) && records.items[i].data < 0 &&
            !record_remove(&records.items[i], &ignored))
            continue;
    }
}
