#include "watch/watches.h"

/* So many streams are begun at the same time: each costs the daemon a process. */
#define AT_ONCE 4
/* A tmux that somebody may be starting is looked for again after these milliseconds, as its container may
 * be booting. */
static const long again_after[] = {700, 1500, 3000, 6000};
/* A stream that was lost is begun again after this, and after twice as long each time. */
#define LOST_MS    1000
#define LOST_TIMES 5

struct entry {
    struct watches *watches;
    char *name;
    struct idmap_ids code;
    bool no_root;
    int64_t started;             /* of the container: another one is another session */
    struct session_watch *watch; /* NULL: not begun */
    bool beginning;              /* it is counted among those that are */
    bool ended;                  /* the stream has; its activity is kept */
    enum watch_end why;          /* why there is none */
    unsigned int losses;
    size_t tries; /* that found no session */
    size_t execs; /* of ours, which the daemon will tell of */
    struct timer *again;
    bool wanted;
};

struct watches {
    struct incus *client;
    const struct settings *settings;
    const struct watches_handler *handler;
    void *data;
    struct entry **entries; /* each stays where it is: streams have its address */
    size_t count;
    size_t beginning;
};

static void begin_some(struct watches *watches);

/* It has begun, or never will. */
static void begun(struct entry *entry) {
    if (!entry->beginning)
        return;
    entry->beginning = false;
    entry->watches->beginning--;
    begin_some(entry->watches);
}

static void changed(void *data) {
    struct entry *entry = data;
    begun(entry);
    entry->losses = 0;
    entry->watches->handler->changed(entry->watches->data, entry->name);
}

static void contents(void *data) {
    const struct entry *entry = data;
    entry->watches->handler->contents(entry->watches->data, entry->name);
}

static void drop_watch(struct entry *entry) {
    session_watch_stop(entry->watch);
    entry->watch = NULL;
    entry->ended = false;
}

static void begin(struct entry *entry);

static void again_due(void *data) {
    struct entry *entry = data;
    entry->again = NULL;
    struct watches *watches = entry->watches;
    drop_watch(entry);
    entry->why = WATCH_GOES_ON;
    begin_some(watches);
    watches->handler->changed(watches->data, entry->name); /* what was lent is gone */
}

static void try_again(struct entry *entry, long milliseconds) {
    timer_stop(entry->again);
    entry->again = loop_timer(incus_loop(entry->watches->client), milliseconds, again_due, entry);
}

static void ended(void *data, enum watch_end why) {
    struct entry *entry = data;
    struct watches *watches = entry->watches;
    entry->why = why;
    if (why == WATCH_LOST)
        try_again(entry, LOST_MS << (entry->losses < LOST_TIMES ? entry->losses++ : LOST_TIMES));
    else if (why == WATCH_NO_SESSION && entry->tries < array_length(again_after))
        try_again(entry, again_after[entry->tries++]);
    if (why != WATCH_ENDED)
        drop_watch(entry);
    entry->ended = true;
    begun(entry);
    watches->handler->changed(watches->data, entry->name);
}

static void begin(struct entry *entry) {
    static const struct session_watch_handler handler = {changed, contents, ended};
    struct inside inside = {.client = entry->watches->client,
                            .name = entry->name,
                            .code = entry->code,
                            .no_root = entry->no_root};
    entry->beginning = true;
    entry->watches->beginning++;
    entry->execs++;
    entry->watch = session_watch_start(&inside, &handler, entry);
}

static bool is_due(const struct entry *entry) {
    return !entry->watch && !entry->again && entry->why == WATCH_GOES_ON;
}

static void begin_some(struct watches *watches) {
    for (size_t i = 0; i < watches->count && watches->beginning < AT_ONCE; i++)
        if (is_due(watches->entries[i]))
            begin(watches->entries[i]);
}

struct watches *watches_new(struct incus *client, const struct settings *settings,
                            const struct watches_handler *handler, void *data) {
    struct watches *watches = mem_new(sizeof *watches);
    *watches = (struct watches){.client = client, .settings = settings, .handler = handler, .data = data};
    return watches;
}

static void free_entry(struct entry *entry) {
    if (entry->beginning)
        entry->watches->beginning--;
    timer_stop(entry->again);
    session_watch_stop(entry->watch);
    free(entry->name);
    free(entry);
}

