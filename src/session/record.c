#include "session/record.h"

#include "base/path.h"

#include <dirent.h>
#include <string.h>

#define TOOL_FOLDER "sessions-"

static void record_done(struct record *record) {
    free(record->tool);
    free(record->id);
    free(record->container);
    free(record->workspace);
    free(record->saved_at);
    free(record->folder);
}

void records_done(struct records *records) {
    for (size_t i = 0; i < records->count; i++)
        record_done(&records->items[i]);
    free(records->items);
    strings_done(&records->unreadable);
    *records = (struct records){0};
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
    _cleanup_free_ char *base = str_printf("%s/.coi", path_home());
    _cleanup_(cleanup_closedir) DIR *directory = opendir(base);
    for (const struct dirent *entry; directory && (entry = readdir(directory));)
        if (str_starts(entry->d_name, TOOL_FOLDER))
            load_tool(records, base, entry->d_name);
    if (records->count)
        qsort(records->items, records->count, sizeof *records->items, newest_first);
}
