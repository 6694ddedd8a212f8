#include "ui/state/link.h"

#include "incus/event.h"
#include "incus/instance.h"

#define PAUSE_FIRST_MS   250
#define PAUSE_LONGEST_MS 8000

/* When the list is late (see instance_each()) so many are asked for by name at one time. */
#define AT_ONE_TIME 32
/*
 * No event says that a member is away, or back: they are asked for so often, which no member has to be
 * reached for.
 */
#define MEMBERS_MS 10000

struct asked_instance;

struct link {
    struct incus *client;
    struct store *store;
    struct events *events;
    struct call *asking_list;
    struct question questions[SERVER_QUESTIONS];
    struct asking *asking_server;
    bool asked_all;               /* of the server: its default profile too */
    struct asked_instance *asked; /* single instances */
    struct strings to_ask;        /* of a list of names, those that were not asked for yet */
    size_t next_to_ask, asking;
    bool coming, list_again; /* some of it is here; it is asked for once more */
    struct timer *retry, *patience, *members_due;
    struct call *asking_members;
    long pause; /* milliseconds until the next try */
    const struct link_handler *handler;
    void *data;
};

/* One instance that is asked for. */
struct asked_instance {
    struct asked_instance *next;
    struct link *link;
    struct call *call;
    char *name;
    bool of_list; /* of names: the next one is asked for behind it */
};

static void changed(struct link *link) {
    link->handler->changed(link->data);
}

static void connect_again(struct link *link, const struct error *err);
static void members_due(void *data);
static void ask_list(struct link *link);
static void ask_rest(struct link *link);

static void take_member(void *data, json_t *member) {
    struct link *link = data;
    link->coming = true;
    store_take(link->store, member);
}

static void ask_names(struct link *link);

/* One of its members hangs, and all would wait for it. */
static void list_is_late(void *data) {
    struct link *link = data;
    link->patience = NULL;
    if (!link->store->server.member || !link->asking_list || link->coming)
        return; /* with some of it here the line is slow, not a member */
    call_drop(link->asking_list);
    ask_names(link);
}

static void list_came(void *data, const struct reply *reply, struct error *err) {
    struct link *link = data;
    link->asking_list = NULL;
    timer_stop(link->patience);
    link->patience = NULL;
    if (!reply) {
        connect_again(link, err);
        return;
    }
    store_list_end(link->store);
    if (link->list_again) {
        link->list_again = false;
        ask_list(link);
    }
    ask_rest(link);
    changed(link);
}

static void ask_list(struct link *link) {
    if (link->asking_list) {
        link->list_again = true;
        return;
    }
    store_list_begin(link->store);
    link->coming = false;
    _cleanup_free_ char *path = incus_path("recursion=1", "instances", NULL);
    link->asking_list = incus_call_each(link->client, path, take_member, link, list_came, link);
    timer_stop(link->patience);
    link->patience = loop_timer(incus_loop(link->client), INSTANCES_PATIENCE_MS, list_is_late, link);
}

static void forget_questions(struct link *link) {
    asking_drop(link->asking_server);
    link->asking_server = NULL;
    questions_done(link->questions, SERVER_QUESTIONS);
}

static void server_came(void *data) {
    struct link *link = data;
    _cleanup_(error_done) struct error err = {0};
    link->asking_server = NULL;
    bool good = server_read(link->client, link->questions, &link->store->server, &err);
    forget_questions(link);
    store_place(link->store);
    if (good && link->store->server.member && !link->members_due && !link->asking_members)
        members_due(link);
    if (!good) {
        connect_again(link, &err);
        return;
    }
    ask_rest(link);
    changed(link);
}

static void ask_server(struct link *link) {
    server_ask(link->client, NULL, link->questions);
    if (!link->asked_all)
        question_done(&link->questions[SERVER_ASK_PROFILE]);
    link->asking_server = incus_ask(link->client, link->questions, SERVER_QUESTIONS, server_came, link);
}

