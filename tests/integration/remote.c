/* A daemon of another machine, over TLS: made known, used, cut off, and not the one that was meant. */
#include "tests/harness/line.h"
#include "tests/harness/world.h"

#include "base/loop.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* The remote: its address, and where the incus command finds it. */
static char address[64], folder[256], client[256];
static char *config, *config_variable, *there, *script;

/* A line of sh's, for which the incus command is the remote's. Caller owns what it writes. */
static char *lab(const char *line) {
    _cleanup_free_ char *whole =
        str_printf("unset INCUS_SOCKET; export INCUS_DIR=%s INCUS_CONF=%s; %s", folder, client, line);
    _result_ got = shell_line(&(struct how){0}, whole);
    assert_status(got, 0);
    got.out[strcspn(got.out, "\n")] = 0;
    return str_copy(got.out);
}

static char *token(void) {
    return lab("incus config trust add test 2>/dev/null | tail -1");
}

static void forget_all(void) {
    _cleanup_free_ char *line = str_printf("rm -rf %s", config);
    _result_ gone = shell_line(&(struct how){0}, line);
}

static void know_lab(const char *more) {
    _cleanup_free_ char *one = token(), *file = str_printf("%s/berth/config.ini", config);
    _result_ added = berth(&world.how, "remote", "add", "lab", address, "--token", one, NULL);
    assert_status(added, 0);
    write_file(file, 0644, more);
}

static int setup(void **state) {
    group_setup(state);
    world_setup(state);
    config = str_printf("%s/config", world.home);
    config_variable = str_printf("XDG_CONFIG_HOME=%s", config);
    there = str_printf("lab:%s", world.folder);
    char *here_now = getcwd(NULL, 0);
    script = str_printf("cd %s && tests/cluster/remote in", here_now);
    free(here_now);
    _cleanup_free_ char *here = str_printf("touch %s/of-here", world.folder),
                        *line = str_printf("tests/cluster/remote up %s", world.folder);
    _result_ file = shell_line(&world.how, here);
    FILE *up = popen(line, "r");
    int got = up ? fscanf(up, "%63s %255s %255s", address, folder, client) : 0;
    if (!up || pclose(up) != 0 || got != 3)
        fail_msg("the remote did not come up");
    return 0;
}

static int teardown(void **state) {
    (void)!system("tests/cluster/remote down");
    free(config);
    free(config_variable);
    free(there);
    free(script);
    world_teardown(state);
    return group_teardown(state);
}

static int begin(void **state) {
    (void)state;
    world.variables[1] = config_variable;
    forget_all();
    return 0;
}

static int end(void **state) {
    (void)state;
    _cleanup_free_ char *gone = lab("incus list -f csv -c n | xargs -r incus delete -f; true"),
                        *sweep = str_printf("%s find %s -mindepth 1 ! -name of-lab -delete", script,
                                            world.folder),
                        *swept = lab(sweep);
    remove_containers();
    world.variables[1] = NULL;
    return 0;
}

static mode_t mode_of(const char *name) {
    _cleanup_free_ char *path = str_printf("%s/berth/%s", config, name);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    return info.st_mode & 07777;
}

/* Nobody is believed who was not confirmed, and nobody is let in without a token, which serves once. */
static void test_add(void **state) {
    (void)state;
    _result_ unasked = berth(&world.how, "remote", "add", "lab", address, NULL);
    assert_status(unasked, 4);
    assert_has(unasked.err, "was not confirmed");
    _cleanup_free_ char *fingerprint = lab("incus info | sed -n 's/ *certificate_fingerprint: //p'");
    assert_int_equal(strlen(fingerprint), 64);
    _result_ wrong = berth(&world.how, "remote", "add", "lab", address, "--fingerprint",
                           "0000000000000000000000000000000000000000000000000000000000000000", NULL);
    assert_status(wrong, 4);
    assert_has(wrong.err, fingerprint);
    _result_ unknown =
        berth(&world.how, "remote", "add", "lab", address, "--fingerprint", fingerprint, NULL);
    assert_status(unknown, 4);
    assert_has(unknown.err, "does not trust us yet");
    _result_ none = berth(&world.how, "remote", "list", NULL);
    assert_string_equal(none.out, "");
    _cleanup_free_ char *one = token();
    _result_ added = berth(&world.how, "remote", "add", "lab", address, "--token", one, NULL);
    assert_status(added, 0);
    assert_int_equal(mode_of("client.key"), 0600);
    _result_ again = berth(&world.how, "remote", "add", "lab", address, "--token", one, NULL);
    assert_status(again, 1);
    assert_has(again.err, "known already");
    _result_ list = berth(&world.how, "remote", "list", "--format", "json", NULL);
    assert_has(list.out, fingerprint);
    _result_ trusted = berth(&world.how, "--remote", "lab", "list", NULL);
    assert_status(trusted, 0);
    _result_ removed = berth(&world.how, "remote", "remove", "lab", NULL);
    assert_status(removed, 0);
    _result_ gone = berth(&world.how, "--remote", "lab", "list", NULL);
    assert_status(gone, 2);
    /* somebody else, with the token that has served */
    forget_all();
    _result_ twice = berth(&world.how, "remote", "add", "lab", address, "--token", one, NULL);
    assert_status(twice, 1);
    assert_has(twice.err, "a token serves once");
    _result_ not_there = berth(&world.how, "remote", "add", "x", "127.0.0.1:1", NULL);
    assert_status(not_there, 3);
    assert_has(not_there.err, "core.https_address");
}

