#include "remote/known.h"

#include "incus/tls.h"
#include "remote/identity.h"
#include "remote/incus_config.h"

/* The fingerprint of a section in its one form; NULL where it says none. */
static bool read_fingerprint(const struct machine *machine, char **fingerprint, struct error *err) {
    char read[TLS_FINGERPRINT];
    const char *text = machine_text(machine, MACHINE_FINGERPRINT);
    *fingerprint = NULL;
    if (!*text)
        return true;
    if (!tls_read_fingerprint(text, read))
        return error_set(err, ERROR_USAGE, "%s: the fingerprint of remote %s is not 64 hex digits",
                         machine->where, machine->name);
    *fingerprint = str_copy(read);
    return true;
}

static bool read_machine(const struct settings *settings, const struct machine *machine,
                         struct remote *remote, struct error *err) {
    const char *url = machine_text(machine, MACHINE_URL);
    *remote = (struct remote){
        .endpoint.remote = str_copy(machine->name), .where = str_copy(machine->where), .machine = machine};
    if (!*url)
        return error_set(err, ERROR_USAGE, "%s: [remote %s] has no url", machine->where, machine->name);
    remote->endpoint.url = endpoint_url(url, err);
    if (!remote->endpoint.url) {
        error_prefix(err, "%s: url", machine->where);
        return false;
    }
    identity_files(settings, &remote->endpoint.certificate, &remote->endpoint.key);
    return read_fingerprint(machine, &remote->endpoint.fingerprint, err);
}

static const struct remote *find(const struct remotes *remotes, const char *name) {
    for (size_t i = 0; i < remotes->count; i++)
        if (str_equal(remotes->items[i].endpoint.remote, name))
            return &remotes->items[i];
    return NULL;
}

bool remotes_load(const struct settings *settings, struct remotes *remotes, struct error *err) {
    _cleanup_(remotes_done) struct remotes others = {0};
    for (size_t i = 0; i < settings->machines.count; i++) {
        const struct machine *machine = &settings->machines.items[i];
        if (machine->kind != MACHINE_REMOTE)
            continue;
        remotes->items = mem_grow(remotes->items, (remotes->count + 1) * sizeof *remotes->items);
        if (!read_machine(settings, machine, &remotes->items[remotes->count++], err))
            return false;
    }
    incus_config_load(&others);
    for (size_t i = 0; i < others.count; i++) {
        if (find(remotes, others.items[i].endpoint.remote))
            continue;
        remotes->items = mem_grow(remotes->items, (remotes->count + 1) * sizeof *remotes->items);
        remotes->items[remotes->count++] = others.items[i];
        others.items[i] = (struct remote){0};
    }
    remotes->unreadable = others.unreadable;
    others.unreadable = (struct strings){0};
    return true;
}

static bool not_found(const struct remotes *remotes, const char *name, struct error *err) {
    _cleanup_free_ char *shown = str_shown(name);
    _cleanup_(strings_done) struct strings names = {0};
    error_set(err, ERROR_USAGE, "remote %s not found", shown);
    for (size_t i = 0; i < remotes->count; i++)
        strings_add(&names, remotes->items[i].endpoint.remote);
    _cleanup_free_ char *list = strings_join(&names, ", ");
    if (names.count)
        error_hint(err, "there are: %s", list);
    for (size_t i = 0; i < remotes->unreadable.count; i++)
        error_hint(err, "%s", remotes->unreadable.items[i]);
    error_hint(err, "berth remote add %s https://HOST:8443 makes it known", shown);
    return false;
}

bool remote_find(const struct settings *settings, const char *name, struct remote *remote,
                 struct error *err) {
    _cleanup_(remotes_done) struct remotes remotes = {0};
    if (!remotes_load(settings, &remotes, err))
        return false;
    const struct remote *found = find(&remotes, name);
    if (!found)
        return not_found(&remotes, name, err);
    const struct endpoint *endpoint = &found->endpoint;
    if (!endpoint->fingerprint) {
        error_set(err, ERROR_REFUSED, "the certificate of remote %s has not been confirmed", name);
        error_hint(err, "berth remote add %s %s shows its fingerprint and asks", name, endpoint->url);
        return false;
    }
    if (!identity_check(endpoint->certificate, endpoint->key, err)) {
        error_hint(err, "berth remote add %s %s makes us known there", name, endpoint->url);
        return false;
    }
    *remote = *found;
    remotes.items[found - remotes.items] = (struct remote){0};
    return true;
}
