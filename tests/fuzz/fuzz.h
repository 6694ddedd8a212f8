/*
 * What the fuzz targets share. Each target is a file of its own: one parser of outside data under libFuzzer
 * (https://llvm.org/docs/LibFuzzer.html). What is held is said by assert(); memory by ASan. Its line
 * "Covers:" names the functions that are its parser, of which `make fuzz` wants 85 % of the lines reached.
 */
#pragma once

#include "base/str.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* The input as a string: up to its first NUL. Caller owns. */
static inline char *fuzz_text(const uint8_t *bytes, size_t size) {
    return str_copy_n((const char *)bytes, strnlen((const char *)bytes, size));
}