static void set_fingerprint(const char *fingerprint) {
    _cleanup_free_ char *file = str_printf("%s/berth/remotes.ini", config),
                        *text = str_printf("[remote lab]\nurl = https://%s\nfingerprint = %s\n", address,
                                           fingerprint);
    write_file(file, 0600, text);
}

/* A key and its certificate, in force from `from` to `until`, in seconds from now. */
static void make_certificate(const char *certificate, const char *key, long from, long until) {
    EVP_PKEY *pair = EVP_EC_gen("P-384");
    X509 *made = X509_new();
    FILE *file = fopen(certificate, "w");
    ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
    X509_gmtime_adj(X509_getm_notBefore(made), from);
    X509_gmtime_adj(X509_getm_notAfter(made), until);
    X509_set_pubkey(made, pair);
    assert_true(X509_sign(made, pair, EVP_sha384()) > 0);
    assert_true(PEM_write_X509(file, made));
    fclose(file);
    file = fopen(key, "w");
    assert_true(PEM_write_PrivateKey(file, pair, NULL, NULL, 0, NULL, NULL));
    fclose(file);
    assert_int_equal(chmod(key, 0600) | chown(key, 1001, 1001) | chown(certificate, 1001, 1001), 0);
    X509_free(made);
    EVP_PKEY_free(pair);
}

#define DAY 86400L

/* Neither another certificate than the confirmed one, nor one that is not in force, nor a key that others
 * read. */
static void test_certificates(void **state) {
    (void)state;
    know_lab("");
    set_fingerprint("1111111111111111111111111111111111111111111111111111111111111111");
    _result_ other = berth(&world.how, "--remote", "lab", "list", NULL);
    assert_status(other, 4);
    assert_has(other.err, "is not the one that was confirmed");
    _result_ run = berth(&world.how, "-w", there, "run", "--", "true", NULL);
    assert_status(run, 4);
    _result_ format = berth(&world.how, "--remote", "lab", "list", "--format", "json", NULL);
    assert_has(format.err, "\"refused\"");

    _cleanup_free_ char *fingerprint = lab("incus info | sed -n 's/ *certificate_fingerprint: //p'"),
                        *certificate = str_printf("%s/berth/client.crt", config),
                        *key = str_printf("%s/berth/client.key", config);
    set_fingerprint(fingerprint);
    _result_ good = berth(&world.how, "--remote", "lab", "list", NULL);
    assert_status(good, 0);
    assert_int_equal(chmod(key, 0644), 0);
    _result_ read = berth(&world.how, "--remote", "lab", "list", NULL);
    assert_status(read, 4);
    assert_has(read.err, "may be read by others");
    make_certificate(certificate, key, -2 * DAY, -DAY);
    _result_ expired = berth(&world.how, "--remote", "lab", "list", NULL);
    assert_status(expired, 1);
    assert_has(expired.err, "has expired on");
    make_certificate(certificate, key, -DAY, DAY);
    _result_ stranger = berth(&world.how, "--remote", "lab", "list", NULL);
    assert_status(stranger, 3);
    assert_has(stranger.err, "does not trust our certificate");
}