/*
 * The profile's description names all instances that use it, which takes the daemon a fifth of the time of
 * the list of them: it is asked for behind that.
 */
static void ask_rest(struct link *link) {
    if (link->asked_all || link->asking_server || link->asking_list)
        return;
    link->asked_all = true;
    ask_server(link);
}

static void asking_free(struct asked_instance *asking) {
    struct asked_instance **at = &asking->link->asked;
    while (*at != asking)
        at = &(*at)->next;
    *at = asking->next;
    call_drop(asking->call);
    free(asking->name);
    free(asking);
}

static struct asked_instance *ask_instance(struct link *link, const char *name);

/* The next ones of a list of names; when all have been asked for, the list is whole. */
static void ask_more(struct link *link) {
    while (link->asking < AT_ONE_TIME && link->next_to_ask < link->to_ask.count) {
        struct asked_instance *asking = ask_instance(link, link->to_ask.items[link->next_to_ask++]);
        if (!asking)
            continue;
        asking->of_list = true;
        link->asking++;
    }
}

static void is_back(void *data, const char *name) {
    strings_add(data, name);
}

/* Those of a member that answers again are asked for; not all at one time: it may only seem to be back. */
static void ask_back(struct link *link, struct strings *names) {
    if (names->count == 0 || link->next_to_ask < link->to_ask.count)
        return; /* a list is being gone through, which has them too */
    strings_done(&link->to_ask);
    link->to_ask = *names;
    *names = (struct strings){0};
    link->next_to_ask = 0;
    ask_more(link);
}

static void members_came(void *data, const struct reply *reply, struct error *err) {
    struct link *link = data;
    _cleanup_(strings_done) struct strings names = {0};
    (void)err; /* whatever it is, the stream of events tells it too */
    link->asking_members = NULL;
    link->members_due = loop_timer(incus_loop(link->client), MEMBERS_MS, members_due, link);
    if (reply && store_take_members(link->store, reply->metadata, is_back, &names))
        changed(link);
    ask_back(link, &names);
}

static void members_due(void *data) {
    struct link *link = data;
    _cleanup_free_ char *path = members_path();
    link->members_due = NULL;
    link->asking_members = incus_call(link->client, "GET", path, NULL, members_came, link);
    call_patience(link->asking_members, MEMBERS_MS);
}

static void names_came(void *data, const struct reply *reply, struct error *err) {
    struct link *link = data;
    link->asking_list = NULL;
    if (!reply) {
        connect_again(link, err);
        return;
    }
    strings_done(&link->to_ask);
    instance_names_read(reply->metadata, &link->to_ask);
    for (size_t i = 0; i < link->to_ask.count; i++)
        store_take_name(link->store, link->to_ask.items[i]);
    store_list_end(link->store);
    for (struct asked_instance *asking = link->asked; asking; asking = asking->next)
        asking->of_list = false; /* of an earlier one */
    link->next_to_ask = link->asking = 0;
    ask_more(link);
    ask_rest(link);
    changed(link);
}

static void ask_names(struct link *link) {
    store_list_begin(link->store);
    link->asking_list =
        incus_call(link->client, "GET", "/1.0/instances?recursion=0", NULL, names_came, link);
}

static void instance_came(void *data, const struct reply *reply, struct error *err) {
    struct asked_instance *asking = data;
    struct link *link = asking->link;
    struct store_row *row = store_find(link->store, asking->name);
    bool again = row && row->again;
    asking->call = NULL;
    if (row)
        row->wanted = row->again = false;
    records_done(&link->store->records); /* they may have changed */
    if (reply)
        store_take(link->store, reply->metadata);
    else if (err->code == 404)
        store_remove(link->store, asking->name);
    else if (row)
        row->silent = true;
    if (again)
        ask_instance(link, asking->name);
    if (asking->of_list) {
        link->asking--;
        ask_more(link);
    }
    asking_free(asking);
    changed(link);
}

