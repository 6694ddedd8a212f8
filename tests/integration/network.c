/* What sessions reach: each mode, each destination, by code and by root inside with what root may try. */
#include "tests/harness/internet.h"
#include "tests/harness/world.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Each word LABEL=tcp:ADDRESS:PORT or LABEL=dns:ADDRESS is tried at once with the others. */
static const char probe[] =
    "use Socket; $| = 1; my %word;\n"
    "sub connect_to { my ($host, $port) = @_; my ($address, $scope) = split /%/, $host;\n"
    "  my $six = $address =~ /:/; my $to = $six\n"
    "    ? Socket::pack_sockaddr_in6($port, Socket::inet_pton(AF_INET6, $address),\n"
    "        $scope ? do { open my $f, '<', \"/sys/class/net/$scope/ifindex\"; 0 + <$f> } : 0)\n"
    "    : Socket::pack_sockaddr_in($port, Socket::inet_pton(AF_INET, $address));\n"
    "  socket(my $s, $six ? AF_INET6 : AF_INET, SOCK_STREAM, 0); return connect($s, $to) && sysread($s, my "
    "$b, 1); }\n"
    "sub ask { my ($host) = @_; socket(my $s, AF_INET, SOCK_DGRAM, 0);\n"
    "  my $q = pack('n6', 7, 256, 1, 0, 0, 0) . \"\\3one\\5incus\\0\" . pack('n2', 1, 1);\n"
    "  send($s, $q, 0, Socket::pack_sockaddr_in(53, Socket::inet_pton(AF_INET, $host)));\n"
    "  my $r = ''; vec($r, fileno($s), 1) = 1; return select($r, undef, undef, 0.8) && sysread($s, my $b, "
    "512); }\n"
    "for my $try (@ARGV) { my ($label, $kind, $host, $port) = $try =~ /^(.*?)=(\\w+):(.*?)(?:;(\\d+))?$/;\n"
    "  next if fork; $SIG{ALRM} = sub { print \"$label closed\\n\"; exit }; alarm 1;\n"
    "  my $open = $kind eq 'dns' ? ask($host) : connect_to($host, $port);\n"
    "  print \"$label \", $open ? 'open' : 'closed', \"\\n\"; exit }\n"
    "1 while wait > 0;\n";

/* Answers on port 8000 of all addresses. */
static const char listener[] =
    "use Socket; socket(S, AF_INET6, SOCK_STREAM, 0); setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1);\n"
    "bind(S, Socket::pack_sockaddr_in6(8000, Socket::IN6ADDR_ANY)) or die; listen(S, 9);\n"
    "exit if fork; close STDOUT; close STDERR; close STDIN; while (accept(C, S)) { print C \"x\"; close C "
    "}\n";

/* What root inside may try before it asks again: another address, routes and neighbours of its own. */
static const char tricks[] = "gateway=$1 other=$2 mac=$3\n"
                             "ip addr add ${gateway%.*}.250/24 dev eth0\n"
                             "ip route add 10.250.0.2/32 via $gateway src ${gateway%.*}.250\n"
                             "ip route add 169.254.169.254/32 via $gateway\n"
                             "ip route add $other/32 via $gateway 2>/dev/null || :\n"
                             "[ -z \"$mac\" ] || ip neigh replace $other lladdr $mac dev eth0\n"
                             "echo nameserver 203.0.113.2 >/etc/resolv.conf 2>/dev/null\n"
                             "exit 0\n";

static void put_file(const char *name, const char *text) {
    _cleanup_free_ char *path = str_printf("%s/%s", world.folder, name);
    _cleanup_fclose_ FILE *out = fopen(path, "we");
    assert_non_null(out);
    fputs(text, out);
}

static int setup(void **state) {
    world_setup(state);
    internet_open();
    internet_names("one.test 60 " WORLD_PUBLIC "\ninside.test 60 10.250.0.2\n");
    world.how.resolver = internet_resolver();
    put_file("probe.pl", probe);
    put_file("listen.pl", listener);
    put_file("tricks.sh", tricks);
    return 0;
}

static int teardown(void **state) {
    internet_close();
    return world_teardown(state);
}
#define network_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

/* A session in the background; its name. Caller owns. */
static char *start(unsigned int slot, const char *mode, const char *allow) {
    _cleanup_free_ char *number = str_printf("%u", slot);
    _result_ result = berth(&world.how, "shell", "--background", "--slot", number, "--network", mode,
                            allow ? "--allow" : NULL, allow, NULL);
    assert_status(result, 0);
    return world_slot(slot);
}

