/* The machines: of each daemon its members, or itself; what runs there, and how they are. */
#include "incus/member.h"
#include "ui/view/cursor.h"
#include "ui/view/host.h"

#define EVERY_MS 2000

struct seat {
    struct members_view *view;
    struct daemon *daemon;
    struct member member; /* of a daemon in no cluster: one without a name */
    bool listed;          /* in the list of members that is coming in */
    bool failed;          /* to answer, the last time */
    struct call *asking;  /* for its state */
};

/* One daemon's list of members, which is being asked for. */
struct listing {
    struct members_view *view;
    struct daemon *daemon;
    struct call *call;
};

struct members_view {
    struct host *host;
    struct seat **seats;
    size_t count, cursor, first;
    struct listing *listings; /* of each daemon */
    struct timer *tick;
};

static void seat_free(struct seat *seat) {
    call_drop(seat->asking);
    free(seat->member.name);
    free(seat->member.status);
    free(seat->member.message);
    strings_done(&seat->member.groups);
    free(seat);
}

static struct seat *find(const struct members_view *view, const struct daemon *daemon, const char *name) {
    for (size_t i = 0; i < view->count; i++)
        if (view->seats[i]->daemon == daemon && str_equal(view->seats[i]->member.name, name))
            return view->seats[i];
    return NULL;
}

static struct seat *add(struct members_view *view, struct daemon *daemon, const char *name) {
    struct seat *seat = mem_new(sizeof *seat);
    *seat = (struct seat){
        .view = view,
        .daemon = daemon,
        .member = {
            .name = str_copy(name), .status = str_copy(""), .message = str_copy(""), .pool_free = -1}};
    view->seats = mem_grow(view->seats, (view->count + 1) * sizeof *view->seats);
    view->seats[view->count++] = seat;
    return seat;
}

static void drop_unlisted(struct members_view *view, const struct daemon *daemon) {
    size_t kept = 0;
    for (size_t i = 0; i < view->count; i++) {
        struct seat *seat = view->seats[i];
        if (seat->daemon == daemon && !seat->listed)
            seat_free(seat);
        else
            view->seats[kept++] = seat;
    }
    view->count = kept;
}

static void state_came(void *data, const struct reply *reply, struct error *err) {
    struct seat *seat = data;
    struct member *member = &seat->member;
    seat->asking = NULL;
    member->answered = reply != NULL;
    seat->failed = !reply;
    if (reply && *member->name) {
        member_read_state(member, reply->metadata, "default");
    } else if (reply) { /* GET /1.0/resources */
        member->memory_total = json_int_at(reply->metadata, "memory.total");
        member->memory_free = member->memory_total - json_int_at(reply->metadata, "memory.used");
        member->load = json_number_value(json_at(reply->metadata, "load.Average1Min"));
    } else {
        str_set(&member->message, err->message);
    }
    seat->view->host->redraw(seat->view->host);
}

static void ask_state(struct seat *seat) {
    const char *name = seat->member.name;
    _cleanup_free_ char *path = *name ? member_state_path(name) : str_copy("/1.0/resources");
    if (seat->asking)
        return;
    seat->asking = incus_call(seat->daemon->client, "GET", path, NULL, state_came, seat);
    call_patience(seat->asking, MEMBER_PATIENCE_MS);
}

static void members_came(void *data, const struct reply *reply, struct error *err) {
    struct listing *listing = data;
    struct members_view *view = listing->view;
    _cleanup_(members_done) struct members members = {0};
    (void)err; /* it is asked again by itself; the daemon's own state is in view */
    listing->call = NULL;
    if (!reply)
        return;
    for (size_t i = 0; i < view->count; i++)
        view->seats[i]->listed &= view->seats[i]->daemon != listing->daemon;
    members_read(reply->metadata, &members);
    for (size_t i = 0; i < members.count; i++) {
        const struct member *member = &members.items[i];
        struct seat *seat = find(view, listing->daemon, member->name);
        if (!seat)
            seat = add(view, listing->daemon, member->name);
        seat->listed = true;
        str_set(&seat->member.status, member->status);
        str_set(&seat->member.message, member->message);
        if (str_equal(member->status, "Online"))
            ask_state(seat);
        else
            seat->member.answered = false;
    }
    drop_unlisted(view, listing->daemon);
    view->host->redraw(view->host);
}

/* Each by itself: what does not answer keeps nothing else. */
static void ask(struct listing *listing) {
    struct members_view *view = listing->view;
    struct daemon *daemon = listing->daemon;
    struct seat *alone = find(view, daemon, "");
    if (daemon->store.server.member) {
        _cleanup_free_ char *path = members_path();
        if (!listing->call)
            listing->call = incus_call(daemon->client, "GET", path, NULL, members_came, listing);
        return;
    }
    if (!alone)
        alone = add(view, daemon, "");
    alone->listed = true;
    if (daemon->store.link == LINK_UP)
        ask_state(alone);
    else
        alone->member.answered = false;
}

static void tick(void *data) {
    struct members_view *view = data;
    view->tick = loop_timer(view->host->loop, EVERY_MS, tick, view);
    for (size_t i = 0; i < view->host->daemons.count; i++)
        ask(&view->listings[i]);
    view->host->redraw(view->host);
}