/* A daemon whose own certificate has expired is not spoken to, confirmed or not. */
static void test_expired_server(void **state) {
    (void)state;
    know_lab("");
    _cleanup_free_ char *certificate = str_printf("%s/server.crt", world.home),
                        *key = str_printf("%s/server.key", world.home),
                        *file = str_printf("%s/berth/remotes.ini", config);
    make_certificate(certificate, key, -2 * DAY, -DAY);
    _cleanup_free_ char *line = str_printf("openssl x509 -in %s -noout -fingerprint -sha256", certificate);
    _result_ print = shell_line(&(struct how){0}, line);
    print.out[strcspn(print.out, "\n")] = 0;
    _cleanup_free_ char *text = str_printf(
        "[remote lab]\nurl = https://127.0.0.1:18997\nfingerprint = %s\n", strchr(print.out, '=') + 1);
    write_file(file, 0600, text);
    pid_t server = fork();
    if (server == 0) {
        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
            _exit(1);
        execlp("openssl", "openssl", "s_server", "-accept", "127.0.0.1:18997", "-cert", certificate, "-key",
               key, "-www", NULL);
        _exit(127);
    }
    _result_ expired = {0};
    for (int i = 0; i < 50; i++) {
        result_done(&expired);
        expired = berth(&world.how, "--remote", "lab", "list", NULL);
        if (!strstr(expired.err, "cannot be reached"))
            break;
        usleep(100000);
    }
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    assert_status(expired, 3);
    assert_has(expired.err, "has expired on");
}

/* The incus command's own remotes, with its certificates. */
static void test_of_incus(void **state) {
    (void)state;
    _cleanup_free_ char *
        one = token(),
       *conf = str_printf("INCUS_CONF=%s/of-incus", world.home),
       *line = str_printf("incus remote add lab https://%s --accept-certificate --token %s 2>&1 </dev/null",
                          address, one);
    world.variables[2] = conf;
    _result_ added = shell_line(&world.how, line);
    assert_status(added, 0);
    _result_ list = berth(&world.how, "remote", "list", NULL);
    assert_has(list.out, "of-incus/config.yml");
    _result_ used = berth(&world.how, "-w", there, "run", "--", "ls", NULL);
    assert_status(used, 0);
    assert_string_equal(used.out, "of-lab\n");
    world.variables[2] = NULL;
}

/* Streams, status, the directory of that machine; whose it is, is seen there or said. */
static void test_run(void **state) {
    (void)state;
    know_lab("");
    struct how how = world.how;
    how.input = "one\ntwo\n";
    _result_ run = berth(&how, "-w", there, "run", "--", "sh", "-c",
                         "ls; cat; echo made >made; echo wrong >&2; exit 7", NULL);
    assert_status(run, 7);
    assert_string_equal(run.out, "of-lab\none\ntwo\n");
    assert_has(run.err, "wrong\n");
    assert_has(run.err, "is 1001:1001's: made anew for that");
    _cleanup_free_ char *line = str_printf("%s stat -c %%u:%%g %s/made", script, world.folder),
                        *owner = lab(line);
    assert_string_equal(owner, "1001:1001");
    assert_false(file_exists(world.folder, "made"));
    _cleanup_free_ char *file = str_printf("%s/berth/config.ini", config);
    write_file(file, 0644, "[remote lab]\nuid = 1001\n");
    _result_ known = berth(&world.how, "-w", there, "run", "--", "sh", "-c", "echo x >made2", NULL);
    assert_status(known, 0);
    assert_has_not(known.err, "made anew");
}

/* What is a directory of this machine is not one of that. */
static void test_not_shared(void **state) {
    (void)state;
    know_lab("");
    _result_ refused = berth(&world.how, "--remote", "lab", "run", "--", "ls", NULL);
    assert_status(refused, 4);
    assert_has(refused.err, "is a directory of this machine, and lab has its own");
    _result_ mount = berth(&world.how, "-w", there, "--mount", "/srv:/data", "run", "--", "ls", NULL);
    assert_status(mount, 4);
    _cleanup_free_ char *none = lab("incus list -f csv");
    assert_string_equal(none, "");
    _cleanup_free_ char *file = str_printf("%s/berth/config.ini", config),
                        *text = str_printf("[incus]\nshared = /nowhere, %s\n", world.home);
    write_file(file, 0644, text);
    _result_ shared = berth(&world.how, "--remote", "lab", "run", "--", "ls", NULL);
    assert_status(shared, 0);
    assert_string_equal(shared.out, "of-lab\n"); /* it was said to be the same, and was not looked at */
}