/* A command line inside, as that user. */
static struct result inside(const char *name, const char *user, const char *line) {
    return berth(&world.how, "container", "exec", name, "--user", user, "--", "sh", "-c", line, NULL);
}

/* Its IPv4 address, waited for: DHCP takes its time. Caller owns. */
static char *address_of(const char *name) {
    _result_ result =
        inside(name, "0",
               "for i in $(seq 100); do a=$(ip -4 -o addr show eth0 scope global 2>/dev/null); "
               "[ -z \"$a\" ] || break; sleep 0.1; done; echo $a | sed 's/.*inet //; s,/.*,,'");
    assert_status(result, 0);
    result.out[strcspn(result.out, "\n")] = 0;
    assert_true(*result.out);
    return str_copy(result.out);
}

static char *word_of(const char *name, const char *line) {
    _result_ result = inside(name, "0", line);
    assert_status(result, 0);
    result.out[strcspn(result.out, "\n")] = 0;
    return str_copy(result.out);
}

/* A session that others are to reach, or not. */
struct other {
    char *name, *address, *mac, *local;
};

static void other_start(struct other *other, unsigned int slot, const char *mode) {
    other->name = start(slot, mode, NULL);
    other->address = address_of(other->name);
    other->mac = word_of(other->name, "cat /sys/class/net/eth0/address");
    other->local = word_of(other->name, "ip -6 -o addr show eth0 scope link | sed 's/.*inet6 //; s,/.*,,'");
    _result_ listening = inside(other->name, "0", "perl /workspace/listen.pl");
    assert_status(listening, 0);
}

static void other_done(struct other *other) {
    free(other->name);
    free(other->address);
    free(other->mac);
    free(other->local);
}

#define MODES 4
static const char *const modes[MODES] = {"restricted", "allowlist", "open", "none"};

struct row {
    const char *label;
    const char *expected[MODES];
};
static const struct row rows[] = {
    {"internet", {"open", "open", "open", "closed"}},
    {"internet, another port", {"open", "closed", "open", "closed"}},
    {"internet, another host", {"open", "closed", "open", "closed"}},
    {"private", {"closed", "closed", "open", "closed"}},
    {"private, listed", {"closed", "open", "open", "closed"}},
    {"metadata", {"closed", "closed", "open", "closed"}},
    {"this machine, at the bridge", {"closed", "closed", "open", "closed"}},
    {"this machine, its public address", {"closed", "closed", "open", "closed"}},
    {"this machine, IPv6 link-local", {"closed", "closed", "closed", "closed"}},
    {"names, by the bridge", {"open", "closed", "open", "closed"}},
    {"names, by a server outside", {"open", "closed", "open", "closed"}},
    {"a restricted session", {"closed", "closed", "closed", "closed"}},
    {"a restricted session, link-local", {"closed", "closed", "closed", "closed"}},
    {"an open session", {"closed", "closed", "closed", "closed"}},
    {"an open session, link-local", {"closed", "closed", "closed", "closed"}},
};

/* The probe's words for all rows. */
static char *destinations(const char *gateway, const char *gateway_local, const struct other *restricted,
                          const struct other *open) {
    return str_printf(
        "'internet=tcp:" WORLD_PUBLIC ";80' 'internet, another port=tcp:" WORLD_PUBLIC ";8080' "
        "'internet, another host=tcp:" WORLD_SECOND ";80' 'private=tcp:" WORLD_PRIVATE ";80' "
        "'private, listed=tcp:" WORLD_PRIVATE ";443' 'metadata=tcp:" WORLD_METADATA ";80' "
        "'this machine, at the bridge=tcp:%s;%u' "
        "'this machine, its public address=tcp:" WORLD_OWN ";%u' "
        "'this machine, IPv6 link-local=tcp:%s%%eth0;%u' "
        "'names, by the bridge=dns:%s' 'names, by a server outside=dns:" WORLD_PUBLIC "' "
        "'a restricted session=tcp:%s;8000' 'a restricted session, link-local=tcp:%s%%eth0;8000' "
        "'an open session=tcp:%s;8000' 'an open session, link-local=tcp:%s%%eth0;8000'",
        gateway, WORLD_PORT, WORLD_PORT, gateway_local, WORLD_PORT, gateway, restricted->address,
        restricted->local, open->address, open->local);
}

