#include "cli/idmap_fix.h"

#include "base/path.h"
#include "base/process.h"
#include "idmap/explain.h"
#include "incus/socket.h"
#include "launch/ownership.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>

/* A command as it would be typed. Caller owns. */
static char *typed(const struct strings *command) {
    _cleanup_(strings_done) struct strings words = {0};
    for (size_t i = 0; i < command->count; i++)
        strings_take(&words, str_quoted(command->items[i]));
    return strings_join(&words, " ");
}

/* Its first word is sudo, which root does without. `input` NULL: it reads nothing. */
static bool run(struct cli *cli, const struct strings *command, const char *input, const char *shown,
                struct error *err) {
    char **argv = command->items + (geteuid() == 0 ? 1 : 0);
    int status = 0;
    _cleanup_free_ char *program = path_find_program(argv[0]);
    if (!program) {
        error_set(err, ERROR_FAILED, "%s not found, which this takes: %s", argv[0], shown);
        error_hint(err, "as root berth does without sudo");
        return false;
    }
    _cleanup_free_ char **resolved = mem_new((command->count + 1) * sizeof *resolved);
    for (size_t i = 0; argv[i]; i++)
        resolved[i] = argv[i];
    resolved[0] = program;
    cli_notice(cli, "%s", shown);
    if (!(input ? process_feed(cli->loop, resolved, input, &status, err)
                : process_run(cli->loop, resolved, &status, err)))
        return false;
    return status == 0 ||
           error_set(err, ERROR_FAILED, "%s: ended with status %d", shown, process_status(status));
}

/* Printed, or run. */
static bool carry_out(struct cli *cli, const struct strings *command, const char *input, const char *shown,
                      struct error *err) {
    if (cli->apply)
        return run(cli, command, input, shown, err);
    _cleanup_free_ char *line = str_printf("%s\n", shown);
    return cli_print(line, err);
}

/* A last line without its newline must not swallow ours. */
static char *line_for(const struct idmap_line *line) {
    _cleanup_(buffer_done) struct buffer content = {0};
    _cleanup_(error_done) struct error ignored = {0};
    bool open =
        path_read(line->file, &content, &ignored) && content.size && content.data[content.size - 1] != '\n';
    return str_printf("%s%s\n", open ? "\n" : "", line->line);
}

static bool delegate(struct cli *cli, const struct idmap_line *line, struct error *err) {
    _cleanup_(strings_done) struct strings command = {0};
    _cleanup_free_ char *input = line_for(line),
                        *shown = str_printf("echo %s | sudo tee -a %s", line->line, line->file);
    strings_add_all(&command, "sudo", "tee", "-a", line->file, NULL);
    return carry_out(cli, &command, input, shown, err);
}

static bool is_member(const char *group, const char *user) {
    const struct group *entry = getgrnam(group);
    for (char **member = entry ? entry->gr_mem : NULL; member && *member; member++)
        if (str_equal(*member, user))
            return true;
    return false;
}

/* The group of incus-user's socket where there is one: the other makes its members as good as root. */
static bool join(struct cli *cli, struct error *err) {
    const char *socket = incus_address(cli->client);
    _cleanup_free_ char *of_user = socket_user_group(socket), *of_daemon = socket_group(socket);
    const char *group = of_user ? of_user : of_daemon;
    const struct passwd *account = getpwuid(getuid());
    if (!group || !account)
        return error_set(err, ERROR_FAILED, "user %u has no account that could join a group", getuid());
    if (is_member(group, account->pw_name)) {
        cli_notice(cli, "%s is in the group %s: log in again, or newgrp %s", account->pw_name, group,
                   group);
        return true;
    }
    _cleanup_(strings_done) struct strings command = {0};
    strings_add_all(&command, "sudo", "usermod", "-aG", group, account->pw_name, NULL);
    _cleanup_free_ char *shown = typed(&command);
    bool good = carry_out(cli, &command, NULL, shown, err);
    if (good && cli->apply)
        cli_notice(cli, "log in again, or newgrp %s: a session keeps the groups that it began with", group);
    return good;
}

static void say_error(const struct cli *cli, const struct error *err) {
    cli_notice(cli, "%s", err->message);
    for (size_t i = 0; i < err->hints.count; i++)
        cli_notice(cli, "%s", err->hints.items[i]);
}

/* What is refused for a reason that no command of ours takes away. */
static void say_refusal(const struct cli *cli, const struct idmap_facts *facts,
                        const struct idmap_decision *decision) {
    _cleanup_(error_done) struct error refusal = {0};
    if (!explain_refusal(facts, decision, &refusal))
        say_error(cli, &refusal);
}

bool idmap_fix(struct cli *cli, const struct idmap_facts *facts, const struct idmap_decision *decision,
               const struct error *away, bool *changed, struct error *err) {
    struct idmap_line lines[2];
    size_t count = explain_lines(facts, decision, lines);
    bool no_permission = away->code == EACCES || away->code == EPERM;
    if (no_permission && !join(cli, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!delegate(cli, &lines[i], err))
            return false;
    *changed |= cli->apply && (count || no_permission);
    if (away->class && !no_permission)
        say_error(cli, away);
    else if (count == 0 && decision->method == IDMAP_REFUSED)
        say_refusal(cli, facts, decision);
    else if (count == 0 && !no_permission)
        cli_notice(cli, "nothing to fix here: neither a group nor a delegation is missing");
    return true;
}

bool idmap_fix_owners(struct cli *cli, const char *source, const struct idmap_facts *facts, bool needed,
                      bool *changed, struct error *err) {
    if (!needed) {
        cli_notice(cli, "no owner to fix: what was looked at is code's inside");
        return true;
    }
    _cleanup_(strings_done) struct strings command = {0};
    ownership_remedy(source, facts, &command);
    _cleanup_free_ char *shown = typed(&command);
    *changed |= cli->apply;
    return carry_out(cli, &command, NULL, shown, err);
}
