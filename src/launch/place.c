#include "launch/place.h"

#include "incus/member.h"

#include <string.h>

/* A pool with less is full as soon as something is done in it. */
#define POOL_ROOM ((int64_t)512 << 20)

void place_done(struct place *place) {
    free(place->member);
    free(place->name);
    free(place->why);
    *place = (struct place){0};
}

/* What was asked for, and what the daemon says to it. */
struct search {
    struct incus *client;
    const struct settings *settings;
    const char *target; /* "": none */
    const char *own;    /* the member that answers; NULL: it is in no cluster */
    const struct members *members;
    const char *said; /* the member whose directory it is said to be; NULL: not said */
    struct place *place;
};

static const char *remote_of(const struct search *search) {
    return incus_endpoint(search->client)->remote;
}

static bool is_own(const struct search *search, const char *member) {
    return !member || str_equal(member, search->own);
}

static bool no_member(const struct search *search, const char *name, struct error *err) {
    _cleanup_free_ char *shown = str_shown(name);
    _cleanup_(strings_done) struct strings names = {0};
    if (!search->own) {
        error_set(err, ERROR_USAGE, "%s is no machine that is known: the daemon is in no cluster", shown);
        error_hint(
            err, "--target, and MEMBER: before a path, name a cluster's member; a remote is --remote NAME");
        return false;
    }
    for (size_t i = 0; i < search->members->count; i++)
        strings_add(&names, search->members->items[i].name);
    _cleanup_free_ char *list = strings_join(&names, ", ");
    error_set(err, ERROR_USAGE, "%s is no member of the cluster", shown);
    error_hint(err, "its members are: %s", list);
    return false;
}

static bool check_online(const struct member *member, struct error *err) {
    if (str_equal(member->status, "Online"))
        return true;
    error_set(err, ERROR_FAILED, "member %s is %s: %s", member->name, member->status, member->message);
    error_hint(err, "incus cluster list shows the members; --target names another");
    return false;
}

/* A machine's directories are not another's: the ways out, for who has asked for that. */
static bool not_its_directory(const struct search *search, const char *there, const char *path,
                              struct error *err) {
    const char *remote = remote_of(search);
    error_set(err, ERROR_REFUSED,
              "nothing was launched: %s is a directory of this machine, and %s has its own", path, there);
    error_hint(err, "--workspace %s:%s says that it is %s's", remote && !search->said ? remote : there,
               path, there);
    error_hint(err,
               "[incus] shared = %s, in the settings, says that all machines have the same files there",
               path);
    if (!remote)
        error_hint(err, "without --target it is launched here, on %s", search->own);
    return false;
}

/* Of the members of `group` (NULL: of all) the one with the most free memory, whose pool has room. */
static bool choose(const struct search *search, const char *group, struct error *err) {
    struct members *members = (struct members *)search->members;
    const char *pool = settings_text(search->settings, SETTING_STORAGE_POOL);
    const struct member *best = NULL;
    size_t able = 0;
    _cleanup_(strings_done) struct strings why = {0};
    if (!members_load(search->client, members, *pool ? pool : "default", err))
        return false;
    for (size_t i = 0; i < members->count; i++) {
        const struct member *member = &members->items[i];
        if (group && !strings_has(&member->groups, group))
            continue;
        if (!str_equal(member->status, "Online"))
            strings_printf(&why, "%s is %s", member->name, member->status);
        else if (!member->answered)
            strings_printf(&why, "%s does not answer", member->name);
        else if (member->pool_free >= 0 && member->pool_free < POOL_ROOM)
            strings_printf(&why, "%s has %lld MiB left in its pool", member->name,
                           (long long)(member->pool_free >> 20));
        else if (able++, !best || member->memory_free > best->memory_free)
            best = member;
    }
    _cleanup_free_ char *list = strings_join(&why, "; ");
    if (!best) {
        error_set(err, ERROR_FAILED, "no member%s%s can take it%s%s", group ? " of group " : "",
                  group ? group : "", *list ? ": " : "", list);
        error_hint(err, "incus cluster list shows the members");
        return false;
    }
    search->place->member = str_copy(best->name);
    search->place->why = str_printf("%s: %.1f GiB of memory free, the most of %zu%s%s", best->name,
                                    (double)best->memory_free / (1 << 30), able, *list ? "; " : "", list);
    return true;
}

/* The member by the target alone; NULL: the daemon's own. */
static bool take_target(const struct search *search, struct error *err) {
    const char *target = search->target;
    if (!*target)
        return true;
    if (str_equal(target, "auto") || *target == '@') {
        if (!search->own)
            return no_member(search, target, err);
        return choose(search, *target == '@' ? target + 1 : NULL, err);
    }
    const struct member *member = members_find(search->members, target);
    if (!member)
        return no_member(search, target, err);
    search->place->member = str_copy(target);
    return check_online(member, err);
}

static void settle(const struct search *search) {
    struct place *place = search->place;
    const char *remote = remote_of(search);
    bool own = is_own(search, place->member);
    place->other = remote || !own;
    if (!own)
        place->name = str_copy(place->member);
    else if (remote)
        place->name = str_copy(remote);
    if (own)
        str_set(&place->member, NULL);
}