/* The session of a mode, what it is asked, and what root in it may try before. */
struct column {
    char *name, *words, *trick;
};

static void column_done(struct column *column) {
    free(column->name);
    free(column->words);
    free(column->trick);
}

/* The bridge's link-local address, which this machine knows; one of nobody's if it has none. Caller owns.
 */
static char *local_of(const char *gateway) {
    _cleanup_free_ char *find = str_printf(
        "dev=$(ip -o -4 addr show | awk '$4 ~ \"^%s/\" { print $2 }'); ip -6 -o addr show dev $dev scope "
        "link | sed 's/.*inet6 //; s,/.*,,'",
        gateway);
    _result_ found = shell_line(&(struct how){0}, find);
    found.out[strcspn(found.out, "\n")] = 0;
    return str_copy(*found.out ? found.out : "fe80::1");
}

static void column_open(struct column *column, size_t mode, const struct other *restricted,
                        const struct other *open) {
    bool none = str_equal(modes[mode], "none");
    column->name = world_slot((unsigned int)mode + 3);
    _cleanup_free_ char *address = none ? NULL : address_of(column->name),
                        *gateway = none ? str_copy("10.250.0.1")
                                        : word_of(column->name,
                                                  "ip -4 route show default | sed 's/.*via //; s/ .*//'"),
                        *local = local_of(gateway);
    column->words = destinations(gateway, local, restricted, open);
    column->trick =
        str_printf("sh /workspace/tricks.sh %s %s %s; sh /workspace/tricks.sh %s %s %s", gateway,
                   restricted->address, restricted->mac, gateway, open->address, open->mac);
    if (none)
        return;
    /* and this machine reaches its sessions */
    _result_ listening = inside(column->name, "0", "perl /workspace/listen.pl");
    _cleanup_free_ char *reach = str_printf("timeout 3 bash -c 'exec 3<>/dev/tcp/%s/8000'", address);
    _result_ reached = shell_line(&(struct how){0}, reach);
    assert_status(reached, 0);
}

/* One column of the table: what differs from it is printed, and counted. */
static size_t compare(const char *who, size_t mode, const char *found) {
    size_t wrong = 0;
    for (size_t i = 0; i < array_length(rows); i++) {
        _cleanup_free_ char *wanted = str_printf("%s %s\n", rows[i].label, rows[i].expected[mode]);
        const char *line = strstr(found, wanted);
        bool right = line && (line == found || line[-1] == '\n');
        if (!right)
            print_message("# %s, %s: %s is not %s\n", modes[mode], who, rows[i].label,
                          rows[i].expected[mode]);
        wrong += !right;
    }
    return wrong;
}

/* The whole table, asked as this user, all modes at once. */
static size_t ask_all(const char *who, const char *user, const struct column *columns) {
    struct child children[MODES];
    size_t wrong = 0;
    for (size_t mode = 0; mode < MODES; mode++) {
        _cleanup_free_ char *line = str_printf("perl /workspace/probe.pl %s", columns[mode].words);
        char *const argv[] = {(char *)"berth",
                              (char *)"container",
                              (char *)"exec",
                              columns[mode].name,
                              (char *)"--user",
                              (char *)user,
                              (char *)"--",
                              (char *)"sh",
                              (char *)"-c",
                              line,
                              NULL};
        children[mode] = berth_start(&world.how, argv);
    }
    for (size_t mode = 0; mode < MODES; mode++) {
        _result_ result = child_wait(&children[mode]);
        assert_status(result, 0);
        wrong += compare(who, mode, result.out);
    }
    return wrong;
}

static void print_table(void) {
    print_message("# %-36s %-12s %-12s %-12s %-12s\n", "", modes[0], modes[1], modes[2], modes[3]);
    for (size_t i = 0; i < array_length(rows); i++)
        print_message("# %-36s %-12s %-12s %-12s %-12s\n", rows[i].label, rows[i].expected[0],
                      rows[i].expected[1], rows[i].expected[2], rows[i].expected[3]);
}

