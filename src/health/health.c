#include "health/health.h"

void health_done(struct health *health) {
    for (size_t i = 0; i < health->count; i++) {
        free(health->items[i].message);
        free(health->items[i].details);
        free(health->items[i].fix);
    }
    free(health->items);
    *health = (struct health){0};
}

static char *shown(const char *format, va_list arguments) {
    _cleanup_free_ char *text = str_vprintf(format, arguments);
    return str_shown(text);
}

struct health_check *health_add(struct health *health, const char *name, enum health_status status,
                                const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *message = shown(format, arguments);
    va_end(arguments);
    health->items = mem_grow(health->items, (health->count + 1) * sizeof *health->items);
    struct health_check *check = &health->items[health->count++];
    *check = (struct health_check){name, status, message, str_copy(""), str_copy("")};
    return check;
}

void health_details(struct health_check *check, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    free(check->details);
    check->details = shown(format, arguments);
    va_end(arguments);
}

void health_fix(struct health_check *check, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    free(check->fix);
    check->fix = shown(format, arguments);
    va_end(arguments);
}

void health_add_error(struct health *health, const char *name, enum health_status status,
                      const struct error *err) {
    _cleanup_free_ char *hints = err->hints.count ? strings_join(&err->hints, "; ") : str_copy("");
    health_fix(health_add(health, name, status, "%s", err->message), "%s", hints);
}

enum health_status health_worst(const struct health *health) {
    enum health_status worst = HEALTH_OK;
    for (size_t i = 0; i < health->count; i++)
        if (health->items[i].status > worst)
            worst = health->items[i].status;
    return worst;
}

const char *health_word(enum health_status worst) {
    static const char *const words[] = {
        [HEALTH_OK] = "healthy", [HEALTH_WARNING] = "degraded", [HEALTH_FAILED] = "unhealthy"};
    return words[worst];
}

static const char *status_name(enum health_status status) {
    static const char *const names[] = {
        [HEALTH_OK] = "ok", [HEALTH_WARNING] = "warning", [HEALTH_FAILED] = "failed"};
    return names[status];
}

static size_t count_of(const struct health *health, enum health_status status) {
    size_t count = 0;
    for (size_t i = 0; i < health->count; i++)
        count += health->items[i].status == status;
    return count;
}

json_t *health_json(const struct health *health) {
    json_t *checks = json_object();
    for (size_t i = 0; i < health->count; i++) {
        const struct health_check *check = &health->items[i];
        json_object_set_new(checks, check->name,
                            json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", check->name, "status",
                                      status_name(check->status), "message", check->message, "details",
                                      check->details, "fix", check->fix));
    }
    return json_pack("{s:s, s:o, s:{s:I, s:I, s:I, s:I}}", "status", health_word(health_worst(health)),
                     "checks", checks, "summary", "total", (json_int_t)health->count, "passed",
                     (json_int_t)count_of(health, HEALTH_OK), "warnings",
                     (json_int_t)count_of(health, HEALTH_WARNING), "failed",
                     (json_int_t)count_of(health, HEALTH_FAILED));
}

void health_text(const struct health *health, struct buffer *out) {
    for (size_t i = 0; i < health->count; i++) {
        const struct health_check *check = &health->items[i];
        buffer_printf(out, "%-7s  %-26s %s\n", status_name(check->status), check->name, check->message);
        if (*check->details)
            buffer_printf(out, "%-35s %s\n", "", check->details);
        if (*check->fix)
            buffer_printf(out, "%-35s fix: %s\n", "", check->fix);
    }
    buffer_printf(out, "%s: %zu ok, %zu warning%s, %zu failed\n", health_word(health_worst(health)),
                  count_of(health, HEALTH_OK), count_of(health, HEALTH_WARNING),
                  count_of(health, HEALTH_WARNING) == 1 ? "" : "s", count_of(health, HEALTH_FAILED));
}
