/* The kinds of values that settings have, and what is a value of each. */
#pragma once

#include "config/settings.h"

/* An error says what would be one. */
bool value_check(enum setting_kind kind, const char *value, struct error *err) nodiscard;
/* Of a value that was checked; false for "". */
bool value_bool(const char *value);