/* An instance that is known and is being asked for already is asked for once more afterwards: then NULL. */
static struct asked_instance *ask_instance(struct link *link, const char *name) {
    struct store_row *row = store_find(link->store, name);
    if (row && row->wanted) {
        row->again = true;
        return NULL;
    }
    if (row)
        row->wanted = true;
    struct asked_instance *asking = mem_new(sizeof *asking);
    *asking = (struct asked_instance){.next = link->asked, .link = link, .name = str_copy(name)};
    link->asked = asking;
    _cleanup_free_ char *path = incus_path(NULL, "instances", name, NULL);
    asking->call = incus_call(link->client, "GET", path, NULL, instance_came, asking);
    if (link->store->server.member)
        call_patience(asking->call, INSTANCE_PATIENCE_MS);
    return asking;
}

static void event(void *data, const char *type, const json_t *metadata) {
    struct link *link = data;
    _cleanup_free_ char *name = NULL;
    enum store_wants wants = STORE_WANTS_NOTHING;
    _cleanup_free_ char *executed = str_equal(type, "lifecycle") ? event_executed(metadata) : NULL;
    if (str_equal(type, "lifecycle") && str_starts(json_str_at(metadata, "action"), "image-"))
        link->handler->images(link->data);
    else if (executed)
        link->handler->executed(link->data, executed);
    else if (str_equal(type, "lifecycle"))
        wants = store_lifecycle(link->store, metadata, &name);
    else if (str_equal(type, "operation") && store_operation(link->store, metadata))
        changed(link);
    if (wants == STORE_WANTS_LIST)
        ask_list(link);
    else if (wants == STORE_WANTS_INSTANCE)
        ask_instance(link, name);
    else if (name)
        changed(link);
}

static void opened(void *data) {
    struct link *link = data;
    link->store->link = LINK_UP;
    link->pause = 0;
    str_set(&link->store->why, NULL);
    ask_list(link); /* what changed before the stream began is in here */
    changed(link);
}

static void closed(void *data, struct error *err) {
    connect_again(data, err);
}

static void connect_now(void *data) {
    static const struct events_handler handler = {.event = event, .opened = opened, .closed = closed};
    struct link *link = data;
    link->retry = NULL;
    link->events = events_open(link->client, "lifecycle,operation", &handler, link);
    link->asked_all = false;
    ask_server(link);
}

static void disconnect(struct link *link) {
    events_free(link->events);
    forget_questions(link);
    call_drop(link->asking_list);
    link->events = NULL;
    link->asking_list = NULL;
    link->list_again = false;
    timer_stop(link->patience);
    timer_stop(link->members_due);
    call_drop(link->asking_members);
    link->patience = link->members_due = NULL;
    link->asking_members = NULL;
    link->next_to_ask = link->to_ask.count;
}

static void connect_again(struct link *link, const struct error *err) {
    disconnect(link);
    store_lost(link->store, err);
    link->pause = link->pause == 0                     ? PAUSE_FIRST_MS
                  : link->pause < PAUSE_LONGEST_MS / 2 ? link->pause * 2
                                                       : PAUSE_LONGEST_MS;
    timer_stop(link->retry);
    link->retry = loop_timer(incus_loop(link->client), link->pause, connect_now, link);
    changed(link);
}

struct link *link_open(struct incus *client, struct store *store, const struct link_handler *handler,
                       void *data) {
    struct link *link = mem_new(sizeof *link);
    *link = (struct link){.client = client, .store = store, .handler = handler, .data = data};
    connect_now(link);
    return link;
}

void link_close(struct link *link) {
    if (!link)
        return;
    disconnect(link);
    timer_stop(link->retry);
    for (struct asked_instance *asking = link->asked, *next; asking; asking = next) {
        next = asking->next;
        asking_free(asking);
    }
    strings_done(&link->to_ask);
    free(link);
}
