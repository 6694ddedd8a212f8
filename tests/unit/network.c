/* What a session may reach: ranges, rules, what becomes of them, and ports that are published. */
#include "launch/nics.h"
#include "network/acl.h"
#include "network/hosts.h"
#include "network/publish.h"
#include "network/wanted.h"
#include "tests/harness/unit.h"

#include <string.h>

static void add(struct ranges *ranges, const char *text) {
    struct range range;
    assert_true(range_parse(text, &range));
    ranges_add(ranges, range);
}

static void test_ranges(void **state) {
    _cleanup_(ranges_done) struct ranges ranges = {0};
    struct range range;
    (void)state;
    add(&ranges, "10.0.0.128/25");
    add(&ranges, "10.0.1.0");
    add(&ranges, "10.0.0.0/25"); /* the three touch */
    add(&ranges, "192.0.2.7/24");
    _cleanup_free_ char *merged = ranges_text(&ranges);
    assert_string_equal(merged, "10.0.0.0-10.0.1.0,192.0.2.0-192.0.2.255");
    assert_true(range_parse("10.0.0.255", &range));
    ranges_remove(&ranges, range);
    assert_true(range_parse("192.0.2.0/23", &range));
    ranges_remove(&ranges, range);
    _cleanup_free_ char *holed = ranges_text(&ranges);
    assert_string_equal(holed, "10.0.0.0-10.0.0.254,10.0.1.0");
    assert_true(ranges_has(&ranges, 10u << 24) && !ranges_has(&ranges, (10u << 24) + 255));
    ranges_remove(&ranges, (struct range){0, 0xffffffffu});
    assert_int_equal(ranges.count, 0);
    add(&ranges, "0.0.0.0/0");
    add(&ranges, "255.255.255.255");
    assert_int_equal(ranges.count, 1);
    static const char *const bad[] = {"", "10.0.0", "10.0.0.1/33", "10.0.0.1/", "300.1.1.1", "::1", "a.b"};
    for (size_t i = 0; i < array_length(bad); i++)
        assert_false(range_parse(bad[i], &range));
}

/* The complement has every public address and no other: tried at each edge. */
static void test_public(void **state) {
    _cleanup_(ranges_done) struct ranges internet = {0};
    (void)state;
    ranges_add_public(&internet);
    for (size_t i = 0; i < ranges_private_count; i++) {
        const struct range *closed = &ranges_private[i];
        assert_false(ranges_has(&internet, closed->first) || ranges_has(&internet, closed->last));
        assert_true(closed->first == 0 || ranges_has(&internet, closed->first - 1));
        assert_true(closed->last == 0xffffffffu || ranges_has(&internet, closed->last + 1));
    }
    static const char *const open[] = {"1.1.1.1", "203.0.113.2", "172.15.255.255", "172.32.0.0", "9.9.9.9"};
    static const char *const closed[] = {
        "10.1.2.3",  "172.31.0.1",      "192.168.1.1", "100.64.0.1", "169.254.169.254", "127.0.0.1",
        "224.0.0.1", "255.255.255.255", "0.0.0.0",     "198.18.0.1", "100.127.255.255"};
    struct range one;
    for (size_t i = 0; i < array_length(open); i++)
        assert_true(range_parse(open[i], &one) && ranges_has(&internet, one.first));
    for (size_t i = 0; i < array_length(closed); i++)
        assert_true(range_parse(closed[i], &one) && !ranges_has(&internet, one.first) &&
                    range_is_private(one.first));
}

static bool read_words(struct rules *rules, const char *mode, const char *allow, struct error *err) {
    struct rules_text text = {.mode = mode,
                              .allow = allow,
                              .ports = "",
                              .dns = "",
                              .allow_where = "--allow",
                              .ports_where = "allowed_ports",
                              .dns_where = "dns_servers"};
    return rules_read(&text, rules, err);
}

static void test_entries(void **state) {
    _cleanup_(rules_done) struct rules rules = {0};
    _cleanup_(error_done) struct error err = {0};
    (void)state;
    assert_true(read_words(
        &rules, "Allowlist",
        "GitHub.com:443,80, 10.1.2.3/8:22 pypi.org:8000-8010,  9.9.9.9,github.com:80,443", &err));
    _cleanup_free_ char *text = reaches_text(&rules.allow);
    assert_string_equal(text, "10.1.2.3/8:22, 9.9.9.9, github.com:80,443, pypi.org:8000-8010");
    _cleanup_(strings_done) struct strings names = {0};
    rules_names(&rules, &names);
    assert_int_equal(names.count, 2);
}

