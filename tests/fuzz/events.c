/* The daemon's events, a line each, on a store with two rows. */
/* Covers: store_lifecycle store_operation event_instance event_changes_instance word_of store_take */
/* Covers: store_remove remove_at store_list_begin store_list_end store_lost */
#include "tests/fuzz/fuzz.h"

#include "ui/state/store.h"

static void take(struct store *store, const char *name) {
    _cleanup_json_ json_t *json =
        json_pack("{s:s, s:s, s:b, s:{}, s:{}}", "name", name, "status", "Running", "ephemeral", 1,
                  "expanded_config", "expanded_devices");
    store_take(store, json);
}

static void one(struct store *store, const char *line) {
    _cleanup_(error_done) struct error ignored = {0};
    _cleanup_json_ json_t *event = json_parse(line, strlen(line), "it", &ignored);
    _cleanup_free_ char *name = NULL;
    const json_t *metadata = json_at(event, "metadata");
    if (str_equal(json_str_at(event, "type"), "operation")) {
        store_operation(store, metadata);
    } else if (str_equal(json_str_at(event, "type"), "instance")) {
        store_list_begin(store);
        store_take(store, json_at(event, "metadata"));
        store_list_end(store);
    } else if (str_equal(json_str_at(event, "type"), "lost")) {
        store_lost(store, NULL);
    } else if (store_lifecycle(store, metadata, &name) == STORE_WANTS_INSTANCE) {
        assert(name && !strpbrk(name, "/?"));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    _cleanup_free_ char *text = fuzz_text(bytes, size);
    _cleanup_(store_done) struct store store = {.prefix = "coi-", .records = {.loaded = true}};
    char *rest = text;
    take(&store, "coi-aaaaaaaa-1");
    take(&store, "coi-aaaaaaaa-2");
    for (char *line; (line = strsep(&rest, "\n"));)
        one(&store, line);
    for (size_t i = 0; i < store.count; i++)
        assert((store.rows[i]->busy != NULL) == (store.rows[i]->operation != NULL));
    return 0;
}
