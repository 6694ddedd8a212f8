/*
 * Which branch and commit a workspace's repository is at, read from its files: no git is run, no link is
 * followed below the repository, and what is no name or number of a commit is nothing
 * (gitrepository-layout(5)).
 */
#pragma once

#include "base/error.h"

struct git_head {
    char *branch; /* "main"; "" if none is checked out */
    char *commit; /* forty or sixty-four hex digits; "" if there is none yet */
};
void git_head_done(struct git_head *head);

/* False if the directory is no repository's top. */
bool git_head_read(const char *workspace, struct git_head *head) nodiscard;
