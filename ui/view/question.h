/* What view_question is opened with. */
#pragma once

#include "base/str.h"

struct question_asked {
    const char *text;
    const struct strings *details; /* a line each; may be NULL */
    bool answered;                 /* set when it is closed */
    bool yes;
};
