/* What there is of sessions, and what a session here would be: its mapping, delegation and guard. */
#include "health/examine.h"
#include "idmap/explain.h"
#include "launch/prepare.h"
#include "session/list.h"
#include "session/orphan.h"
#include "session/protection.h"
#include "session/standby.h"
#include "workspace/workspace.h"

#include <string.h>

static bool check_containers(const struct health_subject *subject, struct health *health,
                             struct error *err) {
    _cleanup_(session_list_done) struct session_list sessions = {0};
    _cleanup_(standbys_done) struct standbys standbys = {0};
    if (!session_list_load(subject->client, subject->prefix, false, &sessions, err) ||
        !standbys_load(subject->client, subject->prefix, subject->settings, &standbys, err))
        return false;
    size_t running = 0, orphaned = 0, stale = 0;
    orphans_settle(subject->client, &sessions);
    for (size_t i = 0; i < sessions.count; i++) {
        running += str_equal(sessions.items[i].status, "Running");
        orphaned += sessions.items[i].orphaned;
    }
    for (size_t i = 0; i < standbys.count; i++)
        stale += standbys.items[i].stale != NULL;
    struct health_check *check = health_add(health, "active_containers", HEALTH_OK,
                                            "%zu, %zu of them running", sessions.count, running);
    if (standbys.count)
        health_details(check, "and %zu standby", standbys.count);
    check = health_add(health, "orphaned_resources", orphaned + stale ? HEALTH_WARNING : HEALTH_OK, "%zu",
                       orphaned + stale);
    if (orphaned + stale) {
        health_details(check, "%zu of runs whose berth has died, %zu standby that no run would take",
                       orphaned, stale);
        health_fix(check, "berth clean");
    }
    return true;
}

static void check_delegation(struct health *health, const char *name, enum idmap_delegation delegation,
                             unsigned int malformed, unsigned long id, bool needed,
                             const struct idmap_line *line) {
    static const char *const words[] = {[IDMAP_NOT_DELEGATED] = "not delegated",
                                        [IDMAP_DELEGATED] = "delegated",
                                        [IDMAP_UNCONSULTED] = "not asked: there is no newuidmap here",
                                        [IDMAP_UNREAD] = "not known from here"};
    enum health_status status = delegation == IDMAP_NOT_DELEGATED && needed ? HEALTH_FAILED
                                : malformed                                 ? HEALTH_WARNING
                                                                            : HEALTH_OK;
    struct health_check *check =
        health_add(health, name, status, "%lu is %s%s", id, words[delegation],
                   delegation == IDMAP_NOT_DELEGATED && !needed ? ", and need not be" : "");
    if (malformed)
        health_details(check, "line %u of /etc/%s is malformed and counts for nothing", malformed, name);
    if (malformed)
        health_fix(check, "sudoedit /etc/%s", name);
    if (status == HEALTH_FAILED && line)
        health_fix(check, "echo %s | sudo tee -a %s; berth idmap --fix --apply does it", line->line,
                   line->file);
}

static const struct idmap_line *line_of(const struct idmap_line *lines, size_t count, const char *file) {
    for (size_t i = 0; i < count; i++)
        if (strstr(lines[i].file, file))
            return &lines[i];
    return NULL;
}

static void check_facts(const struct idmap_facts *facts, const struct idmap_decision *decision,
                        struct health *health) {
    struct idmap_line lines[2];
    _cleanup_(strings_done) struct strings warnings = {0};
    _cleanup_(error_done) struct error refusal = {0};
    size_t count = explain_lines(facts, decision, lines);
    bool needed = decision->reason == IDMAP_NOT_DELEGATED_IDS;
    check_delegation(health, "subuid", facts->uid_delegation, facts->subuid_malformed, facts->host.uid,
                     needed, line_of(lines, count, "subuid"));
    check_delegation(health, "subgid", facts->gid_delegation, facts->subgid_malformed, facts->host.gid,
                     needed && line_of(lines, count, "subgid"), line_of(lines, count, "subgid"));
    if (decision->method == IDMAP_REFUSED) {
        explain_refusal(facts, decision, &refusal);
        health_add_error(health, "mapping", HEALTH_FAILED, &refusal);
        return;
    }
    _cleanup_free_ char *raw = explain_raw(decision->raw), *reason = explain_reason(facts, decision);
    explain_warnings(facts, decision, &warnings);
    struct health_check *check = health_add(health, "mapping", warnings.count ? HEALTH_WARNING : HEALTH_OK,
                                            "%s: %s", *raw ? raw : "shift", reason);
    if (!warnings.count)
        return;
    _cleanup_(strings_done) struct strings remedies = {0};
    explain_remedies(facts, decision, &remedies);
    _cleanup_free_ char *words = strings_join(&warnings, "; "),
                        *fix = remedies.count ? strings_join(&remedies, "; ") : str_copy("");
    health_details(check, "%s", words);
    health_fix(check, "%s", fix);
}

static void check_guard(const struct health_subject *subject, const char *path, struct health *health) {
    _cleanup_(protection_done) struct protection protection = {0};
    _cleanup_(mounts_done) struct mounts mounts = {0};
    _cleanup_(error_done) struct error why = {0};
    if (!protection_load(path, subject->settings, &mounts, &protection, &why)) {
        health_add_error(health, "guard", HEALTH_FAILED, &why);
        return;
    }
    size_t changed = protection.changes.count;
    _cleanup_free_ char *words = protection_words(&protection);
    struct health_check *check =
        health_add(health, "guard", changed ? HEALTH_WARNING : HEALTH_OK, "%s", words);
    if (!changed)
        return;
    health_details(check, "%zu path%s changed during a session", changed, changed == 1 ? "" : "s");
    health_fix(check, "berth guard shows the difference; berth guard accept or restore settles it");
}

/* `server` NULL: the daemon is away. */
static void check_workspace(const struct health_subject *subject, const struct server *server,
                            struct health *health) {
    _cleanup_(workspace_done) struct workspace workspace = {0};
    _cleanup_(error_done) struct error why = {0};
    struct idmap_facts facts;
    struct idmap_decision decision;
    if (incus_is_remote(subject->client)) {
        struct health_check *check = health_add(health, "mapping", HEALTH_OK, "not looked at: it is %s's",
                                                incus_remote(subject->client));
        health_details(check, "berth -w %s:PATH idmap says what is known of it from here",
                       incus_remote(subject->client));
        return;
    }
    bool found = workspace_find(subject->workspace ? subject->workspace : ".", &workspace, &why);
    if (!found && !subject->workspace) { /* nobody has said that it should be one */
        struct health_check *check =
            health_add(health, "mapping", HEALTH_OK, "not looked at: %s", why.message);
        health_details(check, "-w PATH looks at a workspace");
        return;
    }
    if (!found || !prepare_decision(subject->settings, workspace.source, NULL, NULL, server, &facts,
                                    &decision, &why)) {
        health_add_error(health, "mapping", HEALTH_FAILED, &why);
        return;
    }
    check_facts(&facts, &decision, health);
    check_guard(subject, workspace.path, health);
}

bool health_examine(const struct health_subject *subject, struct health *health, struct error *err) {
    _cleanup_(server_done) struct server server = {0};
    health_examine_host(subject, health);
    if (!health_examine_daemon(subject, &server, health, err))
        return false;
    check_workspace(subject, server.version ? &server : NULL, health);
    return !server.version || check_containers(subject, health, err);
}
