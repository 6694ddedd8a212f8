/* All instances that a name's pattern is about, one after the other; also where a member of a cluster
 * hangs. */
#include "incus/instance.h"
#include "incus/member.h"

#include <regex.h>

#define AT_ONE_TIME 128     /* a process may have 1,024 descriptors */
#define UNSEEN      "Error" /* the daemon's own word */

struct listing {
    struct incus *client;
    instance_fn *each;
    void *data;
    struct call *list;
    struct timer *late;
    struct asking *asking;
    struct question members;
    bool some, done, hangs;
    struct error err;
};

static void each_member(void *data, json_t *member) {
    struct listing *listing = data;
    _cleanup_(instance_done) struct instance instance = {0};
    listing->some = true;
    if (instance_read(&instance, member))
        listing->each(listing->data, &instance);
}

static void list_came(void *data, const struct reply *reply, struct error *err) {
    struct listing *listing = data;
    (void)reply; /* its members have been given already */
    listing->list = NULL;
    listing->done = true;
    error_move(&listing->err, err);
}

static void members_came(void *data) {
    struct listing *listing = data;
    _cleanup_(members_done) struct members members = {0};
    listing->asking = NULL;
    members_read(listing->members.metadata, &members);
    if (members.count < 2 || listing->some || !listing->list)
        return;
    call_drop(listing->list);
    listing->list = NULL;
    listing->done = listing->hangs = true;
}

static void list_is_late(void *data) {
    struct listing *listing = data;
    listing->late = NULL;
    if (listing->some)
        return; /* the line is slow, not the daemon */
    listing->members = (struct question){.path = members_path()};
    listing->asking = incus_ask(listing->client, &listing->members, 1, members_came, listing);
}

/* All at once; false with an error, or if a member hangs: `hangs`. */
static bool list(struct listing *listing, const char *pattern, struct error *err) {
    _cleanup_free_ char *filter = str_printf("name eq %s", pattern), *escaped = incus_escape(filter),
                        *query = str_printf("recursion=1&filter=%s", escaped),
                        *path = incus_path(query, "instances", NULL);
    struct loop *loop = incus_loop(listing->client);
    listing->list = incus_call_each(listing->client, path, each_member, listing, list_came, listing);
    listing->late = loop_timer(loop, INSTANCES_PATIENCE_MS, list_is_late, listing);
    bool good = loop_run(loop, &listing->done, err);
    call_drop(listing->list);
    timer_stop(listing->late);
    asking_drop(listing->asking);
    question_done(&listing->members);
    if (!good || listing->hangs) {
        error_done(&listing->err);
        return false;
    }
    error_move(err, &listing->err);
    return err->class == ERROR_NONE;
}

static bool matching(struct incus *client, const char *pattern, struct strings *found, struct error *err) {
    _cleanup_(strings_done) struct strings names = {0};
    regex_t regex;
    if (!instance_names(client, &names, err))
        return false;
    if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return error_set(err, ERROR_FAILED, "%s is no regular expression", pattern);
    for (size_t i = 0; i < names.count; i++)
        if (regexec(&regex, names.items[i], 0, NULL, 0) == 0)
            strings_add(found, names.items[i]);
    regfree(&regex);
    return true;
}

static void give(const struct listing *listing, const char *name, const struct question *question) {
    _cleanup_json_ json_t *silent = json_pack("{s:s, s:s}", "name", name, "status", UNSEEN);
    _cleanup_(instance_done) struct instance instance = {0};
    if (question->err.code != 404 &&
        instance_read(&instance, question->metadata ? question->metadata : silent))
        listing->each(listing->data, &instance);
}

/* Each by itself, so many at one time. */
static bool by_names(const struct listing *listing, const char *pattern, struct error *err) {
    _cleanup_(strings_done) struct strings names = {0};
    bool good = matching(listing->client, pattern, &names, err);
    for (size_t begin = 0, count; good && begin < names.count; begin += count) {
        struct question questions[AT_ONE_TIME] = {0};
        for (count = 0; count < AT_ONE_TIME && begin + count < names.count; count++)
            questions[count] =
                (struct question){.path = incus_path(NULL, "instances", names.items[begin + count], NULL),
                                  .patience_ms = INSTANCE_PATIENCE_MS};
        good = incus_ask_all(listing->client, questions, count, err);
        for (size_t i = 0; good && i < count; i++)
            give(listing, names.items[begin + i], &questions[i]);
        questions_done(questions, count);
    }
    return good;
}

bool instance_unseen(const struct instance *instance) {
    return str_equal(instance->status, UNSEEN) && json_object_size(instance->config) == 0;
}

bool instance_each(struct incus *client, const char *pattern, instance_fn *each, void *data,
                   struct error *err) {
    struct listing listing = {.client = client, .each = each, .data = data};
    return list(&listing, pattern, err) || (listing.hangs && by_names(&listing, pattern, err));
}
