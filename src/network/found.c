#include "network/found.h"

#include "network/up.h"

#include <string.h>

void networks_done(struct networks *networks) {
    for (size_t i = 0; i < networks->count; i++) {
        struct network_found *one = &networks->items[i];
        free(one->name);
        rules_done(&one->rules);
        free(one->subnet);
        strings_done(&one->used_by);
    }
    free(networks->items);
    *networks = (struct networks){0};
}

static bool read_found(const json_t *json, struct network_found *found) {
    _cleanup_(error_done) struct error ignored = {0};
    const json_t *config = json_at(json, "config");
    struct rules_text text = {.mode = json_get_str(config, NETWORK_MODE),
                              .allow = json_get_str(config, NETWORK_ALLOW),
                              .ports = json_get_str(config, NETWORK_PORTS),
                              .dns = json_get_str(config, NETWORK_DNS),
                              .allow_where = NETWORK_ALLOW,
                              .ports_where = NETWORK_PORTS,
                              .dns_where = NETWORK_DNS};
    *found = (struct network_found){0};
    if (!str_starts(json_str_at(json, "name"), NETWORK_PREFIX) || !*text.mode ||
        !rules_read(&text, &found->rules, &ignored)) {
        rules_done(&found->rules);
        return false;
    }
    found->name = str_copy(json_str_at(json, "name"));
    found->subnet = str_copy(json_get_str(config, "ipv4.address"));
    network_users(json, &found->used_by);
    return true;
}

bool networks_load(struct incus *client, struct networks *networks, struct error *err) {
    _cleanup_json_ json_t *all = NULL;
    size_t index;
    const json_t *json;
    if (!incus_request(client, "GET", "/1.0/networks?recursion=1", NULL, &all, err))
        return false;
    json_array_foreach(all, index, json) {
        networks->items = mem_grow(networks->items, (networks->count + 1) * sizeof *networks->items);
        networks->count += read_found(json, &networks->items[networks->count]);
    }
    return true;
}

bool network_load(struct incus *client, const char *name, struct network *network, struct error *err) {
    _cleanup_json_ json_t *json = NULL;
    _cleanup_free_ char *path = incus_path(NULL, "networks", name, NULL);
    struct network_found found;
    if (!incus_request(client, "GET", path, NULL, &json, err) || !read_found(json, &found))
        return false;
    *network = (struct network){.rules = found.rules, .name = found.name};
    free(found.subnet);
    strings_done(&found.used_by);
    return true;
}

bool network_remove(struct incus *client, const char *name, struct error *err) {
    _cleanup_free_ char *bridge = incus_path(NULL, "networks", name, NULL),
                        *acl = incus_path(NULL, "network-acls", name, NULL);
    if (!network_ask_again(client, "DELETE", bridge, NULL, err) && err->code != 404)
        return false;
    error_done(err);
    if (incus_request(client, "DELETE", acl, NULL, NULL, err) || err->code == 404) {
        error_done(err);
        return true;
    }
    return false;
}

bool networks_remove_unused(struct incus *client, struct strings *removed, struct error *err) {
    _cleanup_(networks_done) struct networks networks = {0};
    if (!networks_load(client, &networks, err))
        return false;
    for (size_t i = 0; i < networks.count; i++) {
        _cleanup_(error_done) struct error in_use = {0}; /* a launch may be on its way into it */
        if (!networks.items[i].used_by.count && network_remove(client, networks.items[i].name, &in_use))
            strings_add(removed, networks.items[i].name);
    }
    return true;
}