static void test_table(void **state) {
    struct other restricted = {0}, open = {0};
    struct column columns[MODES] = {0};
    (void)state;
    for (size_t mode = 0; mode < MODES; mode++)
        free(start((unsigned int)mode + 3, modes[mode],
                   str_equal(modes[mode], "allowlist") ? "one.test:80, 10.250.0.2:443" : NULL));
    other_start(&restricted, 1, "restricted");
    other_start(&open, 2, "open");
    for (size_t mode = 0; mode < MODES; mode++)
        column_open(&columns[mode], mode, &restricted, &open);
    size_t wrong = ask_all("code", "1000", columns) + ask_all("root", "0", columns);
    for (size_t mode = 0; mode < MODES; mode++) {
        _result_ tricked = inside(columns[mode].name, "0", columns[mode].trick);
    }
    wrong += ask_all("root with its own routes", "0", columns);
    print_table();
    for (size_t mode = 0; mode < MODES; mode++)
        column_done(&columns[mode]);
    other_done(&restricted);
    other_done(&open);
    assert_int_equal(wrong, 0);
}

/* Waits until the command line is true inside. */
static void await_inside(const char *name, const char *line) {
    for (int64_t end = loop_now() + 20000;;) {
        _result_ result = inside(name, "1000", line);
        if (result.status == 0)
            return;
        if (loop_now() > end)
            fail_msg("%s does not come true in %s", line, name);
    }
}

/*
 * Rules and hosts file come from one answer: of a session that is launched, of one that was there, and
 * again when the time to live is over while a berth is there.
 */
static void test_names(void **state) {
    (void)state;
    internet_names("one.test 3600 " WORLD_PUBLIC "\n");
    _cleanup_free_ char *first = start(1, "allowlist", "One.test:80"), *address = address_of(first);
    await_inside(first, "exec 3<>/dev/null; grep -q '^" WORLD_PUBLIC " one.test$' /etc/hosts");
    await_inside(first, "bash -c 'exec 3<>/dev/tcp/one.test/80'");

    internet_names("one.test 1 " WORLD_SECOND "\n");
    char *const hold[] = {(char *)"berth",
                          (char *)"run",
                          (char *)"--network",
                          (char *)"allowlist",
                          (char *)"--allow",
                          (char *)"one.test:80",
                          (char *)"--",
                          (char *)"sh",
                          (char *)"-c",
                          (char *)"echo up; sleep 60",
                          NULL};
    struct child holding = berth_start(&world.how, hold);
    child_expect(&holding, "up\n");
    /* the second launch has taken the first session along */
    await_inside(first, "grep -q '^" WORLD_SECOND " one.test$' /etc/hosts");
    await_inside(first, "bash -c 'exec 3<>/dev/tcp/one.test/80'");
    await_inside(first, "! timeout 2 bash -c 'exec 3<>/dev/tcp/" WORLD_PUBLIC "/80' 2>/dev/null");

    internet_names("one.test 1 " WORLD_PUBLIC "\n");
    await_inside(first, "grep -q '^" WORLD_PUBLIC " one.test$' /etc/hosts");
    await_inside(first, "bash -c 'exec 3<>/dev/tcp/one.test/80'");
    internet_names(""); /* a resolver that fails takes nothing away */
    kill(holding.pid, SIGTERM);
    _result_ held = child_wait(&holding);
    await_inside(first, "bash -c 'exec 3<>/dev/tcp/one.test/80'");
}

/* The screen is a berth that is there, too. */
static void test_screen(void **state) {
    struct terminal terminal;
    (void)state;
    internet_names("one.test 1 " WORLD_PUBLIC "\n");
    _cleanup_free_ char *name = start(1, "allowlist", "one.test:80");
    world_screen(&terminal, 120, 40);
    terminal_expect(&terminal, "1 running");
    terminal_type(&terminal, "3");
    terminal_expect(&terminal, "reaches one.test:80");
    internet_names("one.test 1 " WORLD_SECOND "\n");
    await_inside(name, "grep -q '^" WORLD_SECOND " one.test$' /etc/hosts");
    terminal_type(&terminal, "N");
    terminal_expect(&terminal, "Network of");
    terminal_type(&terminal, "\033OB\033OB"); /* open, none */
    terminal_expect(&terminal, "its connections are cut");
    terminal_type(&terminal, "\r");
    terminal_expect(&terminal, "network none, was allowlist");
    terminal_expect(&terminal, "reaches nothing");
    terminal_type(&terminal, "q");
    assert_int_equal(terminal_close_restored(&terminal), 0);
}

