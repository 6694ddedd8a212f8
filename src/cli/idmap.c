#include "cli/command.h"
#include "cli/flags.h"
#include "idmap/explain.h"
#include "launch/prepare.h"
#include "session/inspect.h"
#include "workspace/name.h"
#include "workspace/workspace.h"

#include <string.h>
#include <sys/stat.h>

/*
 * The decision needs no daemon but for its features: one that is away leaves them unknown, which the
 * decision then says.
 */
static int of_workspace(struct cli *cli, const char *path, struct error *err) {
    _cleanup_(workspace_done) struct workspace workspace = {0};
    _cleanup_(server_done) struct server server = {0};
    _cleanup_(error_done) struct error away = {0};
    struct idmap_facts facts;
    struct idmap_decision decision;
    _cleanup_(mounts_done) struct mounts mounts = {0};
    cli->request.settings = &cli->settings;
    if (!workspace_find(path, &workspace, err) || !prepare_mounts(&cli->request, &mounts, err) ||
        !cli_connect(cli, err))
        return -1;
    bool known = server_get(cli->client, &server, &away);
    if (!known)
        cli_notice(cli, "%s", away.message);
    if (!prepare_decision(&cli->settings, workspace.source, &mounts, known ? &server : NULL, &facts,
                          &decision, err))
        return -1;
    _cleanup_(buffer_done) struct buffer text = {0};
    _cleanup_json_ json_t *json = explain_json(workspace.path, &facts, &decision);
    explain_text(workspace.path, &facts, &decision, &text);
    if (!(cli_wants_json(cli) ? cli_print_json(json, err) : cli_print(text.data, err)))
        return -1;
    return decision.method != IDMAP_REFUSED && decision.view.writable ? 0 : 1;
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
    bool path = strchr(which, '/') || which[0] == '.' || which[0] == '~' || stat(which, &info) == 0;
    if (path && !name_parse(prefix, which, NULL))
        return of_workspace(cli, which, err);
    return of_instance(cli, which, err);
}

static const struct flag *const flags[] = {&flag_format, NULL};

const struct command command_idmap = {
    .name = "idmap",
    .most = 1,
    .completes = COMPLETES_SESSIONS,
    .arguments = "[PATH|NAME]",
    .summary = "the mapping: decided for a workspace, or real in a container",
    .help =
        "For a workspace (default .): the facts, the decision and its reason, what /workspace will look\n"
        "like, warnings and what to do. Nothing is launched. For a container's name: what it really has,\n"
        "and whether that is as predicted. Exit status 0 if code can write there, 1 if not.",
    .flags = flags,
    .run = run};