/* Two workspaces of one path, whose containers have one name: each daemon's are its own. */
static void test_same_name(void **state) {
    (void)state;
    know_lab("");
    _result_ here = berth(&world.how, "shell", "--background", NULL);
    _result_ over = berth(&world.how, "-w", there, "shell", "--background", NULL);
    assert_status(here, 0);
    assert_status(over, 0);
    assert_string_equal(here.out, over.out);
    _cleanup_free_ char *name = world_slot(1), *status = NULL;
    _result_ list = berth(&world.how, "--remote", "lab", "list", "--all", NULL);
    assert_has(list.out, name);
    _result_ killed = berth(&world.how, "--remote", "lab", "kill", "--force", name, NULL);
    assert_status(killed, 0);
    status = world_status(name);
    assert_string_equal(status, "RUNNING");
    _result_ records = berth(&world.how, "list", "--all", NULL);
    assert_has(records.out, "Saved:");
    _result_ cleaned = berth(&world.how, "--remote", "lab", "clean", "--sessions", "--force", NULL);
    assert_status(cleaned, 0);
    _result_ kept = berth(&world.how, "list", "--all", NULL);
    assert_has(kept.out, "Saved:");
}

static void test_files(void **state) {
    (void)state;
    know_lab("");
    _result_ shell = berth(&world.how, "-w", there, "shell", "--background", NULL);
    assert_status(shell, 0);
    _cleanup_free_ char *name = world_slot(1), *to = str_printf("%s:/tmp/in", name),
                        *back = str_printf("%s/back", world.folder),
                        *big = str_printf("%s/big", world.folder),
                        *make = str_printf("head -c 3000000 /dev/urandom >%s", big),
                        *compare = str_printf("cmp %s %s", big, back);
    _result_ made = shell_line(&world.how, make);
    _result_ push = berth(&world.how, "--remote", "lab", "file", "push", big, to, NULL);
    assert_status(push, 0);
    _result_ pull = berth(&world.how, "--remote", "lab", "file", "pull", to, back, NULL);
    assert_status(pull, 0);
    _result_ same = shell_line(&world.how, compare);
    assert_status(same, 0);
    /* a saved session of that machine is resumed there */
    _result_ persistent = berth(&world.how, "--remote", "lab", "persist", name, NULL);
    assert_status(persistent, 0);
    _result_ stopped = berth(&world.how, "--remote", "lab", "shutdown", "--force", name, NULL);
    assert_status(stopped, 0);
    _result_ attach = berth(&world.how, "--remote", "lab", "attach", name, NULL);
    assert_has(attach.err, there);
    _result_ resumed = berth(&world.how, "-w", there, "shell", "--resume", "--background", NULL);
    assert_status(resumed, 0);
    _cleanup_free_ char *status = lab("incus list -f csv -c s");
    assert_string_equal(status, "RUNNING");
    _result_ snapshot = berth(&world.how, "--remote", "lab", "snapshot", "create", name, "one", NULL);
    assert_status(snapshot, 0);
    _result_ branch =
        berth(&world.how, "--remote", "lab", "snapshot", "branch", name, "one", "--background", NULL);
    assert_status(branch, 0);
}

