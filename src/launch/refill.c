#include "launch/refill.h"

#include "base/path.h"
#include "base/task.h"
#include "launch/claim.h"
#include "workspace/name.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

/* A command of less than this is not disturbed by what comes after it. */
#define DELAY_MS 300

/* Below these there are to be no more: bytes, and parts of all in per cent. */
#define MEMORY_LEAST (512LL << 20)
#define POOL_LEAST   (1LL << 30)
#define PART_LEAST   5

struct refill {
    struct incus *client;
    struct prepared *prepared;
    struct timer *delay;
    bool due;
    bool over;
};

static bool is_short(int64_t left, int64_t all, int64_t least) {
    return all > 0 && (left < least || left < all / 100 * PART_LEAST);
}

/* A line of proc_meminfo(5), in bytes; 0 if it is not there. */
static int64_t memory_line(const char *text, const char *name) {
    const char *line = strstr(text, name);
    return line ? strtoll(line + strlen(name), NULL, 10) * 1024 : 0;
}

static bool memory_is_short(void) {
    _cleanup_(buffer_done) struct buffer text = {0};
    _cleanup_(error_done) struct error ignored = {0};
    return path_read("/proc/meminfo", &text, &ignored) && text.data &&
           is_short(memory_line(text.data, "MemAvailable:"), memory_line(text.data, "MemTotal:"),
                    MEMORY_LEAST);
}

/* What cannot be told, as by a user who may not look at pools, is not short. */
static bool pool_is_short(struct incus *client, const char *pool) {
    _cleanup_(error_done) struct error ignored = {0};
    _cleanup_json_ json_t *found = NULL;
    _cleanup_free_ char *path = incus_path(NULL, "storage-pools", pool, "resources", NULL);
    if (!*pool || !incus_request(client, "GET", path, NULL, &found, &ignored))
        return false;
    int64_t all = json_int_at(found, "space.total");
    return is_short(all - json_int_at(found, "space.used"), all, POOL_LEAST);
}

char *refill_short(struct incus *client, const char *pool) {
    if (memory_is_short())
        return str_copy("memory is short");
    return pool_is_short(client, pool) ? str_printf("the storage pool %s is nearly full", pool) : NULL;
}

/* One by chance, so that two who ask at one moment do not mean the same. Caller owns; NULL if none is free.
 */
static char *free_name(const struct standby_kind *kind, const struct strings *taken) {
    unsigned int random = 0, all = STANDBY_LAST - STANDBY_FIRST + 1;
    (void)!getrandom(&random, sizeof random, 0);
    for (unsigned int i = 0; i < all; i++) {
        char *name = str_printf("%s%u", kind->stem, STANDBY_FIRST + (random % all + i) % all);
        if (!strings_has(taken, name))
            return name;
        free(name);
    }
    return NULL;
}

json_t *refill_body(const struct prepared *prepared, struct strings *taken) {
    char *name = free_name(prepared->kind, taken);
    if (!name)
        return NULL;
    strings_take(taken, name);
    json_t *body = json_copy(prepared->kind->body);
    json_object_set_new(body, "name", json_text(name));
    return body;
}

/* Asks for so many; what the daemon then does is not waited for. */
static void ask(struct incus *client, struct prepared *prepared, size_t count) {
    _cleanup_free_ char *path = instance_create_path(prepared->member);
    for (size_t i = 0; i < count; i++) {
        _cleanup_(error_done) struct error ignored = {0}; /* the next run asks again */
        _cleanup_json_ json_t *body = refill_body(prepared, &prepared->taken);
        if (!body || !incus_request(client, "POST", path, body, NULL, &ignored))
            return;
    }
}

/*
 * How many are missing. By their names alone: those that were claimed are among them, but whoever has
 * claimed one asks for another.
 */
static size_t missing(const struct prepared *prepared) {
    const struct standby_kind *kind = prepared->kind;
    size_t count = standby_count(kind, &prepared->taken) - kind->useless, wanted = kind->wanted;
    if (prepared->standby)
        return count > wanted ? 1 : wanted - count + 1;
    return count < wanted && !kind->by_hand ? wanted - count : 0;
}

/* One that will not be claimed, or whose run has died. */
static void remove_if_useless(struct incus *client, const struct prepared *prepared, const char *name) {
    _cleanup_(standby_found_done) struct standby_found found = {0};
    _cleanup_(error_done) struct error ignored = {0}; /* another run looks at it again */
    if (!instance_get_tagged(client, name, &found.instance, &found.etag, &ignored))
        return;
    bool asked = owner_orphaned(&found.instance)
                     ? owner_remove_orphan(client, name, found.instance.status, &ignored)
                 : standby_stale(&found.instance, prepared->kind, time(NULL))
                     ? claim_retire(client, &found, &ignored)
                     : true;
    (void)asked;
}

/* All of them where none fitted; else one by chance, so that what is left over goes in time. */
static void look_at_others(struct incus *client, const struct prepared *prepared) {
    const struct strings *names = &prepared->taken;
    unsigned int count = 0;
    const char *chosen = NULL;
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->items[i];
        unsigned int random = 0;
        if (!name_is_standby(prepared->prefix, name) || str_equal(name, prepared->standby))
            continue;
        if (!prepared->standby)
            remove_if_useless(client, prepared, name);
        (void)!getrandom(&random, sizeof random, 0);
        chosen = random % ++count == 0 ? name : chosen;
    }
    if (prepared->standby && chosen)
        remove_if_useless(client, prepared, chosen);
}

static void refill(void *data) {
    struct refill *refill = data;
    struct prepared *prepared = refill->prepared;
    _cleanup_(error_done) struct error ignored = {0};
    size_t count = missing(prepared);
    _cleanup_free_ char *why_not = count ? refill_short(refill->client, prepared_pool(prepared)) : NULL;
    look_at_others(refill->client, prepared);
    if (loop_run(incus_loop(refill->client), &refill->due, &ignored) && !why_not)
        ask(refill->client, prepared, count);
    refill->over = true;
}

static void delay_is_over(void *data) {
    struct refill *refill = data;
    refill->delay = NULL;
    refill->due = true;
}

struct refill *refill_begin(struct incus *client, struct prepared *prepared) {
    /* what this machine cannot do as planned no standby could */
    if (!prepared->kind || prepared->no_shift || prepared->not_isolated)
        return NULL;
    if (!str_equal(prepared->kind->network, prepared->network.name))
        return NULL; /* it got another name on the way: the next run's are of its network */
    struct refill *begun = mem_new(sizeof *begun);
    *begun = (struct refill){.client = client, .prepared = prepared};
    begun->delay = loop_timer(incus_loop(client), DELAY_MS, delay_is_over, begun);
    task_start(incus_loop(client), refill, begun);
    return begun;
}

void refill_hurry(struct refill *refill) {
    if (!refill)
        return;
    timer_stop(refill->delay);
    refill->delay = NULL;
    refill->due = true;
}

void refill_end(struct refill *refill) {
    _cleanup_(error_done) struct error ignored = {0};
    refill_hurry(refill);
    if (refill && loop_run(incus_loop(refill->client), &refill->over, &ignored))
        free(refill);
}
