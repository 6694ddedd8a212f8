#include "cli/command.h"
#include "cli/flags.h"
#include "cli/idmap_fix.h"
#include "idmap/explain.h"
#include "launch/guarding.h"
#include "launch/ownership.h"
#include "launch/place.h"
#include "launch/prepare.h"
#include "session/inspect.h"
#include "workspace/name.h"
#include "workspace/workspace.h"

#include <string.h>
#include <sys/stat.h>

/* Entries that are looked at. */
#define ENTRIES_LIMIT 10000

/* A workspace, and what was found out about it. */
struct examined {
    struct workspace workspace;
    struct idmap_facts facts;
    struct idmap_decision decision;
    struct owners owners;
    struct error away; /* why the daemon could not be asked */
};

static void examined_done(struct examined *examined) {
    workspace_done(&examined->workspace);
    owners_done(&examined->owners);
    error_done(&examined->away);
    *examined = (struct examined){0};
}

/*
 * The decision needs no daemon but for its features: one that is away leaves them unknown, which the
 * decision then says.
 */
static bool examine(struct cli *cli, const char *path, struct examined *found, struct error *err) {
    _cleanup_(server_done) struct server server = {0};
    _cleanup_(mounts_done) struct mounts mounts = {0};
    _cleanup_(place_done) struct place place = {0};
    if (!str_equal(path, cli->request.workspace))
        str_set(&cli->request.workspace, path);
    if (!place_find(cli->client, &cli->request, &found->workspace, &place, err) ||
        !prepare_mounts(&cli->request, &mounts, err))
        return false;
    bool known = server_get(cli->client, place.member, &server, &found->away);
    struct facts_there there = prepare_there(cli->client, &cli->settings, &place, &found->workspace);
    if (!found->workspace.elsewhere)
        guarding_disks_of(&found->workspace, &cli->settings, known ? &server.project : NULL, &mounts);
    if (!prepare_decision(&cli->settings, found->workspace.source, place.other ? &there : NULL, &mounts,
                          known ? &server : NULL, &found->facts, &found->decision, err))
        return false;
    if (found->decision.method != IDMAP_REFUSED && !found->workspace.elsewhere)
        owners_count(found->workspace.source, ENTRIES_LIMIT, &found->owners);
    return true;
}

static bool show(struct cli *cli, const struct examined *found, struct error *err) {
    _cleanup_(buffer_done) struct buffer text = {0};
    _cleanup_(strings_done) struct strings lines = {0};
    const struct idmap_facts *facts = &found->facts;
    const struct idmap_decision *decision = &found->decision;
    if (found->away.class)
        cli_notice(cli, "%s", found->away.message);
    _cleanup_json_ json_t *json = explain_json(found->workspace.path, facts, decision);
    explain_text(found->workspace.path, facts, decision, &text);
    if (decision->method != IDMAP_REFUSED && !facts->elsewhere) {
        ownership_lines(&found->owners, facts, decision, &lines);
        json_object_set_new(json, "entries", ownership_json(&found->owners, facts, decision));
    }
    for (size_t i = 0; i < lines.count; i++)
        buffer_printf(&text, "%-11s %s\n", i ? "" : "entries", lines.items[i]);
    if (lines.count > 1)
        buffer_text(&text, "            berth idmap --fix-owners prints what gives them to you\n");
    return cli_wants_json(cli) ? cli_print_json(json, err) : cli_print(text.data, err);
}

/* What was asked for is printed, or done; *changed tells that the facts are others now. */
static bool fix(struct cli *cli, const struct examined *found, bool *changed, struct error *err) {
    if (*found->facts.machine) {
        error_set(err, ERROR_REFUSED, "what is missing on %s can only be mended there",
                  found->facts.machine);
        error_hint(err, "berth idmap --fix, on that machine");
        return false;
    }
    bool strangers = ownership_strangers(&found->owners, &found->facts, &found->decision) > 0;
    return (!cli->fix || idmap_fix(cli, &found->facts, &found->decision, &found->away, changed, err)) &&
           (!cli->fix_owners ||
            idmap_fix_owners(cli, found->workspace.source, &found->facts, strangers, changed, err));
}

static int of_workspace(struct cli *cli, const char *path, struct error *err) {
    _cleanup_(examined_done) struct examined found = {0};
    bool fixing = cli->fix || cli->fix_owners, changed = false;
    cli->request.settings = &cli->settings;
    if (!cli_connect(cli, err) || !examine(cli, path, &found, err) ||
        (fixing && !fix(cli, &found, &changed, err)))
        return -1;
    if (changed) {
        examined_done(&found);
        if (!examine(cli, path, &found, err))
            return -1;
    }
    if ((!fixing || changed) && !show(cli, &found, err))
        return -1;
    if (fixing && !changed)
        return 0;
    return found.decision.method != IDMAP_REFUSED && found.decision.view.writable ? 0 : 1;
}

static json_t *ids_json(bool known, struct idmap_ids ids) {
    return known ? json_pack("{s:I, s:I}", "uid", (json_int_t)ids.uid, "gid", (json_int_t)ids.gid)
                 : json_null();
}

static json_t *inspection_json(const struct inspection *found) {
    return json_pack("{s:s, s:s, s:s, s:O?, s:O, s:o, s:o, s:o, s:b, s:b}", "name", found->name, "status",
                     found->status, "raw", found->raw, "current", found->current, "disks", found->disks,
                     "owner", ids_json(found->owner_known, found->owner), "predicted",
                     ids_json(found->owner_known, found->predicted), "seen",
                     ids_json(found->seen_known, found->seen), "holds", found->holds, "writable",
                     found->writable);
}

