/* What the daemon says: of itself, its image, pool and network. */
#include "base/time.h"
#include "health/examine.h"
#include "incus/image.h"
#include "incus/socket.h"
#include "launch/refill.h"
#include "network/network.h"

#include <string.h>
#include <time.h>

#define OLD_IMAGE_DAYS 90
#define ROOM_SHORT     5
#define ROOM_GONE      1

/* Of the API, what berth cannot do without: https://linuxcontainers.org/incus/docs/main/api-extensions/ */
static const char *const needed[] = {"etag",
                                     "patch",
                                     "instance_create_start",
                                     "container_exec_user_group_cwd",
                                     "container_disk_shift",
                                     "network_bridge_acl",
                                     "instance_nic_bridged_port_isolation"};

enum { ASK_SERVER, ASK_ALIAS = ASK_SERVER + SERVER_QUESTIONS, FIRST_QUESTIONS };
enum { ASK_IMAGE, ASK_POOL, ASK_ROOM, ASK_BRIDGE, SECOND_QUESTIONS };

struct asking {
    const struct health_subject *subject;
    struct health *health;
    struct question first[FIRST_QUESTIONS], second[SECOND_QUESTIONS];
};

static void asking_done(struct asking *asking) {
    questions_done(asking->first, FIRST_QUESTIONS);
    questions_done(asking->second, SECOND_QUESTIONS);
}

static const json_t *profile_of(const struct asking *asking) {
    return asking->first[ASK_SERVER + SERVER_ASK_PROFILE].metadata;
}

/* A property of the default profile's device of this type. */
static const char *device_property(const struct asking *asking, const char *type, const char *key) {
    const char *name;
    const json_t *device;
    json_object_foreach(json_at(profile_of(asking), "devices"), name, device) {
        if (str_equal(json_get_str(device, "type"), type))
            return json_get_str(device, key);
    }
    return "";
}

static const char *pool_of(const struct asking *asking) {
    const char *pool = settings_text(asking->subject->settings, SETTING_STORAGE_POOL);
    return *pool ? pool : device_property(asking, "disk", "pool");
}

static void check_incus(struct asking *asking, const struct server *server) {
    const json_t *extensions =
        json_at(asking->first[ASK_SERVER + SERVER_ASK_SELF].metadata, "api_extensions");
    _cleanup_(strings_done) struct strings missing = {0};
    for (size_t i = 0; i < array_length(needed); i++) {
        size_t index;
        const json_t *extension;
        bool has = false;
        json_array_foreach(extensions, index, extension) {
            has |= str_equal(json_string_value(extension), needed[i]);
        }
        if (!has)
            strings_add(&missing, needed[i]);
    }
    struct health_check *check = health_add(
        asking->health, "incus", missing.count ? HEALTH_FAILED : HEALTH_OK, "Incus %s", server->version);
    health_details(check, "%s", server->has_idmapped ? "" : "it has no idmapped mounts: raw.idmap alone");
    if (!missing.count)
        return;
    _cleanup_free_ char *list = strings_join(&missing, ", ");
    health_details(check, "its API lacks %s", list);
    health_fix(check, "Incus 6.0 or later: Debian has it in bookworm-backports and trixie");
}

static void check_permissions(struct asking *asking) {
    const char *socket = incus_address(asking->subject->client);
    struct health_check *check =
        health_add(asking->health, "permissions", HEALTH_OK, "%s",
                   socket_is_users(socket) ? "by incus-user, in a project of your own"
                                           : "as an administrator of Incus");
    health_details(check, "%s, project %s", socket, incus_project(asking->subject->client));
}