/* The guard of a repository over there, and a session's network. */
static void test_guard(void **state) {
    (void)state;
    know_lab("");
    _cleanup_free_ char *line = str_printf("%s sh -c 'cd %s && mkdir -p .git/hooks && touch "
                                           ".git/config .git/HEAD && chown -R 1001:1001 .git'",
                                           script, world.folder),
                        *made = lab(line);
    _result_ run =
        berth(&world.how, "-w", there, "run", "--", "sh", "-c",
              "echo x >.git/hooks/pre-commit; echo x >.git/config; mv .git other; echo y >.git/HEAD && "
              "cat .git/HEAD",
              NULL);
    assert_string_equal(run.out, "y\n");
    assert_has(run.err, "hooks/pre-commit: Read-only");
    assert_has(run.err, ".git/config: Read-only");
    assert_has(run.err, "busy");
    assert_has(run.err, "is another machine's");
    /* a link in the place of what is guarded is not followed to where it leads */
    _cleanup_free_ char *link = str_printf("%s sh -c 'cd %s && rm -r .git/hooks && ln -s /etc "
                                           ".git/hooks && chown -h 1001:1001 .git/hooks'",
                                           script, world.folder),
                        *linked = lab(link);
    _result_ refused = berth(&world.how, "-w", there, "run", "--", "ls", ".git/hooks/", NULL);
    assert_status(refused, 1);
    assert_has_not(refused.out, "passwd");
    /* nor is the workspace itself another directory than was said */
    _cleanup_free_ char *other =
                            str_printf("%s sh -c 'cd %s && rm -r .git && mkdir -p real/secret && ln -s "
                                       "real/secret sub && chown -R 1001:1001 real'",
                                       script, world.folder),
                        *made_other = lab(other), *sub = str_printf("lab:%s/sub", world.folder),
                        *real = str_printf("lab:%s/real/secret", world.folder);
    _result_ led = berth(&world.how, "-w", sub, "run", "--", "true", NULL);
    assert_status(led, 1);
    assert_has(led.err, "is not as planned");
    _result_ meant = berth(&world.how, "-w", real, "run", "--", "true", NULL);
    assert_status(meant, 0);
    _cleanup_free_ char *rm = str_printf("%s rm -rf %s/.git", script, world.folder), *removed = lab(rm);
    _result_ none = berth(&world.how, "-w", there, "--network", "none", "run", "--", "sh", "-c",
                          "grep -vc Iface /proc/net/route; true", NULL);
    assert_status(none, 0);
    assert_string_equal(none.out, "0\n");
    struct how how = world.how;
    how.variables =
        (const char *const[]){world.home_variable, config_variable, "BERTH_SECRET_PATHS=.env", NULL};
    _result_ secrets = berth(&how, "-w", there, "run", "--", "ls", NULL);
    assert_status(secrets, 4);
    assert_has(secrets.err, "cannot be covered from here");
}

/* Who is root there is not made code, and whom the daemon may not map is said, with where. */
static void test_owners(void **state) {
    (void)state;
    know_lab("");
    _cleanup_free_ char *give = str_printf("%s chown 0:0 %s", script, world.folder), *given = lab(give);
    _result_ root = berth(&world.how, "-w", there, "run", "--", "id", NULL);
    assert_status(root, 4);
    assert_has(root.err, "host root is never mapped");
    _cleanup_free_ char *other = str_printf("%s chown 2345:2346 %s", script, world.folder),
                        *others = lab(other);
    _result_ undelegated = berth(&world.how, "-w", there, "run", "--", "id", NULL);
    assert_status(undelegated, 4);
    assert_has(undelegated.err, "on lab: echo root:2345:1 | sudo tee -a /etc/subuid");
    _cleanup_free_ char *left = lab("incus list -f csv");
    assert_string_equal(left, "");
    _cleanup_free_ char *back = str_printf("%s chown 1001:1001 %s", script, world.folder),
                        *ours = lab(back);
}

static void use_line(const struct line *line) {
    _cleanup_free_ char *file = str_printf("%s/berth/remotes.ini", config), *text = read_file(file),
                        *port = str_printf("127.0.0.1:%u", line->port), *found = strstr(text, address);
    _cleanup_free_ char *head = str_copy_n(text, (size_t)(found - text)),
                        *whole = str_printf("%s%s%s", head, port, found + strlen(address));
    found = NULL;
    write_file(file, 0600, whole);
}

#define LATENCY_MS 100

/* At 100 ms there and back an attached shell echoes a key so much later, and no more than a little beyond.
 */
