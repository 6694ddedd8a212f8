/* The kinds of values that settings have, and what is a value of each. */
#pragma once

#include "base/error.h"

enum setting_kind {
    KIND_TEXT,    /* anything but control characters */
    KIND_BOOL,    /* true/false, yes/no, on/off, 1/0 */
    KIND_ID,      /* 0 to 4294967294 */
    KIND_COUNT,   /* 1 and above */
    KIND_FEW,     /* 0 to 32 */
    KIND_SECONDS, /* 0 to 86400 */
    KIND_CPU,     /* a count, or CPUs as Incus names them: 0-3,5 */
    KIND_SIZE,    /* 512MiB, 2GB, 10% */
    KIND_RATE,    /* 10MB, 500iops */
    KIND_PROGRAM, /* an absolute path */
    KIND_THEME,   /* auto, dark, light, mono */
    KIND_WALL,    /* auto, off */
    KIND_NETWORK, /* restricted, allowlist, open, none */
    KIND_ROOT,    /* allow, deny, apparmor */
    KIND_CHANGED, /* ask, warn */
    KIND_BEFORE,  /* restore, resume, both with a comma between, off */
    KIND_HOME,    /* below the home of who works inside: ~/.claude */
};

/* An error says what would be one. */
bool value_check(enum setting_kind kind, const char *value, struct error *err) nodiscard;
/* Of a value that was checked; false for "". */
bool value_bool(const char *value);