static void check_profile(struct asking *asking) {
    const json_t *config = json_at(profile_of(asking), "config");
    const char *privileged = json_get_str(config, "security.privileged"),
               *raw = json_get_str(config, "raw.idmap");
    struct health_check *check;
    if (*privileged && !str_equal(privileged, "false")) {
        check = health_add(asking->health, "privileged_profile", HEALTH_FAILED,
                           "the default profile makes containers privileged: none is started");
        health_fix(check, "incus profile unset default security.privileged");
    } else if (*raw) {
        check = health_add(asking->health, "privileged_profile", HEALTH_WARNING,
                           "the default profile has a raw.idmap of its own: nothing can shift beside it");
        health_fix(check, "incus profile unset default raw.idmap");
    } else {
        health_add(asking->health, "privileged_profile", HEALTH_OK, "the default profile is unprivileged");
    }
}

static bool check_image(struct asking *asking, struct error *err) {
    _cleanup_(error_done) struct error missing = {0};
    const char *image = settings_text(asking->subject->settings, SETTING_IMAGE);
    if (asking->first[ASK_ALIAS].err.class && !image_check(asking->subject->client, image, &missing)) {
        if (missing.class == ERROR_CANCELLED) {
            error_move(err, &missing);
            return false;
        }
        health_add_error(asking->health, "image", HEALTH_FAILED, &missing);
        return true;
    }
    const json_t *found = asking->second[ASK_IMAGE].metadata;
    health_add(asking->health, "image", HEALTH_OK, "%s%s%s", image, found ? ": " : "",
               json_str_at(found, "properties.description"));
    int64_t made = time_epoch(json_str_at(found, "uploaded_at")), days = (time(NULL) - made) / 86400;
    if (!made)
        return true;
    struct health_check *check =
        health_add(asking->health, "image_age", days > OLD_IMAGE_DAYS ? HEALTH_WARNING : HEALTH_OK,
                   "%lld day%s", (long long)days, days == 1 ? "" : "s");
    if (days > OLD_IMAGE_DAYS)
        health_fix(check, "build it again: what it has is %lld days behind", (long long)days);
    return true;
}

static void check_bridge(struct asking *asking) {
    const struct question *bridge = &asking->second[ASK_BRIDGE];
    const char *name = device_property(asking, "nic", "network"),
               *status = json_str_at(bridge->metadata, "status");
    struct health_check *check;
    if (!*name) {
        health_add(asking->health, "network_bridge", HEALTH_OK,
                   "the default profile has none; sessions have networks of their own");
    } else if (bridge->err.class && bridge->err.code == 404) {
        check = health_add(asking->health, "network_bridge", HEALTH_FAILED,
                           "%s, which the default profile names, is not there", name);
        health_fix(check, "incus network create %s", name);
    } else if (*status && !str_equal(status, "Created")) {
        check = health_add(asking->health, "network_bridge", HEALTH_WARNING, "%s is %s", name, status);
        health_fix(check, "incus network list shows it; a restart of the daemon makes it again");
    } else {
        health_add(asking->health, "network_bridge", HEALTH_OK, "%s", name);
    }
}

static void check_mode(struct asking *asking) {
    const char *mode = settings_text(asking->subject->settings, SETTING_NETWORK);
    bool open = str_equal(mode, "open");
    struct health_check *check =
        health_add(asking->health, "network_mode", open ? HEALTH_WARNING : HEALTH_OK, "%s", mode);
    if (!open)
        return;
    health_details(check, "sessions reach all that this machine does, its own network too");
    health_fix(check, "mode = restricted in [network], or --network restricted");
}

