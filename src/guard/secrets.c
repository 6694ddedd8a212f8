#include "guard/search.h"

#include <fnmatch.h>
#include <string.h>

/* So many names are looked at for all patterns together, and so many files are covered. */
#define LOOKED_MOST  10000
#define COVERED_MOST 64

struct hunt {
    struct guard_search *search;
    const char *pattern; /* as the settings have it */
    size_t looked, covered;
    bool good;
};

static void try_below(struct hunt *hunt, const char *directory, const char *pattern);

static void cover(struct hunt *hunt, const char *path, enum beneath_entry entry) {
    if (entry != ENTRY_FILE && entry != ENTRY_DIRECTORY) {
        if (entry == ENTRY_LINK)
            search_warn(hunt->search, "%s is a symbolic link: it is not covered", path);
        return;
    }
    if (++hunt->covered <= COVERED_MOST)
        hunt->good &= search_cover(hunt->search, path, entry == ENTRY_DIRECTORY);
}

static void try_name(struct hunt *hunt, const char *directory, const char *name, const char *first,
                     const char *rest) {
    _cleanup_free_ char *path = *directory ? str_printf("%s/%s", directory, name) : str_copy(name);
    enum beneath_entry entry;
    if (fnmatch(first, name, FNM_PERIOD) != 0)
        return;
    entry = beneath_look(hunt->search->fd, path, NULL);
    /* all that is below it: the directory itself is covered */
    if (!rest || strcmp(rest, "**") == 0)
        cover(hunt, path, entry);
    else if (entry == ENTRY_DIRECTORY)
        try_below(hunt, path, rest);
}

static void descend(struct hunt *hunt, const char *directory, const char *name, const char *pattern) {
    _cleanup_free_ char *path = *directory ? str_printf("%s/%s", directory, name) : str_copy(name);
    if (!str_equal(name, ".git") && beneath_look(hunt->search->fd, path, NULL) == ENTRY_DIRECTORY)
        try_below(hunt, path, pattern);
}

/* A pattern's first part against the names in a directory; "**" stands for any number of directories. */
static void try_below(struct hunt *hunt, const char *directory, const char *pattern) {
    const char *slash = strchr(pattern, '/');
    _cleanup_free_ char *first = slash ? str_copy_n(pattern, (size_t)(slash - pattern)) : str_copy(pattern);
    const char *rest = slash ? slash + 1 : NULL;
    _cleanup_(strings_done) struct strings names = {0};
    if (hunt->looked >= LOOKED_MOST)
        return;
    if (str_equal(first, "**") && rest)
        try_below(hunt, directory, rest);
    beneath_names(hunt->search->fd, *directory ? directory : ".", LOOKED_MOST - hunt->looked, &names);
    hunt->looked += names.count;
    for (size_t i = 0; i < names.count && hunt->good; i++) {
        if (str_equal(first, "**") && rest)
            descend(hunt, directory, names.items[i], pattern);
        else
            try_name(hunt, directory, names.items[i], str_equal(first, "**") ? "*" : first, rest);
    }
}

bool secrets_guard(struct guard_search *search, const char *patterns) {
    _cleanup_free_ char *copy = str_copy(patterns);
    struct hunt hunt = {.search = search, .good = true};
    char *rest = copy;
    for (char *pattern; (pattern = strsep(&rest, ",")) && hunt.good;) {
        pattern += strspn(pattern, " \t");
        for (size_t length = strlen(pattern); length && strchr(" \t/", pattern[length - 1]); length--)
            pattern[length - 1] = 0;
        if (*pattern)
            try_below(&hunt, "", pattern);
    }
    if (hunt.looked >= LOOKED_MOST)
        search_warn(search, "secret_paths: only %d names in %s were looked at", LOOKED_MOST, search->root);
    if (hunt.covered > COVERED_MOST)
        search_warn(search, "secret_paths: only %d of %zu files in %s are covered", COVERED_MOST,
                    hunt.covered, search->root);
    return hunt.good;
}