void watches_free(struct watches *watches) {
    if (!watches)
        return;
    for (size_t i = 0; i < watches->count; i++)
        free_entry(watches->entries[i]);
    free(watches->entries);
    free(watches);
}

static struct entry *find(const struct watches *watches, const char *name) {
    for (size_t i = 0; name && i < watches->count; i++)
        if (str_equal(watches->entries[i]->name, name))
            return watches->entries[i];
    return NULL;
}

bool watches_can(const struct session *session) {
    bool run = session->ephemeral && *session->owner; /* made by berth run: it has no terminal of its own */
    return str_equal(session->status, "Running") && !session->foreign && !run && !session->orphaned;
}

/* Another container of this name, or the same one started again, is watched from the beginning. */
static void renew(struct entry *entry, const struct session *session) {
    if (entry->started == session->started)
        return;
    entry->started = session->started;
    entry->tries = 0;
    try_again(entry, 0);
}

static void want(struct watches *watches, const struct session *session) {
    struct entry *entry = find(watches, session->name);
    if (!entry) {
        entry = mem_new(sizeof *entry);
        *entry = (struct entry){.watches = watches,
                                .name = str_copy(session->name),
                                .code = session_code(session, watches->settings),
                                .no_root = session->no_root,
                                .started = session->started};
        watches->entries = mem_grow(watches->entries, (watches->count + 1) * sizeof(struct entry *));
        watches->entries[watches->count++] = entry;
    }
    entry->wanted = true;
    renew(entry, session);
}

void watches_want(struct watches *watches, const struct session *const *sessions, size_t count,
                  const char *first) {
    for (size_t i = 0; i < watches->count; i++)
        watches->entries[i]->wanted = false;
    for (size_t i = 0; i < count; i++)
        if (watches_can(sessions[i]))
            want(watches, sessions[i]);
    for (size_t i = watches->count; i-- > 0;) {
        if (watches->entries[i]->wanted)
            continue;
        free_entry(watches->entries[i]);
        watches->entries[i] = watches->entries[--watches->count];
    }
    struct entry *foremost = find(watches, first);
    if (foremost && is_due(foremost) && watches->beginning < AT_ONCE)
        begin(foremost);
    begin_some(watches);
}

void watches_poke(struct watches *watches, const char *name) {
    struct entry *entry = find(watches, name);
    if (!entry)
        return;
    if (entry->execs) {
        entry->execs--; /* that was our own */
    } else if (entry->ended && (entry->why == WATCH_NO_SESSION || entry->why == WATCH_ENDED)) {
        entry->tries = 0;
        try_again(entry, again_after[entry->tries++]);
    }
}

void watches_again(struct watches *watches) {
    for (size_t i = 0; i < watches->count; i++) {
        struct entry *entry = watches->entries[i];
        entry->execs = 0;
        entry->losses = 0;
        if (entry->why != WATCH_ENDED && entry->why != WATCH_NO_TMUX)
            try_again(entry, 0);
    }
}

void watches_view(struct watches *watches, const struct strings *names) {
    for (size_t i = 0; i < watches->count; i++)
        if (watches->entries[i]->watch)
            session_watch_view(watches->entries[i]->watch, strings_has(names, watches->entries[i]->name));
}

struct session_watch *watches_find(const struct watches *watches, const char *name) {
    const struct entry *entry = find(watches, name);
    return entry ? entry->watch : NULL;
}

struct activity *watches_activity(const struct watches *watches, const char *name) {
    struct session_watch *watch = watches_find(watches, name);
    return watch ? session_watch_activity(watch) : NULL;
}

int64_t watches_next(const struct watches *watches, int64_t now) {
    int64_t next = 0;
    for (size_t i = 0; i < watches->count; i++) {
        struct session_watch *watch = watches->entries[i]->watch;
        int64_t at = watch ? activity_next(session_watch_activity(watch), now) : 0;
        next = at && (!next || at < next) ? at : next;
    }
    return !next ? 0 : next > now ? next - now : 1;
}

const char *watches_why_not(const struct watches *watches, const char *name) {
    const struct entry *entry = find(watches, name);
    if (!entry || !entry->ended)
        return NULL;
    switch (entry->why) {
    case WATCH_NO_SESSION:
        return "there is no tmux session in it";
    case WATCH_NO_TMUX:
        return "its image has no tmux 3.2 or newer, which tells what happens in it";
    case WATCH_LOST:
        return entry->again ? NULL : "the connection to it was lost";
    default:
        return NULL;
    }
}
