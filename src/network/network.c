#include "network/network.h"

#include "network/acl.h"
#include "network/listeners.h"
#include "network/resolve.h"

#include <limits.h>
#include <sha2.h>
#include <string.h>

#define NAME_DIGITS 9 /* an interface's name has 15 characters */

void network_done(struct network *network) {
    rules_done(&network->rules);
    answers_done(&network->answers);
    free(network->name);
    free(network->home);
    free(network->stray);
    *network = (struct network){0};
}

/* The folder of the daemon's socket, as one name however it is reached; of a remote its address. */
static char *daemon_home(const struct incus *client) {
    char resolved[PATH_MAX];
    const char *socket = incus_address(client), *slash = strrchr(socket, '/');
    if (incus_is_remote(client))
        return str_copy(socket);
    _cleanup_free_ char *folder = slash ? str_copy_n(socket, (size_t)(slash - socket)) : str_copy(socket);
    return str_copy(realpath(folder, resolved) ? resolved : folder);
}

static char *name_of(const struct network *network) {
    char digest[SHA256_DIGEST_STRING_LENGTH];
    _cleanup_free_ char *text = rules_text(&network->rules),
                        *number =
                            network->generation ? str_printf("\n%u", network->generation) : str_copy(""),
                        *whole = str_printf("%s%s%s", text, network->home, number);
    SHA256Data((const uint8_t *)whole, strlen(whole), digest);
    return str_printf(NETWORK_PREFIX "%.*s", NAME_DIGITS, digest);
}

bool network_init(struct network *network, const struct incus *client, const struct settings *settings,
                  struct error *err) {
    struct rules_text text = rules_text_of(settings);
    if (!rules_read(&text, &network->rules, err))
        return false;
    network->home = daemon_home(client);
    if (rules_need_network(&network->rules))
        network->name = name_of(network);
    return true;
}

void network_next_name(struct network *network) {
    free(network->stray);
    network->stray = network->name;
    network->generation++;
    network->name = name_of(network);
}

bool network_take_name(struct network *network, const char *name) {
    struct network other = *network;
    for (other.generation = 0; other.generation < NETWORK_NAMES; other.generation++) {
        char *candidate = name_of(&other);
        if (str_equal(candidate, name)) {
            free(network->name);
            network->name = candidate;
            network->generation = other.generation;
            return true;
        }
        free(candidate);
    }
    return false;
}

bool network_resolve(struct network *network, struct loop *loop, struct error *err) {
    _cleanup_(strings_done) struct strings names = {0};
    rules_names(&network->rules, &names);
    if (!resolve_names(loop, &names, &network->answers, err)) {
        error_prefix(err, "network allowlist");
        return false;
    }
    return acl_check_answers(&network->rules, &network->answers, err);
}

char *network_flags(const struct network *network) {
    const struct rules *rules = &network->rules;
    _cleanup_free_ char *allow = reaches_text(&rules->allow), *quoted = str_quoted(allow);
    return str_printf("--network %s%s%s%s", network_mode_name(rules->mode), *allow ? " --allow " : "",
                      *allow ? quoted : "",
                      rules->ports.count || rules->dns.count ? ", with your allowed_ports and dns_servers"
                                                             : "");
}

void network_warnings(const struct network *network, struct strings *lines) {
    rules_warnings(&network->rules, lines);
    if (network->stray)
        strings_printf(lines, "a daemon that was killed has left the interface %s: sudo ip link delete %s",
                       network->stray, network->stray);
    if (network->unseen)
        strings_printf(lines,
                       "network %s: its rules are an administrator's and cannot be looked at from this "
                       "project%s",
                       network_mode_name(network->rules.mode),
                       network->answers.count ? "; addresses of names are those of when they were made"
                                              : "");
    if (network->rules.mode == NETWORK_ALLOWLIST && listener_everywhere(PORT_DNS))
        strings_add(lines,
                    "network allowlist: a name server of this machine answers on all of its addresses: "
                    "sessions can ask it for any name");
}