static void test_attached(void **state) {
    struct terminal terminal;
    (void)state;
    internet_names("one.test 1 " WORLD_PUBLIC "\n");
    _cleanup_free_ char *name = start(1, "allowlist", "one.test:80");
    const char *const argv[] = {"berth", "attach", name, NULL};
    terminal_open(&terminal, &world.how, 80, 24, argv);
    terminal_expect(&terminal, "/workspace$");
    internet_names("one.test 1 " WORLD_SECOND "\n");
    await_inside(name, "grep -q '^" WORLD_SECOND " one.test$' /etc/hosts");
    terminal_type(&terminal, "exit\r");
    assert_int_equal(terminal_close_restored(&terminal), 0);
}

static size_t count_networks(void) {
    _result_ listed = berth(&world.how, "network", "list", "--format", "json", NULL);
    assert_status(listed, 0);
    _cleanup_json_ json_t *json = json_loads(listed.out, 0, NULL);
    return json_array_size(json_at(json, "networks"));
}

static void clean_networks(void) {
    _result_ result = berth(&world.how, "network", "down", NULL);
    assert_status(result, 0);
}

/* What is wrong is said with its entry, before anything is made. */
static void test_wrong(void **state) {
    static const struct {
        const char *allow;
        int status;
        const char *words;
    } wrong[] = {{"*.test:443", 2, "--allow *.test:443: a wildcard"},
                 {"one.test:70000", 2, "--allow one.test:70000: \"70000\" is not a port"},
                 {"nosuch.test:443", 1, "network allowlist: nosuch.test could not be resolved"},
                 {"inside.test:443", 4, "inside.test is 10.250.0.2, a private address"}};
    (void)state;
    clean_networks();
    for (size_t i = 0; i < array_length(wrong); i++) {
        _result_ result = berth(&world.how, "run", "--network", "allowlist", "--allow", wrong[i].allow,
                                "--", "true", NULL);
        assert_status(result, wrong[i].status);
        assert_has(result.err, wrong[i].words);
    }
    _result_ nothing = berth(&world.how, "run", "--network", "allowlist", "--", "true", NULL);
    assert_status(nothing, 2);
    assert_has(nothing.err, "nothing is listed");
    _result_ mode = berth(&world.how, "run", "--network", "closed", "--", "true", NULL);
    assert_status(mode, 2);
    assert_has(mode.err, "--network: \"closed\" is not restricted, allowlist, open or none");
    _result_ port = berth(&world.how, "run", "--publish", "70000", "--", "true", NULL);
    assert_status(port, 2);
    assert_int_equal(count_networks(), 0);
}

/* Launches that need a network that is not there make it once; it is taken away without a trace. */
static void test_once(void **state) {
    struct child children[6];
    char *const argv[] = {(char *)"berth", (char *)"run", (char *)"-q", (char *)"true", NULL};
    (void)state;
    clean_networks();
    for (size_t i = 0; i < array_length(children); i++)
        children[i] = berth_start(&world.how, argv);
    for (size_t i = 0; i < array_length(children); i++) {
        _result_ result = child_wait(&children[i]);
        assert_status(result, 0);
    }
    assert_int_equal(count_networks(), 1);
    _result_ listed = berth(&world.how, "network", "list", "--format", "json", NULL);
    _cleanup_json_ json_t *json = json_loads(listed.out, 0, NULL);
    const char *name = json_str_at(json_array_get(json_at(json, "networks"), 0), "name");
    assert_no_containers();
    _result_ cleaned = berth(&world.how, "clean", NULL);
    assert_status(cleaned, 0);
    assert_has(cleaned.err, "removed: nobody uses it");
    _cleanup_free_ char *traces =
        str_printf("ls /sys/class/net | grep %s; nft list ruleset | grep %s; incus network acl "
                   "list -f csv | grep %s",
                   name, name, name);
    _result_ left = shell_line(&(struct how){0}, traces);
    assert_string_equal(left.out, "");
}

