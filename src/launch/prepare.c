#include "launch/prepare.h"

#include "idmap/explain.h"
#include "idmap/facts.h"
#include "incus/image.h"
#include "launch/branch.h"
#include "launch/existing.h"
#include "launch/guarding.h"
#include "launch/label.h"
#include "launch/nics.h"
#include "network/wanted.h"
#include "workspace/name.h"

#include <string.h>
#include <sys/random.h>

/* What of these ids and directories the project does not allow. */
static void read_project(const struct project *project, const char *source, const struct mounts *mounts,
                         struct idmap_facts *facts) {
    struct idmap_project *found = &facts->project;
    if (!project->restricted)
        return;
    snprintf(found->name, sizeof found->name, "%s", project->name);
    snprintf(found->allowed, sizeof found->allowed, "%s", project->disks ? project->paths : "");
    found->no_uid = !project_allows_uid(project, facts->host.uid);
    found->no_gid = !project_allows_gid(project, facts->host.gid);
    for (size_t i = 0; mounts && i < mounts->count; i++)
        if (!project_allows_source(project, mounts->items[i].source))
            snprintf(found->no_source, sizeof found->no_source, "%s", mounts->items[i].source);
    if (!project_allows_source(project, source))
        snprintf(found->no_source, sizeof found->no_source, "%s", source);
}

bool prepare_decision(const struct settings *settings, const char *source, const struct facts_there *there,
                      const struct mounts *mounts, const struct server *server, struct idmap_facts *facts,
                      struct idmap_decision *decision, struct error *err) {
    struct facts_input input = {
        .there = there,
        .code = {settings_id(settings, SETTING_CODE_UID), settings_id(settings, SETTING_CODE_GID)},
        .disable_shift = settings_bool(settings, SETTING_DISABLE_SHIFT),
        .daemon_ok = !server                ? IDMAP_UNKNOWN
                     : server->has_idmapped ? IDMAP_YES
                                            : IDMAP_NO,
    };
    if (!facts_gather(source, &input, facts, err))
        return false;
    for (size_t i = 0; mounts && i < mounts->count; i++) {
        char type[sizeof facts->deciding];
        enum idmap_answer mount_ok, both;
        if (!facts_filesystem(mounts->items[i].source, type, sizeof type, &mount_ok, err))
            return false;
        both = idmap_both(facts->mount_ok, mount_ok);
        if (both != facts->mount_ok)
            memcpy(facts->deciding, type, sizeof type);
        facts->mount_ok = both;
    }
    if (server)
        read_project(&server->project, source, mounts, facts);
    facts->profile_maps = server && server->profile_maps;
    *decision = idmap_decide(facts);
    return true;
}

bool prepare_mounts(const struct launch_request *request, struct mounts *mounts, struct error *err) {
    const struct settings *settings = request->settings;
    mounts_copy(mounts, &request->mounts);
    for (size_t i = 0; i < settings->mount_count; i++) {
        const struct setting_mount *mount = &settings->mounts[i];
        if (!mount->profile && !mounts_add(mounts, mount->where, mount->text, err))
            return false;
    }
    return true;
}

/*
 * Of the workspace's containers that are there, one by chance is looked at beside the launch: if it was
 * left by a berth that has died it goes.
 */
static void look_at_another(struct incus *client, const struct prepared *prepared) {
    const struct strings *taken = &prepared->taken;
    _cleanup_free_ char *first = name_of(prepared->prefix, prepared->workspace.path, 1);
    size_t length = strlen(first) - 1, count = 0, chosen = 0;
    for (size_t i = 0; i < taken->count; i++) {
        unsigned int random = 0;
        if (strncmp(taken->items[i], first, length) != 0)
            continue;
        (void)!getrandom(&random, sizeof random, 0);
        chosen = random % ++count == 0 ? i : chosen;
    }
    if (count)
        owner_check(client, taken->items[chosen]);
}

static bool choose_slot(struct incus *client, struct prepared *prepared, struct error *err) {
    const char *workspace = prepared->workspace.path;
    if (!existing_find(client, prepared, err))
        return false;
    if (prepared->existing.json)
        return true;
    unsigned int slot = prepared->request->slot;
    _cleanup_free_ char *wanted = name_of(prepared->prefix, workspace, slot ? slot : 1);
    /* a saved session may have any slot, if its own is another's now */
    if (slot && (!prepared->request->saved || !strings_has(&prepared->taken, wanted))) {
        prepared->slot = slot;
        return true;
    }
    unsigned int last = prepared_last_slot(prepared);
    look_at_another(client, prepared);
    prepared->slot = name_free_slot(prepared->prefix, workspace, 1, last, &prepared->taken);
    if (prepared->slot)
        return true;
    prepared->full = true;
    error_set(err, ERROR_FAILED, "all %u slots of %s are taken", last, workspace);
    error_hint(err, "berth list shows them; berth kill NAME frees one");
    return false;
}