static void test_bad_entries(void **state) {
    static const struct {
        const char *entry, *words;
    } bad[] = {{"*.github.com:443", "--allow *.github.com:443: a wildcard cannot be resolved"},
               {"github.com:70000", "--allow github.com:70000: \"70000\" is not a port"},
               {"github.com:0", "is not a port"},
               {"github.com:9-8", "is not a port"},
               {"github.com:", "is not a port"},
               {"github.com:443,70000", "--allow github.com: \"70000\" is not a port"},
               {"https://github.com/x", "a URL is not a host"},
               {"::1", "IPv6 is closed"},
               {"[2001:db8::1]:443", "IPv6 is closed"},
               {"10.0.0.0/33", "not an IPv4 address or CIDR"},
               {"10.0.0", "not an IPv4 address or CIDR"},
               {"443", "not an IPv4 address or CIDR"},
               {"10.0.0.0/8 80-443", "not an IPv4 address or CIDR"},
               {"a..b", "not a host's name"},
               {"-a.b", "not a host's name"},
               {"caf\xc3\xa9.fr", "not a host's name"},
               {"a\x1b[31m", "not a host's name"}};
    (void)state;
    for (size_t i = 0; i < array_length(bad); i++) {
        _cleanup_(rules_done) struct rules rules = {0};
        _cleanup_(error_done) struct error err = {0};
        assert_false(read_words(&rules, "allowlist", bad[i].entry, &err));
        assert_int_equal(err.class, ERROR_USAGE);
        if (!strstr(err.message, bad[i].words))
            fail_msg("%s: %s", bad[i].entry, err.message);
    }
    _cleanup_(rules_done) struct rules rules = {0};
    _cleanup_(error_done) struct error err = {0};
    assert_false(read_words(&rules, "allowlist", " , ", &err));
    assert_string_equal(err.message, "network allowlist: nothing is listed");
}

static void give(struct answers *answers, size_t which, const char *name, const char *address) {
    struct answer *answer = &answers->items[which];
    answer->name = str_copy(name);
    add(&answer->addresses, address);
}

static void check_egress(const struct rules *rules, const struct answers *answers, const char *wanted) {
    _cleanup_(ranges_done) struct ranges own = {0};
    add(&own, "203.0.113.1");
    _cleanup_json_ json_t *acl = acl_make(rules, answers, &own, (10u << 24) + 1);
    char *text = json_dumps(json_object_get(acl, "egress"), JSON_COMPACT);
    assert_string_equal(text, wanted);
    free(text);
    text = json_dumps(json_object_get(acl, "ingress"), JSON_COMPACT);
    assert_string_equal(text, "[{\"action\":\"allow\",\"source\":\"10.0.0.1\",\"state\":\"enabled\"}]");
    free(text);
}
#define RULE(to, rest) "{\"action\":\"allow\",\"destination\":\"" to "\"" rest ",\"state\":\"enabled\"}"
#define TCP(ports)     ",\"protocol\":\"tcp\",\"destination_port\":\"" ports "\""
#define UDP(ports)     ",\"protocol\":\"udp\",\"destination_port\":\"" ports "\""
#define INTERNET                                                                                           \
    "1.0.0.0-9.255.255.255,11.0.0.0-100.63.255.255,100.128.0.0-126.255.255.255,128.0.0.0-169.253.255.255," \
    "169.255.0.0-172.15.255.255,172.32.0.0-191.255.255.255,192.0.1.0-192.167.255.255,192.169.0.0-"         \
    "198.17.255.255,198.20.0.0-203.0.113.0,203.0.113.2-223.255.255.255"