/* Another process takes the subnet while the network is being made: it gets another one. */
static void test_subnet_taken(void **state) {
    (void)state;
    clean_networks();
    _result_ plan = berth(&world.how, "run", "--dry-run", "--", "true", NULL);
    _cleanup_json_ json_t *json = json_loads(plan.out, 0, NULL);
    _cleanup_free_ char *take = str_printf(
        "(for i in $(seq 3000); do a=$(ip -4 -o addr show %s 2>/dev/null | awk '{ print $4 }'); "
        "[ -z \"$a\" ] || { ip addr add ${a%%.*}.9/24 dev berthworld; break; }; done) >/dev/null 2>&1 &",
        json_str_at(json, "network.name"));
    _result_ taking = shell_line(&(struct how){0}, take);
    _result_ up = berth(&world.how, "network", "up", NULL);
    assert_status(up, 0);
    _result_ shared = shell_line(&(struct how){0},
                                 "ip -4 -o addr show | awk '{ sub(/\\.[0-9]+\\/.*/, \"\", $4); print $4 "
                                 "}' | sort | uniq -d");
    _result_ taken = shell_line(&(struct how){0}, "ip -4 -o addr show dev berthworld | grep -c '\\.9/24'");
    assert_string_equal(taken.out, "1\n");
    assert_string_equal(shared.out, "");
}

/* A daemon that is killed while it makes the network leaves half of it: the next launch makes it anew. */
static void test_half_made(void **state) {
    char *const argv[] = {(char *)"berth", (char *)"network", (char *)"up", NULL};
    (void)state;
    clean_networks();
    _result_ plan = berth(&world.how, "run", "--dry-run", "--", "true", NULL);
    _cleanup_json_ json_t *json = json_loads(plan.out, 0, NULL);
    _cleanup_free_ char *interface = str_printf("/sys/class/net/%s", json_str_at(json, "network.name"));
    struct child child = berth_start(&world.how, argv);
    for (int64_t end = loop_now() + 10000; access(interface, F_OK) != 0 && loop_now() < end;)
        ;
    private_daemon_kill();
    _result_ killed = child_wait(&child);
    assert_status(killed, 3);
    private_daemon_up();
    /* a standby container is of the network that it gets in the end */
    world.variables[1] = "BERTH_STANDBY=1";
    _result_ fill = berth(&world.how, "standby", "fill", "--image", "berth-small", NULL);
    _result_ clear = berth(&world.how, "standby", "clear", NULL);
    world.variables[1] = NULL;
    assert_status(fill, 0);
    assert_has(clear.out, "Removed 1 standby container");
    for (int i = 0; i < 2; i++) {
        _result_ run = berth(&world.how, "run", "--", "true", NULL);
        assert_status(run, 0);
    }
    assert_int_equal(count_networks(), 1);
}

/* A rule that somebody took away is not launched on; nor is one in a project that may not. */
static void test_refused(void **state) {
    (void)state;
    _result_ up = berth(&world.how, "network", "up", NULL);
    assert_status(up, 0);
    up.out[strcspn(up.out, "\n")] = 0;
    _result_ unset = incus_command("network", "unset", up.out, "security.acls", NULL);
    _result_ changed = berth(&world.how, "run", "--", "true", NULL);
    assert_status(changed, 4);
    assert_has(changed.err, "was changed: its security.acls is \"\"");
    _cleanup_free_ char *value = str_printf("security.acls=%s", up.out);
    _result_ mended = incus_command("network", "set", up.out, value, NULL);
    _cleanup_free_ char *acl = str_printf("/1.0/network-acls/%s", up.out);
    _result_ emptied =
        incus_command("query", "-X", "PUT", "-d",
                      "{\"egress\":[{\"action\":\"allow\",\"state\":\"enabled\"}]}", acl, NULL);
    /* an access list is simply made what it must be */
    _result_ good = berth(&world.how, "run", "--", "true", NULL);
    assert_status(good, 0);
    _result_ shown = incus_command("network", "acl", "show", up.out, NULL);
    assert_has(shown.out, "11.0.0.0-100.63.255.255");

    _result_ made = incus_command("project", "create", "berth-test-project", "-c", "features.images=false",
                                  "-c", "restricted=true", "-c", "restricted.devices.disk=allow", "-c",
                                  "restricted.containers.lowlevel=allow", "-c",
                                  "restricted.networks.access=elsewhere", NULL);
    _result_ refused = berth(&world.how, "run", "--project", "berth-test-project", "--", "true", NULL);
    _cleanup_free_ char *access = str_printf("restricted.networks.access=elsewhere,%s", up.out);
    _result_ given = incus_command("project", "set", "berth-test-project", access, NULL);
    _result_ may =
        berth(&world.how, "run", "--project", "berth-test-project", "--dry-run", "--", "true", NULL);
    _result_ removed = incus_command("project", "delete", "berth-test-project", NULL);
    _result_ own = incus_command("project", "create", "berth-test-project", "-c", "features.images=false",
                                 "-c", "features.networks=true", NULL);
    _result_ impossible = berth(&world.how, "run", "--project", "berth-test-project", "--", "true", NULL);
    _result_ deleted = incus_command("project", "delete", "berth-test-project", NULL);
    assert_status(impossible, 4);
    assert_has(impossible.err, "the network of restricted sessions cannot be made: ");
    assert_has(impossible.err, "hint: --network open goes without it");
    assert_status(refused, 4);
    assert_has(refused.err, "project berth-test-project may use no other network than elsewhere");
    assert_has(refused.err, "sudo berth network up --to berth-test-project --network restricted");
    assert_status(may, 0);
    assert_has(may.out, up.out);
}

