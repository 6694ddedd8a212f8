/*
 * Whether this machine will give good sessions: checks, each with what was found and what mends it. Names
 * are coi's where it has the same one, for the scripts that read them.
 */
#pragma once

#include "base/json.h"

enum health_status { HEALTH_OK, HEALTH_WARNING, HEALTH_FAILED };

struct health_check {
    const char *name; /* "kernel_version" */
    enum health_status status;
    char *message; /* one line */
    char *details; /* what more there is to say; "" for nothing */
    char *fix;     /* what to type, or to do; "" if nothing is wrong, or nothing is known */
};

struct health {
    struct health_check *items;
    size_t count;
};
void health_done(struct health *health);

/* Adds one; lent, until the next is added. */
struct health_check *health_add(struct health *health, const char *name, enum health_status status,
                                const char *format, ...) printf_like(4, 5);
void health_details(struct health_check *check, const char *format, ...) printf_like(2, 3);
void health_fix(struct health_check *check, const char *format, ...) printf_like(2, 3);
/* One of an error: its message, and its hints as the fix. */
void health_add_error(struct health *health, const char *name, enum health_status status,
                      const struct error *err);

/* The worst of all; and its word: "healthy", "degraded", "unhealthy". */
enum health_status health_worst(const struct health *health);
const char *health_word(enum health_status worst);

/* {"status", "checks": {NAME: {…}}, "summary": {"total", "passed", "warnings", "failed"}}. A new reference.
 */
json_t *health_json(const struct health *health) nodiscard;
/* A line for each, and what mends it. */
void health_text(const struct health *health, struct buffer *out);