static void test_acl(void **state) {
    _cleanup_(error_done) struct error err = {0};
    struct answers none = {0};
    (void)state;
    _cleanup_(rules_done) struct rules restricted = {0};
    assert_true(read_words(&restricted, "restricted", "192.168.1.50:443, 10.0.0.0/8:22", &err));
    check_egress(
        &restricted, &none,
        "[" RULE(INTERNET, "") "," RULE("10.0.1.0-10.255.255.255", TCP("22")) "," RULE(
            "10.0.1.0-10.255.255.255",
            UDP("22")) "," RULE("192.168.1.50", TCP("443")) "," RULE("192.168.1.50", UDP("443")) "]");
    _cleanup_(rules_done) struct rules ports = {0};
    struct rules_text text = {
        .mode = "restricted", .allow = "", .ports = "443, 50-60", .dns = "9.9.9.9, 10.0.0.53"};
    assert_true(rules_read(&text, &ports, &err));
    check_egress(
        &ports, &none,
        "[" RULE("9.9.9.9,10.0.0.53", TCP("53")) "," RULE("9.9.9.9,10.0.0.53", UDP("53")) "," RULE(
            INTERNET, TCP("50-52,54-60,443")) "," RULE(INTERNET,
                                                       UDP("50-52,54-60,443")) "," RULE(INTERNET,
                                                                                        ",\"protocol\":"
                                                                                        "\"icmp4\"") "]");
    _cleanup_(rules_done) struct rules listed = {0};
    assert_true(read_words(&listed, "allowlist", "one.test:443, two.test:443, 10.0.2.1", &err));
    _cleanup_(answers_done) struct answers answers = {mem_new(2 * sizeof *answers.items), 2};
    give(&answers, 0, "one.test", "203.0.113.3");
    add(&answers.items[0].addresses, "203.0.113.4");
    give(&answers, 1, "two.test", "203.0.113.9");
    check_egress(
        &listed, &answers,
        "[" RULE("10.0.2.1", "") "," RULE("203.0.113.3-203.0.113.4,203.0.113.9", TCP("443")) "," RULE(
            "203.0.113.3-203.0.113.4,203.0.113.9", UDP("443")) "]");
    _cleanup_free_ char *hosts = answers_hosts(&answers);
    assert_string_equal(hosts, "203.0.113.3 one.test\n203.0.113.4 one.test\n203.0.113.9 two.test\n");
}

/* Who answers for a name cannot make it lead into the private network. */
static void test_private_answer(void **state) {
    _cleanup_(error_done) struct error err = {0};
    _cleanup_(rules_done) struct rules rules = {0};
    _cleanup_(answers_done) struct answers answers = {mem_new(sizeof *answers.items), 1};
    (void)state;
    assert_true(read_words(&rules, "allowlist", "one.test:443, 10.0.0.0/24:443", &err));
    give(&answers, 0, "one.test", "10.0.0.7");
    add(&answers.items[0].addresses, "192.168.0.1");
    assert_true(acl_check_answers(&rules, &answers, &err));
    _cleanup_free_ char *left = ranges_text(&answers.items[0].addresses);
    assert_string_equal(left, "10.0.0.7");
    ranges_done(&answers.items[0].addresses);
    add(&answers.items[0].addresses, "169.254.169.254");
    assert_false(acl_check_answers(&rules, &answers, &err));
    assert_string_equal(err.message, "network allowlist: one.test is 169.254.169.254, a private address");
}

static void test_hosts(void **state) {
    (void)state;
    _cleanup_free_ char *first = hosts_text("127.0.0.1 localhost", "1.2.3.4 a\n"),
                        *second = hosts_text(first, "1.2.3.5 a\n1.2.3.6 b\n"),
                        *third = hosts_text(second, ""), *empty = hosts_text("", "");
    assert_string_equal(
        first, "127.0.0.1 localhost\n# berth: what this session may reach\n1.2.3.4 a\n# berth: end\n");
    assert_string_equal(second,
                        "127.0.0.1 localhost\n# berth: what this session may reach\n1.2.3.5 a\n1.2.3.6 b\n"
                        "# berth: end\n");
    assert_string_equal(third, "127.0.0.1 localhost\n");
    assert_string_equal(empty, "");
}

