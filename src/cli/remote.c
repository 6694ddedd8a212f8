#include "cli/flags.h"
#include "cli/launching.h"
#include "remote/known.h"
#include "remote/pair.h"

#include <string.h>

/* The user's word that this is the daemon that he means. */
static bool confirm(struct cli *cli, const struct pairing *pairing, struct error *err) {
    char given[TLS_FINGERPRINT];
    if (*pairing->token_fingerprint) {
        if (str_equal(pairing->token_fingerprint, pairing->fingerprint))
            return true;
        error_set(err, ERROR_REFUSED, "the token is not one of the daemon at %s", pairing->url);
        error_hint(err, "the token's: %s", pairing->token_fingerprint);
        error_hint(err, "it showed:   %s", pairing->fingerprint);
        return false;
    }
    if (cli->fingerprint) {
        if (!tls_read_fingerprint(cli->fingerprint, given))
            return error_set(err, ERROR_USAGE, "--fingerprint: that is not 64 hex digits");
        if (str_equal(given, pairing->fingerprint))
            return true;
        error_set(err, ERROR_REFUSED, "the certificate of %s is another: %s", pairing->url,
                  pairing->fingerprint);
        return false;
    }
    struct launch_watcher watcher = cli_watcher(cli);
    _cleanup_free_ char *question =
        str_printf("The certificate of %s has the fingerprint\n  %s\nIs it that daemon's?", pairing->url,
                   pairing->fingerprint);
    if (watcher.ask(watcher.data, question))
        return true;
    error_set(err, ERROR_REFUSED, "the certificate of %s was not confirmed", pairing->url);
    error_hint(err, "it showed %s; there: incus info | grep fingerprint", pairing->fingerprint);
    error_hint(err,
               "--fingerprint FINGERPRINT confirms it without a question, a token of that daemon does too");
    return false;
}

static bool name_is_free(const struct cli *cli, const char *name, struct error *err) {
    const struct machine *machine = machines_find(&cli->settings.machines, MACHINE_REMOTE, name);
    _cleanup_free_ char *shown = str_shown(name);
    if (!machine_name_is_good(name)) {
        error_set(err, ERROR_USAGE, "\"%s\" cannot name a remote", shown);
        error_hint(err, "letters, digits, -, _ and .");
        return false;
    }
    if (!machine || cli->force)
        return true;
    error_set(err, ERROR_FAILED, "remote %s is known already, from %s", name, machine->where);
    error_hint(err, "berth remote remove %s forgets it; --force replaces it", name);
    return false;
}

static int add(struct cli *cli, struct error *err) {
    const char *name = cli->arguments.items[0], *url = cli->arguments.items[1];
    _cleanup_(pairing_done) struct pairing pairing = {0};
    if (!name_is_free(cli, name, err))
        return -1;
    cli->loop = loop_new(err);
    if (!cli->loop || !pair_look(cli->loop, &cli->settings, url, cli->token, &pairing, err) ||
        !confirm(cli, &pairing, err) ||
        !pair_finish(cli->loop, &cli->settings, name, cli->token, &pairing, err))
        return -1;
    _cleanup_free_ char *line =
        str_printf("remote %s: %s\nberth --remote %s list shows its sessions\n", name, pairing.url, name);
    return cli_print(line, err) ? 0 : -1;
}

static int remove_it(struct cli *cli, struct error *err) {
    const char *name = cli->arguments.items[0];
    if (!pair_forget(&cli->settings, name, err))
        return -1;
    _cleanup_free_ char *line = str_printf("remote %s forgotten; it still trusts our certificate\n", name);
    return cli_print(line, err) ? 0 : -1;
}

static json_t *remote_json(const struct remote *remote) {
    const struct endpoint *endpoint = &remote->endpoint;
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", endpoint->remote, "url", endpoint->url,
                     "fingerprint", endpoint->fingerprint ? endpoint->fingerprint : "", "project",
                     machine_text(remote->machine, MACHINE_PROJECT), "where", remote->where);
}

static int list(struct cli *cli, struct error *err) {
    _cleanup_(remotes_done) struct remotes remotes = {0};
    _cleanup_(buffer_done) struct buffer text = {0};
    if (!remotes_load(&cli->settings, &remotes, err))
        return -1;
    _cleanup_json_ json_t *all = json_array();
    for (size_t i = 0; i < remotes.count; i++) {
        const struct endpoint *endpoint = &remotes.items[i].endpoint;
        json_array_append_new(all, remote_json(&remotes.items[i]));
        buffer_printf(&text, "%-16s %-40s %.12s  %s\n", endpoint->remote, endpoint->url,
                      endpoint->fingerprint ? endpoint->fingerprint : "unconfirmed ",
                      remotes.items[i].where);
    }
    for (size_t i = 0; i < remotes.unreadable.count; i++)
        cli_notice(cli, "%s", remotes.unreadable.items[i]);
    if (cli_wants_json(cli))
        return cli_print_json(all, err) ? 0 : -1;
    if (!remotes.count)
        cli_notice(cli, "no remotes; berth remote add NAME https://HOST:8443 makes one known");
    return cli_print(text.data ? text.data : "", err) ? 0 : -1;
}

const struct command command_remote = {.name = "remote",
                                       .most = MANY,
                                       .arguments = "COMMAND",
                                       .summary = "daemons on other machines",
                                       .help = "Every command works on one with --remote NAME.",
                                       .run = cli_group};
const struct command command_remote_add = {
    .name = "remote add",
    .least = 2,
    .most = 2,
    .arguments = "NAME URL",
    .summary = "make a daemon known, and us to it",
    .help =
        "Shows the fingerprint of the daemon's certificate and asks, once; from then on only that one is\n"
        "spoken to. A token (there: incus config trust add NAME) makes the daemon trust us, and answers\n"
        "for the fingerprint. Our own certificate is made when it is first needed, in client.crt and\n"
        "client.key (0600) beside the settings.",
    .flags = (const struct flag *const[]){&flag_token, &flag_fingerprint, &flag_force, NULL},
    .run = add};
const struct command command_remote_list = {.name = "remote list",
                                            .arguments = "",
                                            .summary = "the remotes that are known",
                                            .help = "Those of the incus command are among them.",
                                            .flags = (const struct flag *const[]){&flag_format, NULL},
                                            .run = list};
const struct command command_remote_remove = {.name = "remote remove",
                                              .least = 1,
                                              .most = 1,
                                              .arguments = "NAME",
                                              .summary = "forget one",
                                              .run = remove_it};
