/* Ownership made visible: what is declared with _cleanup_(f) is given to f when it leaves its scope. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(function)  __attribute__((cleanup(function)))
#define nodiscard            __attribute__((warn_unused_result))
#define printf_like(fmt, va) __attribute__((format(printf, fmt, va)))
#define array_length(array)  (sizeof(array) / sizeof *(array))

/* For "char *" and every other pointer that free() takes. */
static inline void cleanup_free(void *pointer) {
    free(*(void **)pointer);
}

static inline void cleanup_close(const int *fd) {
    if (*fd >= 0)
        close(*fd);
}

static inline void cleanup_fclose(FILE **file) {
    if (*file)
        fclose(*file);
}

#define _cleanup_free_   _cleanup_(cleanup_free)
#define _cleanup_close_  _cleanup_(cleanup_close)
#define _cleanup_fclose_ _cleanup_(cleanup_fclose)