/* A profile that brings a second NIC opens no second way. */
static void test_second_nic(void **state) {
    (void)state;
    _result_ added = incus_command("profile", "device", "add", "default", "eth1", "nic", "nictype=p2p",
                                   "name=eth1", NULL);
    _result_ restricted = berth(&world.how, "run", "--", "ls", "/sys/class/net", NULL);
    _result_ none = berth(&world.how, "run", "--network", "none", "--", "ls", "/sys/class/net", NULL);
    _result_ open = berth(&world.how, "run", "--network", "open", "--", "ls", "/sys/class/net", NULL);
    assert_no_containers(); /* one that is just being deleted would not take the change */
    _result_ removed = incus_command("profile", "device", "remove", "default", "eth1", NULL);
    assert_string_equal(restricted.out, "eth0\nlo\n");
    assert_string_equal(none.out, "lo\n");
    assert_string_equal(open.out, "eth0\neth1\nlo\n");
}

/* A running session is moved; a stopped one gets what is asked for, and that is said. */
static void test_change(void **state) {
    (void)state;
    _cleanup_free_ char *name = start(1, "restricted", NULL), *address = address_of(name);
    const char *reach = "timeout 2 bash -c 'exec 3<>/dev/tcp/" WORLD_PUBLIC "/80' 2>/dev/null",
               *reach_private = "timeout 2 bash -c 'exec 3<>/dev/tcp/" WORLD_PRIVATE "/80' 2>/dev/null";
    await_inside(name, reach);
    _result_ none = berth(&world.how, "network", "set", name, "--network", "none", NULL);
    assert_status(none, 0);
    assert_has(none.out, ": none (was restricted)\n");
    assert_has(none.err, "its connections are cut");
    _result_ closed = inside(name, "0", reach);
    assert_int_not_equal(closed.status, 0);
    _result_ open = berth(&world.how, "network", "set", name, "--network", "open", NULL);
    assert_status(open, 0);
    await_inside(name, reach_private);
    _result_ listed =
        berth(&world.how, "network", "set", name, "--network", "allowlist", "--allow", "one.test:80", NULL);
    assert_status(listed, 0);
    await_inside(name, "bash -c 'exec 3<>/dev/tcp/one.test/80'");
    _result_ still = inside(name, "0", reach_private);
    assert_int_not_equal(still.status, 0);
    _result_ list = berth(&world.how, "list", NULL);
    assert_has(list.out, "Network: allowlist, allow one.test:80\n");
}

/* A persistent container of before is brought to what is asked for today. */
static void test_reused(void **state) {
    (void)state;
    _result_ made = berth(&world.how, "run", "--persistent", "--network", "open", "--", "true", NULL);
    assert_status(made, 0);
    _result_ again = berth(
        &world.how, "run", "--persistent", "--", "sh", "-c",
        "for i in $(seq 100); do ip -4 -o addr show eth0 | grep -q inet && break; sleep 0.1; done; "
        "timeout 2 bash -c 'exec 3<>/dev/tcp/" WORLD_PRIVATE "/80' 2>/dev/null && echo open || echo closed",
        NULL);
    assert_status(again, 0);
    assert_string_equal(again.out, "closed\n");
    assert_has(again.err, "is open, built in asks for restricted: changed");
}

