#include "idmap/subid.h"

#include "base/path.h"

#include <limits.h>
#include <string.h>

/* One line taken apart; false if it is no such triple. A count may be larger than there are ids. */
static bool read_line(char *line, const char **user, unsigned long *first, unsigned long *count) {
    char *rest = line;
    *user = strsep(&rest, ":");
    const char *first_text = strsep(&rest, ":"), *count_text = strsep(&rest, ":");
    return **user && first_text && count_text && !rest && str_to_number(first_text, UINT32_MAX, first) &&
           str_to_number(count_text, ULONG_MAX, count);
}

bool subid_delegates(const char *content, unsigned long id, unsigned int *malformed) {
    _cleanup_free_ char *copy = str_copy(content);
    char *rest = copy;
    unsigned int number = 0;
    bool delegates = false;
    *malformed = 0;
    for (char *line; (line = strsep(&rest, "\n"));) {
        const char *user;
        unsigned long first, count;
        number++;
        if (!*line || *line == '#')
            continue;
        if (!read_line(line, &user, &first, &count))
            *malformed = *malformed ? *malformed : number;
        else if ((str_equal(user, "root") || str_equal(user, "0")) && id >= first && id - first < count)
            delegates = true;
    }
    return delegates;
}

enum idmap_delegation subid_delegation(const char *file, unsigned long id, unsigned int *malformed) {
    const char *helper = strstr(file, "subgid") ? "newgidmap" : "newuidmap";
    _cleanup_free_ char *program = path_find_program(helper);
    _cleanup_(buffer_done) struct buffer content = {0};
    _cleanup_(error_done) struct error ignored = {0};
    *malformed = 0;
    if (!program)
        return IDMAP_UNCONSULTED;
    if (!path_read(file, &content, &ignored))
        return IDMAP_NOT_DELEGATED;
    return subid_delegates(content.data, id, malformed) ? IDMAP_DELEGATED : IDMAP_NOT_DELEGATED;
}