/*
 * The default profile, which the daemon will expand into the instance: its root disk, to which a pool
 * or limits are added, its NICs, and whether a device of it would bring shift.
 */
static void read_profile(struct prepared *prepared, const json_t *profile) {
    const char *name;
    json_t *device;
    prepared->nics = nics_of_profile(profile);
    prepared->profile = json_pack("{s:O?, s:O?}", "config", json_at(profile, "config"), "devices",
                                  json_at(profile, "devices"));
    json_object_foreach(json_at(profile, "devices"), name, device) {
        bool disk = str_equal(json_get_str(device, "type"), "disk");
        if (disk && str_equal(json_get_str(device, "path"), "/") && !prepared->root_device)
            prepared->root_device = json_incref(device);
        if (str_equal(json_get_str(device, "shift"), "true"))
            str_set(&prepared->shifting_device, name);
    }
}

static bool check_pool(struct incus *client, const struct settings *settings, struct error *err) {
    const char *pool = settings_text(settings, SETTING_STORAGE_POOL);
    _cleanup_free_ char *path = incus_path(NULL, "storage-pools", pool, NULL);
    return !*pool || incus_request(client, "GET", path, NULL, NULL, err);
}

enum {
    ASK_SERVER, /* and what more server_ask() asks */
    ASK_NAMES = ASK_SERVER + SERVER_QUESTIONS,
    ASK_IMAGE,
    ASK_NETWORK, /* and what more network_ask() asks */
    QUESTIONS = ASK_NETWORK + NETWORK_QUESTIONS
};

/* For an array of QUESTIONS. */
static void cleanup_questions(struct question (*all)[QUESTIONS]) {
    questions_done(*all, QUESTIONS);
}

/* What a container that is there and runs publishes itself is not in the way. */
static bool check_publishes(struct incus *client, struct prepared *prepared, struct error *err) {
    return prepared->place.other || (prepared->existing.json && instance_running(&prepared->existing)) ||
           publish_check_free(client, &prepared->publishes, err);
}

static bool check_network(struct incus *client, struct prepared *prepared, const struct question *questions,
                          const struct project *project, struct error *err) {
    if (prepared->network.rules.mode == NETWORK_OPEN)
        nics_isolate(client, prepared->nics);
    return network_read(&prepared->network, &questions[ASK_NETWORK], project, err);
}

/* What else of the plan the project forbids: what can be left out is, and is said. */
static bool check_project(struct prepared *prepared, const struct project *project, struct error *err) {
    if (!project->restricted)
        return true;
    prepared->no_nesting = !project->nesting;
    prepared->no_interception = !project->interception;
    if (prepared->publishes.count == 0 || project->proxies)
        return true;
    error_set(err, ERROR_REFUSED, "project %s does not allow ports to be published", project->name);
    error_hint(err, "an administrator allows it: incus project set %s restricted.devices.proxy=allow",
               project->name);
    return false;
}

bool prepare_with_ids(struct prepared *prepared, struct idmap_ids ids, struct error *err) {
    struct idmap_facts *facts = &prepared->facts;
    facts->host = facts->owner = ids;
    facts->source = IDMAP_FROM_PROBE;
    facts->mount_ok = IDMAP_YES; /* or it would not have been seen */
    prepared->decision = idmap_decide(facts);
    return prepared->decision.method != IDMAP_REFUSED || explain_refusal(facts, &prepared->decision, err);
}

bool prepare_without_shift(struct prepared *prepared, struct error *err) {
    prepared->decision = idmap_decide_without_shift(&prepared->facts);
    return prepared->decision.method != IDMAP_REFUSED ||
           explain_refusal(&prepared->facts, &prepared->decision, err);
}

/*
 * A container that was made for somebody's ids is for his again; one whose start with shift has failed once
 * is not started so again.
 */
static bool decide_for_existing(struct prepared *prepared, struct error *err) {
    if (prepared->existing.json && prepared->facts.source == IDMAP_FROM_NOWHERE) {
        struct idmap_ids ids = label_host(&prepared->existing);
        if (ids.uid && !prepare_with_ids(prepared, ids, err))
            return false;
    }
    return !prepared->existing.json || !prepared->decision.shift ||
           !*instance_config(&prepared->existing, LABEL_NO_SHIFT) || prepare_without_shift(prepared, err);
}

struct facts_there prepare_there(const struct incus *client, const struct settings *settings,
                                 const struct place *place, const struct workspace *workspace) {
    const struct machine *machine = place_machine(client, settings, place);
    struct facts_there there = {
        .machine = place->name, .elsewhere = workspace->elsewhere, .from = IDMAP_FROM_NOWHERE};
    if (machine_ids(machine, &there.ids.uid, &there.ids.gid))
        there.from = IDMAP_FROM_SETTINGS;
    return there;
}