static void map_lines(const struct inspection *found, struct buffer *out) {
    size_t index;
    const json_t *range;
    json_array_foreach(found->current, index, range) {
        bool uid = json_bool_at(range, "Isuid"), gid = json_bool_at(range, "Isgid");
        long long inside = json_int_at(range, "Nsid"), host = json_int_at(range, "Hostid"),
                  size = json_int_at(range, "Maprange");
        buffer_printf(out, "%-11s %s %lld-%lld inside = %lld-%lld on the host\n", index ? "" : "id map",
                      uid && gid ? "both"
                      : uid      ? "uid "
                                 : "gid ",
                      inside, inside + size - 1, host, host + size - 1);
    }
}

static void disk_lines(const struct inspection *found, struct buffer *out) {
    size_t index;
    const json_t *disk;
    json_array_foreach(found->disks, index, disk) {
        _cleanup_free_ char *source = str_shown(json_str_at(disk, "source")),
                            *path = str_shown(json_str_at(disk, "path"));
        buffer_printf(out, "disk        %s -> %s, shift %s\n", source, path,
                      json_bool_at(disk, "shift") ? "true" : "false");
    }
}

static void inspection_text(const struct inspection *found, struct buffer *out) {
    _cleanup_free_ char *raw = explain_raw(found->raw);
    buffer_printf(out, "container   %s (%s)\n", found->name, found->status);
    buffer_printf(out, "raw.idmap   %s\n", *raw ? raw : "none");
    map_lines(found, out);
    disk_lines(found, out);
    if (found->owner_known)
        buffer_printf(out, "owner       %u:%u on the host, predicted inside as %u:%u\n", found->owner.uid,
                      found->owner.gid, found->predicted.uid, found->predicted.gid);
    if (found->seen_known)
        buffer_printf(out, "seen        %u:%u inside, where code is %u:%u: %s\n", found->seen.uid,
                      found->seen.gid, found->code.uid, found->code.gid,
                      found->holds ? "as predicted" : "NOT AS PREDICTED");
    else
        buffer_text(out, "seen        not asked: it does not run\n");
    if (!found->writable)
        buffer_text(out, "warning     /workspace does not belong to code inside\n");
}

static int of_instance(struct cli *cli, const char *name, struct error *err) {
    _cleanup_(inspection_done) struct inspection found = {0};
    if (!cli_connect(cli, err))
        return -1;
    if (!inspect_instance(cli->client, name, &cli->settings, &found, err)) {
        if (err->code == 404) {
            _cleanup_free_ char *shown = str_shown(name);
            error_set(err, ERROR_FAILED, "%s not found: neither a directory nor a container", shown);
            error_hint(err, "berth list shows the containers; a directory is named with a slash: ./%s",
                       shown);
        }
        return -1;
    }
    _cleanup_(buffer_done) struct buffer text = {0};
    _cleanup_json_ json_t *json = inspection_json(&found);
    inspection_text(&found, &text);
    if (!(cli_wants_json(cli) ? cli_print_json(json, err) : cli_print(text.data, err)))
        return -1;
    return found.holds && found.writable ? 0 : 1;
}

static int run(struct cli *cli, struct error *err) {
    struct stat info;
    const char *prefix = name_prefix(err);
    if (!prefix)
        return -1;
    const char *which = cli->arguments.count ? cli->arguments.items[0] : cli->request.workspace;
    if (!which)
        which = ".";
    if (cli->apply && !cli->fix && !cli->fix_owners) {
        error_set(err, ERROR_USAGE, "--apply needs --fix or --fix-owners: what is to be done");
        return -1;
    }
    if ((cli->fix || cli->fix_owners) && cli_wants_json(cli)) {
        error_set(err, ERROR_USAGE, "--fix and --fix-owners print commands, which are no JSON");
        return -1;
    }
    bool path = strchr(which, '/') || which[0] == '.' || which[0] == '~' || stat(which, &info) == 0;
    if (path && !name_parse(prefix, which, NULL))
        return of_workspace(cli, which, err);
    if (cli->fix || cli->fix_owners) {
        error_set(err, ERROR_USAGE, "--fix and --fix-owners take a directory, not a container");
        return -1;
    }
    return of_instance(cli, which, err);
}

static const struct flag *const flags[] = {&flag_format, &flag_fix, &flag_fix_owners, &flag_apply, NULL};

const struct command command_idmap = {
    .name = "idmap",
    .most = 1,
    .completes = COMPLETES_SESSIONS,
    .arguments = "[PATH|NAME]",
    .summary = "the mapping: decided for a workspace, or real in a container",
    .help =
        "For a workspace (default .): the facts, the decision and its reason, what /workspace will look\n"
        "like, whose its entries will be (the first 10,000), warnings and what to do. Nothing is "
        "launched.\n"
        "For a container's name: what it really has, and whether that is as predicted. Exit status 0 if\n"
        "code can write there, 1 if not.\n"
        "--fix prints the commands that are missing for a session, --fix-owners the one that gives you\n"
        "what would be nobody's inside. With --apply they are run, through sudo: lines are appended to\n"
        "/etc/subuid and /etc/subgid, and what is there stays.",
    .flags = flags,
    .run = run};
