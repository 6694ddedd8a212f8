#include "ui/state/folders.h"

#include "base/path.h"
#include "record/record.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

static bool is_folder(const char *parent, const char *name) {
    _cleanup_free_ char *path = str_printf("%s/%s", parent, name);
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* What the folders have in common that begin with `begin`; `found` gets them. Caller owns; NULL: none. */
static char *complete_in(const char *folder, const char *begin, struct strings *found) {
    struct dirent **entries = NULL;
    char *common = NULL;
    int count = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        _cleanup_free_ const struct dirent *entry = entries[i];
        const char *name = entry->d_name;
        if (!str_starts(name, begin) || (name[0] == '.' && begin[0] != '.') || str_equal(name, ".") ||
            str_equal(name, "..") || !is_folder(folder, name))
            continue;
        size_t same = 0;
        while (common && common[same] && common[same] == name[same])
            same++;
        if (common)
            common[same] = 0;
        else
            common = str_copy(name);
        if (found->count < 12)
            strings_add(found, name);
    }
    free(entries);
    return common;
}

char *folders_complete(const char *text, struct strings *found) {
    const char *slash = strrchr(text, '/');
    _cleanup_free_ char *folder = slash ? str_copy_n(text, (size_t)(slash - text) + 1) : str_copy(""),
                        *expanded = path_expand_home(*folder ? folder : "."),
                        *common = complete_in(expanded, slash ? slash + 1 : text, found);
    return common ? str_printf("%s%s%s", folder, common, found->count == 1 ? "/" : "") : NULL;
}

void folders_recent(struct strings *paths) {
    _cleanup_(records_done) struct records records = {0};
    records_load(&records);
    for (size_t i = 0; i < records.count; i++)
        if (!strings_has(paths, records.items[i].workspace))
            strings_add(paths, records.items[i].workspace);
}
