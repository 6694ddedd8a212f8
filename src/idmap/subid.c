#include "idmap/subid.h"

#include "base/path.h"

#include <string.h>

static bool line_delegates(char *line, unsigned long id) {
    char *rest = line;
    const char *user = strsep(&rest, ":"), *first_text = strsep(&rest, ":"),
               *count_text = strsep(&rest, ":");
    unsigned long first, count;
    if (!first_text || !count_text || rest)
        return false;
    if (!str_equal(user, "root") && !str_equal(user, "0"))
        return false;
    return str_to_number(first_text, UINT32_MAX, &first) && str_to_number(count_text, UINT32_MAX, &count) &&
           id >= first && id - first < count;
}

bool subid_delegates(const char *content, unsigned long id) {
    _cleanup_free_ char *copy = str_copy(content);
    char *rest = copy;
    for (char *line; (line = strsep(&rest, "\n"));) {
        line += strspn(line, " \t");
        line[strcspn(line, " \t\r#")] = 0;
        if (line_delegates(line, id))
            return true;
    }
    return false;
}

enum idmap_delegation subid_delegation(const char *file, unsigned long id) {
    const char *helper = strstr(file, "subgid") ? "newgidmap" : "newuidmap";
    _cleanup_free_ char *program = path_find_program(helper);
    if (!program)
        return IDMAP_UNCONSULTED;
    _cleanup_(buffer_done) struct buffer content = {0};
    _cleanup_(error_done) struct error ignored = {0};
    if (!path_read(file, &content, &ignored))
        return IDMAP_NOT_DELEGATED;
    return subid_delegates(content.data, id) ? IDMAP_DELEGATED : IDMAP_NOT_DELEGATED;
}
