/*
 * What a session changed in its workspace's repository: git is asked, on the host, in the way that runs
 * nothing that the session could have put there.
 */
#pragma once

#include "base/loop.h"
#include "config/settings.h"

struct diff {
    struct strings lines; /* the statistics, new files, and the differences */
    size_t files;         /* that differ or are new */
    bool cut;             /* there is more */
};
void diff_done(struct diff *diff);

/*
 * Since `commit` ("": since the last one there is). Hooks, external diff drivers, textconv, fsmonitor and a
 * pager are switched off, submodules are not entered, and git is not run at all where its configuration may
 * not be as it was before a session (guard/check.h): an error then says so. It has five seconds.
 */
bool diff_load(struct loop *loop, const struct settings *settings, const char *workspace,
               const char *commit, struct diff *diff, struct error *err) nodiscard;