static void test_latency(void **state) {
    (void)state;
    know_lab("");
    _result_ shell = berth(&world.how, "-w", there, "shell", "--background", NULL);
    assert_status(shell, 0);
    struct line line = line_start(address, LATENCY_MS / 2);
    use_line(&line);
    _cleanup_free_ char *name = world_slot(1);
    struct terminal terminal;
    const char *const argv[] = {"berth", "--remote", "lab", "attach", name, NULL};
    terminal_open(&terminal, &world.how, 80, 24, argv);
    terminal_expect(&terminal, "$");
    double worst = 0, all = 0;
    static const char letters[] = "qzqxjqzvqxzq"; /* which stand nowhere else on the screen */
    int keys = 12;
    for (int i = 0; i < keys; i++) {
        char key[2] = {letters[i], 0}, typed[20];
        snprintf(typed, sizeof typed, "%.*s", i + 1, letters);
        int64_t begin = loop_now();
        terminal_type(&terminal, key);
        while (terminal_find(&terminal, typed, NULL) < 0 && loop_now() - begin < 5000)
            terminal_read(&terminal, 1);
        double took = (double)(loop_now() - begin);
        worst = took > worst ? took : worst;
        all += took;
    }
    print_message("# a key's echo at %d ms of latency: %.0f ms on average, %.0f at worst\n", LATENCY_MS,
                  all / keys, worst);
    assert_true(all / keys >= LATENCY_MS && all / keys < LATENCY_MS + 40);
    static const char *const leave[] = {"\x15", "\x02", "d"}; /* at one time they would be pasted */
    for (size_t i = 0; i < array_length(leave); i++) {
        terminal_type(&terminal, leave[i]);
        terminal_read(&terminal, 50);
    }
    assert_int_equal(terminal_close_restored(&terminal), 0);
    _result_ run =
        berth(&world.how, "-w", there, "run", "--", "sh", "-c", "seq 1 100000 | tail -1; exit 3", NULL);
    assert_status(run, 3);
    assert_string_equal(run.out, "100000\n");
    line_stop(&line);
}

/* A connection that is cut ends a run with 125, and its container with it. */
static void test_cut(void **state) {
    (void)state;
    know_lab("");
    struct line line = line_start(address, 0);
    use_line(&line);
    char *arguments[] = {"berth", "-w", there, "run", "--", "sh", "-c", "echo begun; sleep 100", NULL};
    struct child child = berth_start(&world.how, arguments);
    child_expect(&child, "begun");
    kill(line.pid, SIGUSR1);
    _result_ cut = child_wait(&child);
    assert_status(cut, 125);
    assert_has(cut.err, "was removed");
    _cleanup_free_ char *left = lab("incus list -f csv");
    assert_string_equal(left, "");
    line_stop(&line);
}

/*
 * The screen has this machine's sessions and the remote's, each with its own connection: one that is cut
 * comes back by itself, and one that is gone dims its rows and keeps nothing else.
 */
static void test_screen(void **state) {
    (void)state;
    know_lab("");
    _result_ over = berth(&world.how, "-w", there, "shell", "--background", NULL);
    _result_ here = berth(&world.how, "shell", "--background", NULL);
    assert_status(over, 0);
    assert_status(here, 0);
    struct line line = line_start(address, 0);
    use_line(&line);
    struct terminal terminal;
    world_screen(&terminal, 120, 30);
    terminal_expect(&terminal, "2 sessions");
    terminal_expect(&terminal, " local");
    terminal_expect(&terminal, " lab ");
    terminal_expect_not(&terminal, "working");
    terminal_type(&terminal, "/@lab\r");
    terminal_expect_not(&terminal, " local");
    terminal_expect(&terminal, "prompt"); /* its terminal is watched */
    terminal_type(&terminal, "M");
    terminal_expect(&terminal, "Machines");
    terminal_expect(&terminal, "online");
    terminal_type(&terminal, "\x1b");
    kill(line.pid, SIGUSR1);
    terminal_read(&terminal, 2000);
    terminal_type(&terminal, "\x1b");
    terminal_expect(&terminal, " local");
    _cleanup_free_ char *name = world_slot(1), *delete = str_printf("incus delete -f %s", name);
    _cleanup_free_ char *gone = lab(delete);
    terminal_expect(&terminal, "1 session "); /* what happens there is told again */
    line_stop(&line);
    terminal_expect(&terminal, "lab \u2717");
    terminal_type(&terminal, "\r");
    terminal_expect(&terminal, ":/workspace$");
    static const char *const leave[] = {"\x02", "d"};
    for (size_t i = 0; i < array_length(leave); i++) {
        terminal_type(&terminal, leave[i]);
        terminal_read(&terminal, 50);
    }
    terminal_expect(&terminal, "detached from");
    terminal_type(&terminal, "q");
    terminal_close_restored(&terminal);
}

#define remote_test(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        remote_test(test_add),       remote_test(test_certificates), remote_test(test_expired_server),
        remote_test(test_of_incus),  remote_test(test_run),          remote_test(test_not_shared),
        remote_test(test_same_name), remote_test(test_files),        remote_test(test_guard),
        remote_test(test_owners),    remote_test(test_latency),      remote_test(test_cut),
        remote_test(test_screen)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
