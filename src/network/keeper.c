#include "network/keeper.h"

#include "base/task.h"
#include "network/found.h"
#include "network/resolve.h"
#include "network/up.h"

/* After a failure: a resolver that is away, a daemon that is restarted. */
#define AGAIN_SECONDS 60

struct keeper {
    struct incus *client;
    char *name;
    struct network network; /* without rules until they were asked for */
    keeper_failed_fn *failed;
    void *data;
    struct timer *timer;
    struct task *task;
    bool idle; /* no task is under way */
};

static bool same_answers(const struct answers *one, const struct answers *other) {
    _cleanup_free_ char *first = answers_hosts(one), *second = answers_hosts(other);
    return str_equal(first, second);
}

bool network_refresh(struct incus *client, struct network *network, struct error *err) {
    struct answers before = network->answers;
    network->answers = (struct answers){0};
    bool good = network_resolve(network, incus_loop(client), err);
    if (good && !same_answers(&before, &network->answers))
        good = network_apply(client, network, err);
    if (good) {
        answers_done(&before);
        return true;
    }
    answers_done(&network->answers);
    network->answers = before;
    return false;
}

static void due(void *data);

static void set_timer(struct keeper *keeper, long seconds) {
    keeper->timer = loop_timer(incus_loop(keeper->client), seconds * 1000, due, keeper);
}

/* Asked for once: rules of a network never change, other rules are another network. */
static bool load_rules(struct keeper *keeper, struct error *err) {
    return keeper->network.name || network_load(keeper->client, keeper->name, &keeper->network, err);
}

static void refresh(void *data) {
    struct keeper *keeper = data;
    _cleanup_(error_done) struct error err = {0};
    loop_interruptible(incus_loop(keeper->client), true);
    bool good = load_rules(keeper, &err) && network_refresh(keeper->client, &keeper->network, &err);
    keeper->task = NULL;
    keeper->idle = true;
    if (good && keeper->network.answers.count)
        set_timer(keeper, answers_seconds(&keeper->network.answers));
    if (good || err.class == ERROR_CANCELLED || err.class == ERROR_NONE)
        return;
    set_timer(keeper, AGAIN_SECONDS);
    if (keeper->failed)
        keeper->failed(keeper->data, &err);
}

static void due(void *data) {
    struct keeper *keeper = data;
    keeper->timer = NULL;
    keeper->idle = false;
    keeper->task = task_start(incus_loop(keeper->client), refresh, keeper);
}

struct keeper *keeper_start(struct incus *client, const char *network, long seconds,
                            keeper_failed_fn *failed, void *data) {
    if (str_empty(network))
        return NULL;
    struct keeper *keeper = mem_new(sizeof *keeper);
    *keeper = (struct keeper){
        .client = client, .name = str_copy(network), .failed = failed, .data = data, .idle = true};
    set_timer(keeper, seconds);
    return keeper;
}

struct keeper *keeper_of_launch(struct incus *client, const struct network *network) {
    long seconds = answers_seconds(&network->answers);
    return network->answers.count ? keeper_start(client, network->name, seconds, NULL, NULL) : NULL;
}

bool keeper_at_rest(const struct keeper *keeper) {
    return keeper->idle;
}

void keeper_stop(struct keeper *keeper) {
    _cleanup_(error_done) struct error ignored = {0};
    if (!keeper)
        return;
    timer_stop(keeper->timer);
    keeper->timer = NULL;
    if (!keeper->idle) {
        task_cancel(keeper->task);
        if (!loop_run(incus_loop(keeper->client), &keeper->idle, &ignored))
            return; /* this process ends */
        timer_stop(keeper->timer);
    }
    network_done(&keeper->network);
    free(keeper->name);
    free(keeper);
}
