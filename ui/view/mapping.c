/* The mapping of the row under the cursor, and whether it holds: as a tab, and in full. */
#include "ui/view/mapping_draw.h"

/* All that there is to keep is the host: the mapping itself is what the whole screen knows. */
struct mapping_pane {
    struct host *host;
};

static void *enter(struct host *host, const void *argument) {
    struct mapping_pane *pane = mem_new(sizeof *pane);
    (void)argument;
    pane->host = host;
    return pane;
}

static void draw(void *state, struct area area) {
    const struct mapping_pane *pane = state;
    const struct store_row *row = host_row(pane->host);
    if (row && !*row->session.workspace)
        draw_text(area, 0, 1, STYLE_DIM, "no workspace is mounted here");
    else
        mapping_draw(pane->host->mapping, "y", area);
}

/* What the container really has is asked for once: it changes only with its state. */
static void fetch(void *state) {
    const struct mapping_pane *pane = state;
    struct host *host = pane->host;
    struct mapping *mapping = host->mapping;
    _cleanup_(error_done) struct error err = {0};
    _cleanup_(inspection_done) struct inspection found = {0};
    _cleanup_free_ char *name = str_copy(host->shown);
    if (!inspect_instance(host_client(host, name), daemons_name(name), host->settings, &found, &err) ||
        !str_equal(name, mapping->container))
        return; /* it has gone, or another row is looked at: nothing to show */
    inspection_done(&mapping->inspection);
    mapping->inspection = found;
    mapping->inspected = true;
    found = (struct inspection){0};
}

const struct view view_mapping = {
    .title = "Mapping", .enter = enter, .leave = free, .draw = draw, .fetch = fetch};

/* In full: with the id map that is in force. */
static void draw_full(void *state, struct area area) {
    const struct mapping_pane *pane = state;
    const json_t *map = pane->host->mapping->inspection.current;
    struct area box = {area.row + 1, area.column, area.rows - 2, area.columns}, inside = draw_box(box);
    draw_text(box, 0, 2, STYLE_STRONG, "Mapping");
    draw(state, inside);
    size_t index;
    const json_t *range;
    int row = inside.rows - (int)json_array_size(map) - 1;
    if (row < 14 || json_array_size(map) == 0)
        return;
    draw_text(inside, row++, 1, STYLE_DIM, "the id map in force");
    json_array_foreach(map, index, range) {
        bool uid = json_bool_at(range, "Isuid"), gid = json_bool_at(range, "Isgid");
        long long within = json_int_at(range, "Nsid"), host = json_int_at(range, "Hostid"),
                  size = json_int_at(range, "Maprange");
        draw_format(inside, row++, 1, STYLE_PLAIN, "%-4s %lld-%lld inside = %lld-%lld on the host",
                    uid && gid ? "both"
                    : uid      ? "uid"
                               : "gid",
                    within, within + size - 1, host, host + size - 1);
    }
}

static void key_full(void *state, const struct key *key) {
    struct host *host = ((const struct mapping_pane *)state)->host;
    if (keys_action(key) == ACTION_COPY)
        mapping_copy(host, host->mapping, host->shown);
    else
        host->close(host, state);
}

const struct view view_idmap = {.footer = "y copy   any other key closes",
                                .enter = enter,
                                .leave = free,
                                .draw = draw_full,
                                .key = key_full,
                                .fetch = fetch};
