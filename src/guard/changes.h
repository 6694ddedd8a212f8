/* What differs between two looks at what is guarded. */
#pragma once

#include "guard/baseline.h"

enum change_kind { CHANGE_APPEARED, CHANGE_CHANGED, CHANGE_GONE };

struct change {
    enum change_kind kind;
    char *path; /* absolute */
    bool directory;
    int64_t when; /* seconds of the epoch, as the filesystem has it; 0: not known */
};

struct changes {
    struct change *items; /* by path; of what appeared with all that is in it, the topmost alone */
    size_t count;
    struct guard guard; /* as it was found at this look */
    struct prints now;
};
void changes_done(struct changes *changes);

/* Compares with what is there now, but for what was made for the sessions themselves. */
bool changes_find(const struct baseline *baseline, struct changes *changes, struct error *err) nodiscard;

/* "appeared", …. */
const char *change_name(enum change_kind kind);
/* "changed 2026-11-26 02:10:00  .git/config", for people. Caller owns. */
char *change_text(const struct changes *changes, const struct change *change) nodiscard;
/*
 * The lines that differ, as diff(1) marks them, "-" and "+" in front; at most `most`, and none of what is
 * no text or has no copy.
 */
void change_lines(const struct baseline *baseline, const struct change *change, size_t most,
                  struct strings *lines);
/* [{"path", "change", "at", "lines"}…]. A new reference. */
json_t *changes_json(const struct baseline *baseline, const struct changes *changes) nodiscard;

/*
 * Puts one back: content is written again, what is there now is moved to a new directory in the
 * workspace, `aside` below it, or gets that word behind its name, and is never removed. An error says what
 * is left as it is.
 */
bool change_restore(const struct baseline *baseline, const struct change *change, const char *aside,
                    struct error *err) nodiscard;