/* For the workspace, the mounts, and the repository that a linked worktree brings. */
static bool decide(const struct incus *client, struct prepared *prepared, const struct server *server,
                   struct error *err) {
    _cleanup_(mounts_done) struct mounts mounts = {0};
    struct facts_there there =
        prepare_there(client, prepared->request->settings, &prepared->place, &prepared->workspace);
    mounts_copy(&mounts, &prepared->mounts);
    guarding_disks(&prepared->guard, NULL, &mounts);
    return prepare_decision(prepared->request->settings, prepared->workspace.source,
                            prepared->place.other ? &there : NULL, &mounts, server, &prepared->facts,
                            &prepared->decision, err);
}

/* What the daemon answered, in the order in which a failure matters to the user. */
static bool read_answers(struct incus *client, struct prepared *prepared, struct question *questions,
                         struct error *err) {
    _cleanup_(server_done) struct server server = {0};
    const struct launch_request *request = prepared->request;
    const struct settings *settings = request->settings;
    struct question *profile = &questions[ASK_SERVER + SERVER_ASK_PROFILE];
    if (!server_read(client, &questions[ASK_SERVER], &server, err))
        return false;
    str_set(&prepared->member, server.member);
    prepared->daemon = server.pid;
    if (!guarding_settle(prepared, &server.project, err) || !decide(client, prepared, &server, err))
        return false;
    if (prepared->decision.method == IDMAP_REFUSED)
        return explain_refusal(&prepared->facts, &prepared->decision, err);
    /* by the short way where the alias is there; else it is looked at closely, and named */
    if (request->branch ? !branch_find(client, prepared, err)
                        : questions[ASK_IMAGE].err.class &&
                              !image_check(client, settings_text(settings, SETTING_IMAGE), err))
        return false;
    if (questions[ASK_NAMES].err.class || profile->err.class) {
        error_move(err, questions[ASK_NAMES].err.class ? &questions[ASK_NAMES].err : &profile->err);
        return false;
    }
    instance_names_read(questions[ASK_NAMES].metadata, &prepared->taken);
    read_profile(prepared, profile->metadata);
    str_set(&prepared->fingerprint, json_str_at(questions[ASK_IMAGE].metadata, "target"));
    return check_project(prepared, &server.project, err) &&
           check_network(client, prepared, questions, &server.project, err) &&
           choose_slot(client, prepared, err) && decide_for_existing(prepared, err) &&
           check_publishes(client, prepared, err) && check_pool(client, settings, err);
}

/* A mount's directory is this machine's, as a workspace is. */
static bool mounts_are_there(const struct prepared *prepared, struct error *err) {
    const char *shared = settings_text(prepared->request->settings, SETTING_SHARED);
    for (size_t i = 0; i < prepared->mounts.count && prepared->place.other; i++) {
        const struct mount *mount = &prepared->mounts.items[i];
        const struct workspace directory = {.source = mount->source};
        if (workspace_is_shared(&directory, shared))
            continue;
        error_set(err, ERROR_REFUSED,
                  "nothing was launched: %s: %s is a directory of this machine, not of %s", mount->origin,
                  mount->source, prepared->place.name);
        error_hint(err,
                   "[incus] shared = %s, in the settings, says that all machines have the same files there",
                   mount->source);
        return false;
    }
    return true;
}

/* What the settings say of the network, and what the names in it are. */
static bool read_network(struct incus *client, const struct settings *settings, struct prepared *prepared,
                         struct error *err) {
    return network_init(&prepared->network, client, settings, err) &&
           publishes_read(settings->values[SETTING_PUBLISH].where, settings_text(settings, SETTING_PUBLISH),
                          &prepared->publishes, err) &&
           network_resolve(&prepared->network, incus_loop(client), err);
}

bool prepare_launch(struct incus *client, const struct launch_request *request, struct prepared *prepared,
                    struct error *err) {
    prepared->request = request;
    prepared->prefix = name_prefix(err);
    /* what is wrong here is said before the daemon is asked */
    if (!prepared->prefix || !place_find(client, request, &prepared->workspace, &prepared->place, err) ||
        !prepare_mounts(request, &prepared->mounts, err) || !mounts_are_there(prepared, err) ||
        !guarding_find(prepared, err) || !read_network(client, request->settings, prepared, err))
        return false;
    const char *image = settings_text(request->settings, SETTING_IMAGE);
    _cleanup_(cleanup_questions) struct question questions[QUESTIONS] = {
        [ASK_NAMES] = {.path = incus_path("recursion=0", "instances", NULL)},
        [ASK_IMAGE] = {.path = incus_path(NULL, "images", "aliases", image, NULL)},
    };
    server_ask(client, prepared->place.member, &questions[ASK_SERVER]);
    network_ask(&prepared->network, &questions[ASK_NETWORK]);
    return incus_ask_all(client, questions, QUESTIONS, err) &&
           read_answers(client, prepared, questions, err);
}
