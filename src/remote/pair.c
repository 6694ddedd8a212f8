#include "remote/pair.h"

#include "base/path.h"
#include "incus/client.h"
#include "remote/file.h"
#include "remote/identity.h"
#include "remote/token.h"

#include <errno.h>
#include <string.h>

void pairing_done(struct pairing *pairing) {
    free(pairing->url);
    *pairing = (struct pairing){0};
}

static bool check_token(const char *token, struct pairing *pairing, struct error *err) {
    if (!token || token_fingerprint(token, pairing->token_fingerprint))
        return true;
    error_set(err, ERROR_USAGE, "--token: that is no token of a daemon");
    error_hint(err, "there: incus config trust add NAME prints one");
    return false;
}

/* A client for the time before anything is written down; its certificate is whatever comes. */
static struct incus *stranger(struct loop *loop, const struct settings *settings, const char *name,
                              const char *url, const char *fingerprint) {
    _cleanup_(endpoint_done) struct endpoint endpoint = {
        .remote = str_copy(name), .url = str_copy(url), .fingerprint = str_copy(fingerprint)};
    identity_files(settings, &endpoint.certificate, &endpoint.key);
    return incus_new(loop, &endpoint, "");
}

bool pair_look(struct loop *loop, const struct settings *settings, const char *url, const char *token,
               struct pairing *pairing, struct error *err) {
    pairing->url = endpoint_url(url, err);
    if (!pairing->url || !check_token(token, pairing, err) || !identity_make(settings, err))
        return false;
    _cleanup_(incus_cleanup) struct incus *client =
        stranger(loop, settings, pairing->url, pairing->url, NULL);
    if (!incus_request(client, "GET", "/1.0", NULL, NULL, err))
        return false;
    snprintf(pairing->fingerprint, sizeof pairing->fingerprint, "%s", incus_seen_fingerprint(client));
    if (*pairing->fingerprint)
        return true;
    return error_set(err, ERROR_DAEMON, "%s showed no certificate", pairing->url);
}

static bool is_trusted(struct incus *client, bool *trusted, struct error *err) {
    _cleanup_json_ json_t *server = NULL;
    if (!incus_request(client, "GET", "/1.0", NULL, &server, err))
        return false;
    *trusted = str_equal(json_str_at(server, "auth"), "trusted");
    return true;
}

static bool become_trusted(struct incus *client, const char *token, struct error *err) {
    bool trusted = false;
    if (!is_trusted(client, &trusted, err))
        return false;
    if (trusted)
        return true;
    if (!token) {
        error_set(err, ERROR_REFUSED, "the daemon at %s does not trust us yet", incus_address(client));
        error_hint(err, "there: incus config trust add NAME prints a token; then again with --token TOKEN");
        return false;
    }
    _cleanup_json_ json_t *body =
        json_pack("{s:s, s:o}", "type", "client", "trust_token", json_text(token));
    if (!incus_request(client, "POST", "/1.0/certificates", body, NULL, err)) {
        error_prefix(err, "the daemon did not take the token");
        error_hint(err, "a token serves once; there: incus config trust add NAME prints a new one");
        return false;
    }
    return is_trusted(client, &trusted, err) &&
           (trusted ||
            error_set(err, ERROR_FAILED, "the daemon at %s took the token, and does not trust us",
                      incus_address(client)));
}

/* remotes.ini as it is, "" if it is not there. */
static bool read_file(const struct settings *settings, struct buffer *content, struct error *err) {
    _cleanup_(error_done) struct error reading = {0};
    buffer_text(content, "");
    if (path_read(settings->remotes_file, content, &reading) || reading.code == ENOENT)
        return true;
    error_move(err, &reading);
    return false;
}

/* The text without the section of this name. */
static void drop_section(const char *text, const char *name, struct buffer *out) {
    _cleanup_free_ char *head = str_printf("[remote %s]", name);
    bool inside = false;
    while (*text) {
        size_t length = strcspn(text, "\n");
        length += text[length] == '\n';
        if (*text == '[')
            inside = str_starts(text, head);
        if (!inside)
            buffer_add(out, text, length);
        text += length;
    }
}

static bool write_down(const struct settings *settings, const char *name, const struct pairing *pairing,
                       struct error *err) {
    _cleanup_(buffer_done) struct buffer before = {0}, after = {0};
    if (!read_file(settings, &before, err))
        return false;
    drop_section(before.data, name, &after);
    if (!after.size)
        buffer_text(
            &after,
            "; Written by berth remote add and remove. Sections may be moved to config.ini, and get\n"
            "; project, uid, gid and target there.\n");
    buffer_printf(&after, "[remote %s]\nurl = %s\nfingerprint = %s\n", name, pairing->url,
                  pairing->fingerprint);
    return file_replace(settings->remotes_file, after.data, after.size, 0600, err);
}

bool pair_finish(struct loop *loop, const struct settings *settings, const char *name, const char *token,
                 const struct pairing *pairing, struct error *err) {
    _cleanup_(incus_cleanup) struct incus *client =
        stranger(loop, settings, name, pairing->url, pairing->fingerprint);
    return become_trusted(client, token, err) && write_down(settings, name, pairing, err);
}

bool pair_forget(const struct settings *settings, const char *name, struct error *err) {
    const struct machine *machine = machines_find(&settings->machines, MACHINE_REMOTE, name);
    _cleanup_(buffer_done) struct buffer before = {0}, after = {0};
    _cleanup_free_ char *shown = str_shown(name);
    if (!machine) {
        error_set(err, ERROR_FAILED, "remote %s not found in %s", shown, settings->remotes_file);
        error_hint(err, "one of the incus command's: incus remote remove %s", shown);
        return false;
    }
    if (!str_starts(machine->where, settings->remotes_file)) {
        error_set(err, ERROR_REFUSED, "remote %s stands in a file of yours: %s", shown, machine->where);
        error_hint(err, "take the section [remote %s] out of it", shown);
        return false;
    }
    if (!read_file(settings, &before, err))
        return false;
    drop_section(before.data, name, &after);
    return file_replace(settings->remotes_file, after.data ? after.data : "", after.size, 0600, err);
}
