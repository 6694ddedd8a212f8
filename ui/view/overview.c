/* What there is to know of an instance beside its mapping. */
#include "ui/view/host.h"

#include <time.h>

struct overview {
    struct host *host;
    json_t *state; /* as the daemon tells it; NULL: not asked */
};

static void *enter(struct host *host, const void *argument) {
    struct overview *overview = mem_new(sizeof *overview);
    (void)argument;
    overview->host = host;
    return overview;
}

static void forget(void *state) {
    struct overview *overview = state;
    json_decref(overview->state);
    overview->state = NULL;
}

static void leave(void *state) {
    forget(state);
    free(state);
}

static int line(struct area area, int row, const char *what, const char *value) {
    if (!*value)
        return row;
    draw_text(area, row, 1, STYLE_DIM, what);
    return draw_wrapped(area, row, 13, STYLE_PLAIN, value);
}

static void address(const json_t *state, struct strings *all) {
    const char *interface;
    const json_t *network;
    json_object_foreach(json_at(state, "network"), interface, network) {
        size_t index;
        const json_t *one;
        json_array_foreach(json_at(network, "addresses"), index, one) {
            if (str_equal(json_str_at(one, "scope"), "global"))
                strings_printf(all, "%s %s", json_str_at(one, "address"), interface);
        }
    }
}

static void draw_state(const json_t *state, struct area area, int row) {
    _cleanup_(strings_done) struct strings addresses = {0};
    if (!state)
        return;
    address(state, &addresses);
    _cleanup_free_ char *joined = strings_join(&addresses, ", "),
                        *memory = str_printf("%.1f MB, at most %.1f MB",
                                             (double)json_int_at(state, "memory.usage") / 1e6,
                                             (double)json_int_at(state, "memory.usage_peak") / 1e6),
                        *cpu = str_printf("%.1f s used", (double)json_int_at(state, "cpu.usage") / 1e9),
                        *processes = str_printf("%lld", (long long)json_int_at(state, "processes"));
    row = line(area, row, "address", joined);
    row = line(area, row, "memory", memory);
    row = line(area, row, "cpu", cpu);
    line(area, row, "processes", processes);
}

/* The mode, and what that lets it reach. */
static int network_lines(const struct session *session, struct area area, int row) {
    _cleanup_(rules_done) struct rules rules = {0};
    _cleanup_(error_done) struct error ignored = {0};
    _cleanup_(strings_done) struct strings lines = {0};
    struct rules_text text = {
        .mode = network_mode_name(session->mode), .allow = session->allow, .ports = "", .dns = ""};
    row = line(area, row, "network", text.mode);
    if (rules_read(&text, &rules, &ignored))
        rules_explain(&rules, &lines);
    for (size_t i = 0; i < lines.count; i++)
        row = line(area, row, "", lines.items[i]);
    return row;
}

static void draw(void *state, struct area area) {
    const struct overview *overview = state;
    const struct store_row *row = host_row(overview->host);
    if (!row)
        return;
    const struct session *session = &row->session;
    _cleanup_free_ char *path = draw_path(session->workspace),
                        *created = str_copy_n(session->created_at, 16),
                        *slot = session->foreign ? str_copy("") : str_printf("%u", session->slot);
    int at = line(area, 0, "name", session->name);
    at = line(area, at, "state", row->busy ? row->busy : session->status);
    at = line(area, at, "workspace", path);
    at = line(area, at, "slot", slot);
    at = line(area, at, "image", session->image);
    at = line(area, at, "kind",
              session->standby      ? "standby: waits for a run, which its workspace comes with"
              : session->foreign    ? "not a session: made by neither berth nor coi"
              : session->persistent ? "persistent: kept, stopped, when its session ends"
                                    : "ephemeral: deleted when its session ends");
    at = line(area, at, "location", session->location);
    at = network_lines(session, area, at);
    at = line(area, at, "published", session->published);
    at = line(area, at, "made for", session->owner);
    at = line(area, at, "created", created);
    if (str_equal(session->status, "Running"))
        draw_state(overview->state, area, at);
}

static void fetch(void *state) {
    struct overview *overview = state;
    struct host *host = overview->host;
    _cleanup_(error_done) struct error err = {0};
    _cleanup_json_ json_t *found = NULL;
    _cleanup_free_ char *name = str_copy(host->shown);
    if (!instance_state(host_client(host, name), daemons_name(name), &found, &err) ||
        !str_equal(name, host->shown))
        return;
    forget(overview);
    overview->state = json_incref(found);
}

static bool live(const void *state) {
    const struct overview *overview = state;
    return host_row_runs(overview->host);
}

const struct view view_overview = {.title = "Overview",
                                   .enter = enter,
                                   .leave = leave,
                                   .draw = draw,
                                   .forget = forget,
                                   .fetch = fetch,
                                   .live = live};
