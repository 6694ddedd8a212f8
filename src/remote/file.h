/* Small files that are there whole, or as they were before. */
#pragma once

#include "base/error.h"

#include <sys/types.h>

/* Writes one beside it and moves it there; its folder is made if it is missing. */
bool file_replace(const char *path, const void *data, size_t size, mode_t mode,
                  struct error *err) nodiscard;