/* A port of the session is one of this machine; one that is taken is named with who has it. */
static void test_published(void **state) {
    (void)state;
    _result_ started = berth(&world.how, "shell", "--background", "--slot", "1", "--network", "none",
                             "--publish", "18077:8000", NULL);
    assert_status(started, 0);
    _cleanup_free_ char *name = world_slot(1);
    _result_ listening = inside(name, "1000", "perl /workspace/listen.pl");
    assert_status(listening, 0);
    _result_ reached = shell_line(&(struct how){0},
                                  "timeout 3 bash -c 'exec 3<>/dev/tcp/127.0.0.1/18077 && head -c1 <&3'");
    assert_string_equal(reached.out, "x");
    _result_ other = shell_line(&(struct how){0},
                                "timeout 3 bash -c 'exec 3<>/dev/tcp/" WORLD_OWN "/18077' 2>/dev/null");
    assert_int_not_equal(other.status, 0);
    _result_ list = berth(&world.how, "list", NULL);
    assert_has(list.out, "Published: 127.0.0.1:18077 -> 8000\n");
    _result_ taken = berth(&world.how, "run", "--publish", "18077", "--", "true", NULL);
    assert_status(taken, 1);
    _cleanup_free_ char *words = str_printf("port 18077 of 127.0.0.1 is taken: %s has it", name);
    assert_has(taken.err, words);
    _cleanup_free_ char *mine = str_printf("%u", WORLD_PORT);
    _result_ process = berth(&world.how, "run", "--publish", mine, "--", "true", NULL);
    assert_status(process, 1);
    assert_has(process.err, "is taken: a process of another user has it");
    _result_ root = berth(&(struct how){.cwd = world.folder, .variables = world.variables}, "run",
                          "--publish", mine, "--", "true", NULL);
    assert_has(root.err, "is taken: network (pid ");
}

/* The environment's words stand before the settings file's. */
static void test_environment(void **state) {
    (void)state;
    world.variables[1] = "BERTH_NETWORK_MODE=none";
    _result_ none = berth(&world.how, "run", "--", "ls", "/sys/class/net", NULL);
    assert_string_equal(none.out, "lo\n");
    world.variables[1] = "BERTH_NETWORK_ALLOW=*.test:1";
    _result_ wrong = berth(&world.how, "run", "--", "true", NULL);
    assert_status(wrong, 2);
    assert_has(wrong.err, "$BERTH_NETWORK_ALLOW *.test:1: a wildcard");
}

/* The settings' words, and a limit on ports. */
static void test_settings(void **state) {
    (void)state;
    _cleanup_free_ char *folder = world_folder(".config/berth"),
                        *file = str_printf("%s/config.ini", folder);
    _cleanup_fclose_ FILE *out = fopen(file, "we");
    assert_non_null(out);
    fputs("[network]\nmode = restricted\nallow = 10.250.0.2:443\nallowed_ports = 80\n"
          "dns_servers = " WORLD_PUBLIC "\n",
          out);
    fflush(out);
    _cleanup_free_ char *config = str_printf("XDG_CONFIG_HOME=%s/.config", world.home);
    world.variables[1] = config;
    _result_ started = berth(&world.how, "shell", "--background", "--slot", "1", NULL);
    assert_status(started, 0);
    _cleanup_free_ char *name = world_slot(1), *address = address_of(name);
    _result_ probed = inside(name, "1000",
                             "perl /workspace/probe.pl 'a=tcp:" WORLD_PUBLIC ";80' 'b=tcp:" WORLD_PUBLIC
                             ";443' 'c=tcp:" WORLD_PRIVATE ";443' 'd=tcp:" WORLD_PRIVATE ";80' | sort");
    assert_string_equal(probed.out, "a open\nb closed\nc open\nd closed\n");
    /* the bridge asks the servers of the settings, and them alone */
    await_inside(name, "getent ahostsv4 one.test | grep -q '^" WORLD_PUBLIC " '");
    _result_ direct = inside(
        name, "1000", "perl /workspace/probe.pl 'a=dns:" WORLD_PUBLIC "' 'b=dns:" WORLD_SECOND "' | sort");
    assert_string_equal(direct.out, "a open\nb closed\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        network_test(test_table),        network_test(test_names),     network_test(test_wrong),
        network_test(test_once),         network_test(test_screen),    network_test(test_attached),
        network_test(test_subnet_taken), network_test(test_half_made), network_test(test_refused),
        network_test(test_second_nic),   network_test(test_change),    network_test(test_reused),
        network_test(test_published),    network_test(test_settings),  network_test(test_environment)};
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