static void test_publish(void **state) {
    _cleanup_(publishes_done) struct publishes publishes = {0};
    _cleanup_(error_done) struct error err = {0};
    (void)state;
    assert_true(
        publishes_read("--publish", "8080, 9000:80 0.0.0.0:53:5353/udp,[::1]:7:8, 8080", &publishes, &err));
    static const char *const words[] = {"127.0.0.1:8080 -> 8080", "127.0.0.1:9000 -> 80",
                                        "0.0.0.0:53 -> 5353/udp", "[::1]:7 -> 8"};
    assert_int_equal(publishes.count, array_length(words));
    for (size_t i = 0; i < publishes.count; i++) {
        _cleanup_json_ json_t *device = publish_device(&publishes.items[i]);
        _cleanup_free_ char *shown = publish_of_device(device);
        assert_string_equal(shown, words[i]);
    }
    static const char *const bad[] = {"0",           "65536",   "80:",     ":80",          "a:80",
                                      "1.2.3:80:80", "80/sctp", "1:2:3:4", "8080, 8080:81"};
    for (size_t i = 0; i < array_length(bad); i++) {
        _cleanup_(publishes_done) struct publishes none = {0};
        _cleanup_(error_done) struct error wrong = {0};
        assert_false(publishes_read("--publish", bad[i], &none, &wrong));
        assert_int_equal(wrong.class, ERROR_USAGE);
    }
}

/* The profile's NICs give way to ours, whatever they are called and however many there are. */
static void test_nics(void **state) {
    _cleanup_(network_done) struct network network = {.name = str_copy("berth-0")};
    _cleanup_json_ json_t *nics =
        json_pack("{s:{s:s, s:s, s:s}, s:{s:s, s:s}}", "lan", "type", "nic", "name", "net0", "network",
                  "lan", "wan", "type", "nic", "network", "wan");
    (void)state;
    _cleanup_json_ json_t *restricted = nics_plan(&network, nics), *alone = nics_plan(&network, NULL);
    char *text = json_dumps(restricted, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(
        text, "{\"lan\":{\"name\":\"net0\",\"network\":\"berth-0\",\"security.port_isolation\":\"true\","
              "\"type\":\"nic\"},\"wan\":{\"type\":\"none\"}}");
    free(text);
    assert_string_equal(json_get_str(json_object_get(alone, "eth0"), "network"), "berth-0");
    struct network off = {.rules.mode = NETWORK_NONE}, open = {.rules.mode = NETWORK_OPEN};
    _cleanup_json_ json_t *none = nics_plan(&off, nics), *bridged = nics_plan(&open, nics);
    assert_string_equal(json_get_str(json_object_get(none, "lan"), "type"), "none");
    assert_true(json_equal(bridged, nics));

    const char *extra;
    struct instance instance = {.name = "x", .devices = restricted};
    assert_true(nics_match(&instance, restricted, &extra));
    assert_false(nics_match(&instance, bridged, &extra));
    _cleanup_json_ json_t *more = json_deep_copy(restricted);
    json_object_set_new(more, "eth9", json_pack("{s:s, s:s}", "type", "nic", "network", "lan"));
    instance.devices = more;
    assert_false(nics_match(&instance, restricted, &extra));
    assert_string_equal(extra, "eth9");
}

/*
 * Who is no administrator sees a network by name alone (Incus 6.0 hides its config, and answers 403 for its
 * access list): it is used. The same where the list may be looked at: it was changed, and is refused.
 */
static void test_unseen(void **state) {
    (void)state;
    for (int code = 403; code <= 404; code++) {
        _cleanup_(error_done) struct error err = {0};
        _cleanup_(strings_done) struct strings warnings = {0};
        _cleanup_(network_done) struct network network = {.name = str_copy("berth-0")};
        _cleanup_json_ json_t *bridge =
            json_pack("{s:b, s:s, s:{}}", "managed", 1, "status", "Created", "config");
        struct question questions[NETWORK_QUESTIONS] = {
            [NETWORK_ASK_BRIDGE] = {.metadata = bridge},
            [NETWORK_ASK_ACL] = {.err = {.class = ERROR_FAILED, .code = code}}};
        bool good = network_read(&network, questions, &(struct project){0}, &err);
        network_warnings(&network, &warnings);
        assert_true(good == (code == 403) && network.in_force == good && network.unseen == good);
        assert_int_equal(warnings.count, good);
        assert_true(good || err.class == ERROR_REFUSED);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),  cmocka_unit_test(test_public),
        cmocka_unit_test(test_entries), cmocka_unit_test(test_bad_entries),
        cmocka_unit_test(test_acl),     cmocka_unit_test(test_private_answer),
        cmocka_unit_test(test_hosts),   cmocka_unit_test(test_publish),
        cmocka_unit_test(test_nics),    cmocka_unit_test(test_unseen)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
