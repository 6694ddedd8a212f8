/*
 * What is typed of networks and ports, a container's hosts file, and the daemon's object of a network. The
 * first byte chooses: r, p, h or j.
 */
/* Covers: rules_read reaches_read read_reach ports_read read_dns bad_host bad_port is_name settle */
/* Covers: rules_text range_parse publishes_read read_port hosts_text publish_of_device */
/* Covers: network_users wanted_check */
#include "tests/fuzz/daemon.h"
#include "tests/fuzz/fuzz.h"

#include "network/acl.h"
#include "network/hosts.h"
#include "network/network.h"
#include "network/publish.h"
#include "network/up.h"
#include "network/wanted.h"

/* Mode, entries, ports, servers: a line each. What was read, written again, is read as the same. */
static void rules(char *text) {
    const char *lines[4] = {"restricted", "", "", ""};
    for (size_t i = 0; i < 4 && text; i++)
        lines[i] = strsep(&text, "\n");
    struct rules_text words = {lines[0], lines[1], lines[2], lines[3], "allow", "ports", "dns"};
    _cleanup_(rules_done) struct rules first = {0}, second = {0};
    _cleanup_(error_done) struct error err = {0};
    if (!rules_read(&words, &first, &err)) {
        assert(err.class == ERROR_USAGE && err.message);
        return;
    }
    _cleanup_free_ char *allow = reaches_text(&first.allow), *ports = ports_text(&first.ports),
                        *whole = rules_text(&first);
    words.allow = allow;
    words.ports = ports;
    assert(rules_read(&words, &second, &err));
    _cleanup_free_ char *again = rules_text(&second);
    assert(str_equal(whole, again));
    struct answers none = {0};
    struct ranges own = {0};
    _cleanup_json_ json_t *acl = acl_make(&first, &none, &own, 10u << 24 | 1);
    assert(acl);
}

static void ports(const char *text) {
    _cleanup_(publishes_done) struct publishes publishes = {0};
    _cleanup_(error_done) struct error err = {0};
    if (!publishes_read("--publish", text, &publishes, &err))
        assert(err.class == ERROR_USAGE);
    for (size_t i = 0; i < publishes.count; i++) {
        _cleanup_json_ json_t *device = publish_device(&publishes.items[i]);
        _cleanup_free_ char *shown = publish_of_device(device);
        assert(shown);
    }
}

/* Written twice it is as written once, and taken out nothing of ours is left. */
static void hosts(const char *text) {
    const char *lines = "1.2.3.4 a\n";
    _cleanup_free_ char *once = hosts_text(text, lines), *twice = hosts_text(once, lines),
                        *without = hosts_text(once, "");
    assert(strstr(once, lines) && strlen(without) < strlen(once));
    assert(strstr(text, "# berth") || str_equal(once, twice));
}

static void object(const char *text) {
    _cleanup_(error_done) struct error err = {0};
    _cleanup_(strings_done) struct strings users = {0};
    _cleanup_(network_done) struct network network = {.name = str_copy("berth-0")};
    struct question questions[NETWORK_QUESTIONS] = {0};
    _cleanup_json_ json_t *json = json_parse(text, strlen(text), "it", &err);
    if (!json)
        return;
    _cleanup_(project_done) struct project project = {0};
    network_users(json, &users);
    project_read(json, &project);
    (void)(project_allows_uid(&project, 1001) || project_allows_source(&project, "/srv"));
    for (int i = 0; i < NETWORK_QUESTIONS; i++)
        questions[i].metadata = json;
    if (network_read(&network, questions, &project, &err))
        assert(err.class == ERROR_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    _cleanup_free_ char *text = size ? fuzz_text(bytes + 1, size - 1) : str_copy("");
    switch (size ? bytes[0] : 0) {
    case 'p':
        ports(text);
        break;
    case 'h':
        hosts(text);
        break;
    case 'j':
        object(text);
        break;
    default:
        rules(text);
        break;
    }
    return 0;
}