static void check_pool(struct asking *asking) {
    const json_t *pool = asking->second[ASK_POOL].metadata, *room = asking->second[ASK_ROOM].metadata;
    const char *driver = json_str_at(pool, "driver"), *name = json_str_at(pool, "name");
    struct health_check *check;
    if (!pool) {
        struct error *why = &asking->second[ASK_POOL].err;
        if (why->class && why->code == 404)
            health_add_error(asking->health, "storage_pool", HEALTH_FAILED, why);
        return; /* who may not look at pools is told nothing */
    }
    bool copies = str_equal(driver, "dir");
    check = health_add(asking->health, "storage_pool", copies ? HEALTH_WARNING : HEALTH_OK, "%s, %s", name,
                       driver);
    if (copies) {
        health_details(check, "each launch copies the whole image; --probe says how long that takes");
        health_fix(check,
                   "incus storage create fast btrfs size=30GiB, then storage_pool = fast in [container]");
    }
    int64_t all = json_int_at(room, "space.total"), left = all - json_int_at(room, "space.used");
    if (all <= 0)
        return;
    enum health_status status = left < all / 100 * ROOM_GONE    ? HEALTH_FAILED
                                : left < all / 100 * ROOM_SHORT ? HEALTH_WARNING
                                                                : HEALTH_OK;
    check = health_add(asking->health, "pool_space", status, "%lld MiB free in %s (%lld %%)",
                       (long long)(left >> 20), name, (long long)(left * 100 / all));
    if (status)
        health_fix(check,
                   "berth clean, or incus image delete, makes room; incus storage set %s size makes more",
                   name);
}

/* Whether what [container] standby asks for is kept up. */
static void check_standby(struct asking *asking) {
    unsigned int wanted = settings_id(asking->subject->settings, SETTING_STANDBY);
    if (!wanted)
        return;
    _cleanup_free_ char *why = refill_short(asking->subject->client, pool_of(asking));
    struct health_check *check =
        health_add(asking->health, "standby", why ? HEALTH_WARNING : HEALTH_OK, "%u are kept%s%s", wanted,
                   why ? ", and none is added: " : "", why ? why : "");
    if (why)
        health_fix(check, "berth clean makes room; standby = 0 in [container] does without");
}

static void ask_first(struct asking *asking) {
    const struct health_subject *subject = asking->subject;
    server_ask(subject->client, NULL, &asking->first[ASK_SERVER]);
    asking->first[ASK_ALIAS].path =
        incus_path(NULL, "images", "aliases", settings_text(subject->settings, SETTING_IMAGE), NULL);
}

static void ask_second(struct asking *asking) {
    const char *pool = pool_of(asking), *print = json_str_at(asking->first[ASK_ALIAS].metadata, "target"),
               *bridge = device_property(asking, "nic", "network");
    if (*print)
        asking->second[ASK_IMAGE].path = incus_path(NULL, "images", print, NULL);
    if (*pool) {
        asking->second[ASK_POOL].path = incus_path(NULL, "storage-pools", pool, NULL);
        asking->second[ASK_ROOM].path = incus_path(NULL, "storage-pools", pool, "resources", NULL);
    }
    if (*bridge)
        asking->second[ASK_BRIDGE].path = incus_path(NULL, "networks", bridge, NULL);
}

/* Away, or not for this user: the reason is the one, and all else is left out. */
static void add_unreachable(struct asking *asking, const struct error *why) {
    bool permission = strstr(why->message, "ermission") || strstr(why->message, "trust");
    health_add_error(asking->health, permission ? "permissions" : "incus", HEALTH_FAILED, why);
}

bool health_examine_daemon(const struct health_subject *subject, struct server *server,
                           struct health *health, struct error *err) {
    _cleanup_(asking_done) struct asking asking = {.subject = subject, .health = health};
    _cleanup_(error_done) struct error why = {0};
    ask_first(&asking);
    if (!incus_ask_all(subject->client, asking.first, FIRST_QUESTIONS, err))
        return false;
    if (!server_read(subject->client, &asking.first[ASK_SERVER], server, &why)) {
        server_done(server);
        add_unreachable(&asking, &why);
        return true;
    }
    ask_second(&asking);
    if (!incus_ask_all(subject->client, asking.second, SECOND_QUESTIONS, err))
        return false;
    check_incus(&asking, server);
    check_permissions(&asking);
    if (!check_image(&asking, err))
        return false;
    check_profile(&asking);
    check_bridge(&asking);
    check_mode(&asking);
    check_pool(&asking);
    check_standby(&asking);
    return true;
}
