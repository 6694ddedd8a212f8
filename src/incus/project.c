#include "incus/project.h"

#include "base/path.h"

#include <string.h>

void project_done(struct project *project) {
    free(project->name);
    free(project->uids);
    free(project->gids);
    free(project->paths);
    free(project->networks);
    *project = (struct project){0};
}

static bool allows(const json_t *config, const char *key) {
    return str_equal(json_get_str(config, key), "allow");
}

void project_read(const json_t *metadata, struct project *project) {
    const json_t *config = json_at(metadata, "config");
    project_done(project);
    if (!str_equal(json_get_str(config, "restricted"), "true"))
        return;
    *project = (struct project){
        .name = str_copy(json_str_at(metadata, "name")),
        .restricted = true,
        .raw_idmap = allows(config, "restricted.containers.lowlevel"),
        .uids = str_copy(json_get_str(config, "restricted.idmap.uid")),
        .gids = str_copy(json_get_str(config, "restricted.idmap.gid")),
        /* "managed", as built in, allows volumes of the daemon's alone */
        .disks = allows(config, "restricted.devices.disk"),
        .paths = str_copy(json_get_str(config, "restricted.devices.disk.paths")),
        .interception = allows(config, "restricted.containers.interception") ||
                        str_equal(json_get_str(config, "restricted.containers.interception"), "full"),
        .lowlevel = allows(config, "restricted.containers.lowlevel"),
        .nesting = allows(config, "restricted.containers.nesting"),
        .proxies = allows(config, "restricted.devices.proxy"),
        .networks = str_copy(json_get_str(config, "restricted.networks.access")),
    };
}

/* "1000-1010" or "1001". */
static bool range_has(char *text, uint32_t id) {
    char *last = text;
    unsigned long from, to;
    const char *first = strsep(&last, "-");
    if (!str_to_number(first, UINT32_MAX, &from))
        return false;
    to = from;
    return (!last || str_to_number(last, UINT32_MAX, &to)) && id >= from && id <= to;
}

static bool ranges_have(const char *ranges, uint32_t id) {
    _cleanup_free_ char *copy = str_copy(ranges);
    char *rest = copy;
    for (char *one; (one = strsep(&rest, ", "));)
        if (range_has(one, id))
            return true;
    return false;
}

bool project_allows_uid(const struct project *project, uint32_t uid) {
    return !project->restricted || project->raw_idmap || ranges_have(project->uids, uid);
}

bool project_allows_gid(const struct project *project, uint32_t gid) {
    return !project->restricted || project->raw_idmap || ranges_have(project->gids, gid);
}

bool project_allows_source(const struct project *project, const char *path) {
    if (!project->restricted || (project->disks && !*project->paths))
        return true;
    _cleanup_free_ char *copy = str_copy(project->disks ? project->paths : "");
    char *rest = copy;
    for (char *one; (one = strsep(&rest, ","));) {
        one += strspn(one, " ");
        if (*one && path_is_under(path, one))
            return true;
    }
    return false;
}

static bool lists(const char *list, const char *name) {
    _cleanup_free_ char *copy = str_copy(list);
    char *rest = copy;
    for (char *one; (one = strsep(&rest, ", "));)
        if (str_equal(one, name))
            return true;
    return false;
}

bool project_allow_network(struct incus *client, const char *project, const char *network,
                           struct error *err) {
    _cleanup_(project_done) struct project found = {0};
    _cleanup_json_ json_t *metadata = NULL;
    _cleanup_free_ char *path = incus_path(NULL, "projects", project, NULL);
    if (!incus_request(client, "GET", path, NULL, &metadata, err)) {
        if (err->code == 404) {
            _cleanup_free_ char *shown = str_shown(project);
            error_set(err, ERROR_FAILED, "project \"%s\" not found", shown);
        }
        return false;
    }
    project_read(metadata, &found);
    if (!found.restricted || !*found.networks || lists(found.networks, network))
        return true;
    _cleanup_free_ char *all = str_printf("%s,%s", found.networks, network);
    /* a PATCH would set the features that it leaves out */
    _cleanup_json_ json_t *body =
        json_pack("{s:o, s:O}", "description", json_text(json_str_at(metadata, "description")), "config",
                  json_at(metadata, "config"));
    json_object_set_new(json_object_get(body, "config"), "restricted.networks.access", json_text(all));
    return incus_request(client, "PUT", path, body, NULL, err);
}
