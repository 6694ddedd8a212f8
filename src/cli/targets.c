#include "cli/targets.h"

#include "base/tty.h"
#include "workspace/name.h"

#include <string.h>
#include <strings.h>

void targets_done(struct targets *targets) {
    session_list_done(&targets->sessions);
    records_done(&targets->records);
    free(targets->rows);
    *targets = (struct targets){0};
}

static const struct session *find(const struct session_list *sessions, const char *name) {
    for (size_t i = 0; i < sessions->count; i++)
        if (str_equal(sessions->items[i].name, name))
            return &sessions->items[i];
    return NULL;
}

static bool has(const struct targets *targets, const struct session *row) {
    for (size_t i = 0; i < targets->count; i++)
        if (targets->rows[i] == row)
            return true;
    return false;
}

static bool choose_named(struct cli *cli, struct targets *targets, struct error *err) {
    for (size_t i = 0; i < cli->arguments.count; i++) {
        const char *name = cli->arguments.items[i];
        const struct session *row = find(&targets->sessions, name);
        _cleanup_free_ char *shown = str_shown(name);
        if (!row)
            fprintf(stderr, "berth: container %s not found\n", shown);
        else if (!has(targets, row))
            targets->rows[targets->count++] = row;
    }
    if (targets->count)
        return true;
    error_set(err, ERROR_FAILED, "nothing was done: none of these containers was found");
    error_hint(err, "berth list shows what there is");
    return false;
}

bool targets_choose(struct cli *cli, fits_fn *fits, struct targets *targets, struct error *err) {
    const char *prefix = name_prefix(err);
    if (!prefix)
        return false;
    if (cli->all == (cli->arguments.count > 0)) {
        error_set(err, ERROR_USAGE,
                  cli->all ? "--all cannot be used together with names"
                           : "requires at least 1 arg(s), only received 0");
        error_hint(err, "berth list shows the names; --all means every session");
        return false;
    }
    if (!cli_connect(cli, err) || !session_list_load(cli->client, prefix, false, &targets->sessions, err))
        return false;
    targets->records.remote = incus_remote(cli->client);
    records_load(&targets->records);
    targets->rows = mem_new((targets->sessions.count + cli->arguments.count + 1) * sizeof *targets->rows);
    if (!cli->all)
        return choose_named(cli, targets, err);
    for (size_t i = 0; i < targets->sessions.count; i++)
        if (!fits || fits(&targets->sessions.items[i]))
            targets->rows[targets->count++] = &targets->sessions.items[i];
    return true;
}

bool targets_confirm(const struct cli *cli, const char *question, const struct strings *details, bool named,
                     struct error *err) {
    bool terminal = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
    char answer[16] = "";
    if (cli->force || (named && !terminal))
        return true;
    for (size_t i = 0; details && i < details->count; i++)
        fprintf(stderr, "%s\n", details->items[i]);
    if (!terminal) {
        error_set(err, ERROR_FAILED,
                  "nothing was done: \"%s\" must be confirmed, and stdin is not a terminal", question);
        error_hint(err, "--force does it without asking");
        return false;
    }
    fprintf(stderr, "%s [y/N] ", question);
    if (fgets(answer, sizeof answer, stdin) &&
        (strcasecmp(answer, "y\n") == 0 || strcasecmp(answer, "yes\n") == 0))
        return true;
    return error_set(err, ERROR_FAILED, "nothing was done");
}

bool targets_summary(const char *verb, size_t count, struct error *err) {
    _cleanup_free_ char *line = str_printf("%s %zu container(s)\n", verb, count);
    return cli_print(line, err);
}

static void say_failure(const char *name, const struct error *err) {
    fprintf(stderr, "berth: %s: %s\n", name, err->message);
    for (size_t i = 0; i < err->hints.count; i++)
        fprintf(stderr, "hint: %s\n", err->hints.items[i]);
}

int targets_end(struct cli *cli, const struct targets *targets, const char *verb, const bool *remove,
                bool force, long timeout, struct error *err) {
    _cleanup_free_ struct stop *stops = mem_new((targets->count + 1) * sizeof *stops);
    size_t good = 0;
    for (size_t i = 0; i < targets->count; i++)
        stops[i] = (struct stop){.session = targets->rows[i],
                                 .force = force,
                                 .timeout = timeout,
                                 .remove = remove[i],
                                 .keep = cli->force ? NULL : &cli->settings};
    bool waited = stop_sessions(cli->client, stops, targets->count, err);
    for (size_t i = 0; i < targets->count; i++) {
        const char *name = stops[i].session->name;
        bool gone = stops[i].remove || stops[i].session->ephemeral;
        good += stops[i].done;
        if (stops[i].changed)
            fprintf(stderr, "berth: warning: %zu guarded path%s of %s changed; berth guard shows %s\n",
                    stops[i].changed, stops[i].changed == 1 ? "" : "s", stops[i].session->workspace,
                    stops[i].changed == 1 ? "it" : "them");
        if (stops[i].done)
            cli_notice(cli, "%s %s", name, gone ? "removed" : "stopped");
        else if (waited)
            say_failure(name, &stops[i].err);
        stop_done(&stops[i]);
    }
    if (!waited)
        return -1;
    if (good)
        return targets_summary(verb, good, err) ? 0 : -1;
    error_set(err, ERROR_FAILED, "nothing was done");
    return -1;
}