/* "MEMBER:PATH": it is there, and nowhere else. */
static bool find_said(const struct search *search, const char *path, struct workspace *workspace,
                      struct error *err) {
    const char *said = search->said, *target = search->target;
    if (said && !members_find(search->members, said))
        return no_member(search, said, err);
    if (*target && !str_equal(target, "auto") && !str_equal(target, said ? said : search->own)) {
        error_set(err, ERROR_REFUSED, "nothing was launched: the directory is %s's, and %s was asked for",
                  said ? said : remote_of(search), target);
        error_hint(err, "without a target it goes where its directory is");
        return false;
    }
    if (said && !check_online(members_find(search->members, said), err))
        return false;
    search->place->member = str_copy(said);
    settle(search);
    return search->place->other ? workspace_elsewhere(search->place->member, path, workspace, err)
                                : workspace_find(path, workspace, err);
}

/* A directory of ours: it can be on another machine only where all have the same files. */
static bool find_shared(struct search *search, const char *given, struct workspace *workspace,
                        struct error *err) {
    if (!workspace_find(given, workspace, err))
        return false;
    bool shared = workspace_is_shared(workspace, settings_text(search->settings, SETTING_SHARED)),
         any = str_equal(search->target, "auto") || *search->target == '@';
    if (str_equal(search->target, "auto") && !search->own &&
        search->settings->values[SETTING_TARGET].origin != ORIGIN_FLAG)
        search->target = ""; /* of one machine it is the best */
    if (any && *search->target && !shared && !remote_of(search)) {
        if (search->settings->values[SETTING_TARGET].origin != ORIGIN_FLAG) {
            search->target = ""; /* where it may be anywhere: this may not */
        } else {
            error_set(
                err, ERROR_REFUSED,
                "nothing was launched: %s is a directory of this machine, not the same on every member",
                workspace->path);
            error_hint(err, "[incus] shared = %s, in the settings, says that it is the same on all",
                       workspace->path);
            return false;
        }
    }
    if (!take_target(search, err))
        return false;
    settle(search);
    return !search->place->other || shared ||
           not_its_directory(search, search->place->name, workspace->path, err);
}

static bool ask(struct search *search, struct question questions[2], struct members *members,
                struct error *err) {
    questions[0].path = str_copy("/1.0");
    questions[1].path = members_path();
    if (!incus_ask_all(search->client, questions, 2, err))
        return false;
    if (questions[0].err.class) {
        error_move(err, &questions[0].err);
        return false;
    }
    const json_t *environment = json_at(questions[0].metadata, "environment");
    if (json_bool_at(environment, "server_clustered")) {
        search->own = json_str_at(environment, "server_name");
        members_read(questions[1].metadata, members);
    }
    return true;
}

static bool find(struct search *search, const char *given, struct workspace *workspace, struct error *err) {
    _cleanup_free_ char *first = NULL, *second = NULL;
    const char *path = NULL, *remote = remote_of(search);
    if (!workspace_is_qualified(given, &first, &second, &path))
        return find_shared(search, given, workspace, err);
    if (remote && str_equal(first, remote)) {
        search->said = second;
        return find_said(search, path, workspace, err);
    }
    if (second) {
        error_set(err, ERROR_USAGE, "%s: that workspace is said to be remote %s's", given, first);
        error_hint(err, "--remote %s", first);
        return false;
    }
    search->said = first;
    return find_said(search, path, workspace, err);
}

/* For an array of two. */
static void cleanup_questions(struct question (*both)[2]) {
    questions_done(*both, 2);
}

bool place_find(struct incus *client, const struct launch_request *request, struct workspace *workspace,
                struct place *place, struct error *err) {
    const char *given = request->workspace ? request->workspace : ".", *path = NULL,
               *target = settings_text(request->settings, SETTING_TARGET);
    _cleanup_free_ char *first = NULL, *second = NULL;
    if (!incus_is_remote(client) && !*target && !workspace_is_qualified(given, &first, &second, &path))
        return workspace_find(given, workspace, err);
    _cleanup_(members_done) struct members members = {0};
    _cleanup_(cleanup_questions) struct question questions[2] = {0};
    struct search search = {.client = client,
                            .settings = request->settings,
                            .target = target,
                            .members = &members,
                            .place = place};
    return ask(&search, questions, &members, err) && find(&search, given, workspace, err);
}

json_t *place_json(const struct place *place) {
    return json_pack("{s:s?, s:s?, s:s?}", "machine", place->name, "member", place->member, "why",
                     place->why);
}

const struct machine *place_machine(const struct incus *client, const struct settings *settings,
                                    const struct place *place) {
    const struct machine *machine =
        place->member ? machines_find(&settings->machines, MACHINE_MEMBER, place->member) : NULL;
    const char *remote = incus_endpoint(client)->remote;
    return machine || !remote ? machine : machines_find(&settings->machines, MACHINE_REMOTE, remote);
}