static void *enter(struct host *host, const void *argument) {
    struct members_view *view = mem_new(sizeof *view);
    (void)argument;
    *view = (struct members_view){.host = host,
                                  .listings = mem_new(host->daemons.count * sizeof *view->listings)};
    for (size_t i = 0; i < host->daemons.count; i++)
        view->listings[i] = (struct listing){.view = view, .daemon = host->daemons.items[i]};
    tick(view);
    return view;
}

static void leave(void *state) {
    struct members_view *view = state;
    timer_stop(view->tick);
    for (size_t i = 0; i < view->host->daemons.count; i++)
        call_drop(view->listings[i].call);
    for (size_t i = 0; i < view->count; i++)
        seat_free(view->seats[i]);
    free(view->seats);
    free(view->listings);
    free(view);
}

/* As daemons_machine() names it. Caller owns. */
static char *name_of(const struct seat *seat) {
    const char *remote = incus_remote(seat->daemon->client), *member = seat->member.name;
    return remote && *member ? str_printf("%s/%s", remote, member)
           : remote          ? str_copy(remote)
           : *member         ? str_copy(member)
                             : str_copy("local");
}

static void count(const struct seat *seat, size_t *sessions, size_t *running) {
    const struct store *store = &seat->daemon->store;
    *sessions = *running = 0;
    for (size_t i = 0; i < store->count; i++) {
        const struct session *session = &store->rows[i]->session;
        if (session->foreign || !str_equal(session->location, seat->member.name))
            continue;
        ++*sessions;
        *running += str_equal(session->status, "Running");
    }
}

static enum style state_of(const struct seat *seat, const char **words) {
    const struct member *member = &seat->member;
    enum link_state link = seat->daemon->store.link;
    bool online = !*member->name || str_equal(member->status, "Online");
    *words = link == LINK_AWAY               ? "away, trying again"
             : link == LINK_CONNECTING       ? "connecting"
             : !online                       ? member->status
             : member->answered              ? "online"
             : seat->asking && !seat->failed ? "asking"
                                             : "no answer";
    return link == LINK_UP && online && member->answered      ? STYLE_GOOD
           : link == LINK_UP && seat->asking && !seat->failed ? STYLE_WARNING
                                                              : STYLE_BAD;
}

static void draw_seat(const struct members_view *view, size_t index, struct area area, int row) {
    const struct seat *seat = view->seats[index];
    const struct member *member = &seat->member;
    bool selected = index == view->cursor;
    enum style plain = selected ? STYLE_SELECTED : STYLE_PLAIN;
    _cleanup_free_ char *name = name_of(seat), *fits = draw_shorten(name, 18);
    const char *words;
    size_t sessions, running;
    enum style style = state_of(seat, &words);
    count(seat, &sessions, &running);
    if (selected)
        draw_bar(area, row, STYLE_SELECTED);
    draw_text(area, row, 1, plain, fits);
    draw_text(area, row, 20, selected ? plain : style, words);
    draw_format(area, row, 40, plain, "%4zu %4zu", sessions, running);
    if (!member->answered)
        return;
    draw_format(area, row, 51, plain, "%5.1f/%.0f GiB",
                (double)(member->memory_total - member->memory_free) / (1 << 30),
                (double)member->memory_total / (1 << 30));
    draw_format(area, row, 66, plain, "%5.2f", member->load);
}

static void draw(void *state, struct area area) {
    struct members_view *view = state;
    struct area box = {area.row + 1, area.column, area.rows - 2, area.columns}, inside = draw_box(box);
    size_t rows = inside.rows > 2 ? (size_t)inside.rows - 1 : 1;
    draw_text(box, 0, 2, STYLE_STRONG, "Machines");
    draw_text(inside, 0, 1, STYLE_DIM, "MACHINE");
    draw_text(inside, 0, 20, STYLE_DIM, "STATE");
    draw_text(inside, 0, 40, STYLE_DIM, "SESS  RUN  MEMORY         LOAD");
    if (view->cursor >= view->count)
        view->cursor = view->count ? view->count - 1 : 0;
    if (view->cursor < view->first)
        view->first = view->cursor;
    if (view->cursor >= view->first + rows)
        view->first = view->cursor - rows + 1;
    for (size_t i = view->first; i < view->count && i < view->first + rows; i++)
        draw_seat(view, i, inside, (int)(i - view->first) + 1);
    if (view->count == 0)
        draw_text(inside, 1, 1, STYLE_DIM, "asking");
}

static void key(void *state, const struct key *key) {
    struct members_view *view = state;
    struct host *host = view->host;
    if (key->pasted || cursor_move(&view->cursor, view->count, keys_action(key)))
        return;
    if (key->code == UI_ENTER && view->cursor < view->count) {
        _cleanup_free_ char *name = name_of(view->seats[view->cursor]), *filter = str_printf("@%s", name);
        list_filter(host->list, filter);
    }
    host->close(host, view);
}

const struct view view_members = {.footer = "enter shows its sessions alone   esc close",
                                  .enter = enter,
                                  .leave = leave,
                                  .draw = draw,
                                  .key = key};
