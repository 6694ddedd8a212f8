#include "launch/nics.h"

#include "launch/label.h"

/* The ports of a bridge that are isolated do not reach each other: bridge(8), "isolated". */
#define PORT_ISOLATION "security.port_isolation"

json_t *nics_of_profile(const json_t *profile) {
    const char *name;
    json_t *device, *nics = json_object();
    json_object_foreach(json_at(profile, "devices"), name, device) {
        if (str_equal(json_get_str(device, "type"), "nic"))
            json_object_set_new(nics, name, json_copy(device));
    }
    return nics;
}

/* What cannot be told is no bridge. */
static bool is_bridged(struct incus *client, const json_t *nic) {
    _cleanup_(error_done) struct error ignored = {0};
    _cleanup_json_ json_t *network = NULL;
    _cleanup_free_ char *path = incus_path(NULL, "networks", json_get_str(nic, "network"), NULL);
    if (str_equal(json_get_str(nic, "nictype"), "bridged"))
        return true;
    return *json_get_str(nic, "network") && incus_request(client, "GET", path, NULL, &network, &ignored) &&
           str_equal(json_str_at(network, "type"), "bridge");
}

void nics_isolate(struct incus *client, json_t *nics) {
    const char *name;
    json_t *nic;
    json_object_foreach(nics, name, nic) {
        if (is_bridged(client, nic))
            json_object_set_new(nic, PORT_ISOLATION, json_string("true"));
    }
}

/* The profiles' NIC that becomes ours: eth0, or the first that there is. */
static const char *main_nic(const json_t *nics) {
    void *first = json_object_iter((json_t *)nics);
    return !first || json_object_get(nics, "eth0") ? "eth0" : json_object_iter_key(first);
}

static json_t *session_nic(const struct network *network, const json_t *nics, const char *device) {
    const char *name = json_get_str(json_object_get(nics, device), "name");
    return json_pack("{s:s, s:o, s:s, s:s}", "type", "nic", "name", json_text(*name ? name : device),
                     "network", network->name, PORT_ISOLATION, "true");
}

json_t *nics_plan(const struct network *network, const json_t *nics) {
    const char *name;
    json_t *nic, *devices = json_object();
    json_object_foreach((json_t *)nics, name, nic) {
        bool open = network->rules.mode == NETWORK_OPEN;
        json_object_set_new(devices, name, open ? json_copy(nic) : json_pack("{s:s}", "type", "none"));
    }
    if (!network->name)
        return devices;
    name = main_nic(nics);
    json_object_set_new(devices, name, session_nic(network, nics, name));
    return devices;
}

static bool same_nic(const json_t *has, const json_t *wanted) {
    static const char *const keys[] = {"type", "network", "nictype", "parent", PORT_ISOLATION};
    for (size_t i = 0; i < array_length(keys); i++)
        if (!str_equal(json_get_str(has, keys[i]), json_get_str(wanted, keys[i])))
            return false;
    return true;
}

bool nics_match(const struct instance *instance, const json_t *devices, const char **extra) {
    const char *name;
    const json_t *device;
    bool same = true;
    *extra = NULL;
    json_object_foreach((json_t *)instance->devices, name, device) {
        const json_t *wanted = json_object_get(devices, name);
        if (!str_equal(json_get_str(device, "type"), "nic"))
            continue;
        same &= wanted && same_nic(device, wanted);
        if (!wanted)
            *extra = name;
    }
    json_object_foreach((json_t *)devices, name, device) {
        bool nic = str_equal(json_get_str(device, "type"), "nic");
        same &= !nic || json_object_get(instance->devices, name);
    }
    return same;
}

bool nics_refuse(const char *instance, const char *extra, enum network_mode mode, struct error *err) {
    error_set(err, ERROR_REFUSED, "%s has a NIC \"%s\" beside its %s network: it was not used", instance,
              extra, network_mode_name(mode));
    error_hint(err, "incus config device show %s --expanded tells where it comes from", instance);
    error_hint(err, "--network open leaves all as it is");
    return false;
}

bool nics_move(struct incus *client, const char *instance, const struct network *network,
               const json_t *devices, struct error *err) {
    _cleanup_free_ char *allow = reaches_text(&network->rules.allow);
    _cleanup_json_ json_t *body =
        json_pack("{s:{s:s, s:o}, s:{}}", "config", LABEL_NETWORK, network_mode_name(network->rules.mode),
                  LABEL_ALLOW, json_text(allow), "devices");
    const char *name;
    const json_t *device;
    json_object_foreach((json_t *)devices, name, device) {
        const char *type = json_get_str(device, "type");
        if (str_equal(type, "nic") || str_equal(type, "none"))
            json_object_set(json_object_get(body, "devices"), name, (json_t *)device);
    }
    return instance_patch(client, instance, body, err);
}

enum network_mode nics_mode(const struct instance *instance) {
    enum network_mode mode = NETWORK_OPEN;
    (void)!network_mode_parse(instance_config(instance, LABEL_NETWORK), &mode);
    return mode;
}

const char *nics_network(const struct instance *instance) {
    const char *name;
    const json_t *device;
    json_object_foreach((json_t *)instance->devices, name, device) {
        const char *network = json_get_str(device, "network");
        if (str_equal(json_get_str(device, "type"), "nic") && str_starts(network, NETWORK_PREFIX))
            return network;
    }
    return "";
}
