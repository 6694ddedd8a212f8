/*
 * Somebody who is no administrator of Incus: in the group of incus-user, with a restricted project of their
 * own. tests/run has made the account (member, 1601) and dev-incus the project, with the images.
 */
#include "tests/harness/terminal.h"

#include "incus/instance.h"

#include <string.h>
#include <sys/stat.h>

#define MEMBER  1601
#define PROJECT "user-1601"

static struct {
    char *home, *variable;
    const char *variables[4];
    struct how how; /* berth as member, with nothing but its group; in `folder` */
    char *folder;
} world;

static char *new_workspace(const char *parent, uid_t uid, gid_t gid) {
    char *path = str_printf("%s/w.XXXXXX", parent);
    assert_non_null(mkdtemp(path));
    assert_int_equal(chown(path, uid, gid) | chmod(path, 0755), 0);
    return path;
}

static int setup(void **state) {
    world.home = str_printf("%s/home", getenv("BERTH_DEV_DIR"));
    world.variable = str_printf("HOME=%s", world.home);
    world.variables[0] = world.variable;
    world.variables[1] = "INCUS_SOCKET"; /* not in its environment: berth finds the one that is for it */
    world.folder = new_workspace(world.home, MEMBER, MEMBER);
    world.how = (struct how){
        .uid = MEMBER, .gid = MEMBER, .member = true, .cwd = world.folder, .variables = world.variables};
    return group_setup(state);
}

static int teardown(void **state) {
    free(world.home);
    free(world.variable);
    free(world.folder);
    return group_teardown(state);
}

/* The ephemeral ones are removed behind berth's back. */
static void assert_none_left(void) {
    struct incus *client = incus_new_local(daemon_loop(), getenv("INCUS_SOCKET"), PROJECT);
    int64_t end = loop_now() + 30000;
    for (;;) {
        _cleanup_(strings_done) struct strings names = {0};
        _cleanup_(error_done) struct error err = {0};
        assert_true(instance_names(client, &names, &err));
        if (names.count == 0)
            break;
        if (loop_now() > end)
            fail_msg("left behind: %s", names.items[0]);
        assert_true(loop_pause(daemon_loop(), 50, &err));
    }
    incus_free(client);
}

static void allow_network(void) {
    _result_ given = berth(&(struct how){0}, "network", "up", "--to", PROJECT, NULL);
    assert_status(given, 0);
}

/* The restricted network is an administrator's to give, by one command; before, nothing is created. */
static void test_network(void **state) {
    (void)state;
    _result_ refused = berth(&world.how, "run", "--image", "berth-small", "--", "id", NULL);
    assert_status(refused, 4);
    assert_has(refused.err, "may use no other network than incusbr-1601");
    assert_has(refused.err, "sudo berth network up --to user-1601 --network restricted\n");
    allow_network();
    allow_network(); /* once is enough, and twice does no harm */
    _result_ access = incus_command("project", "get", PROJECT, "restricted.networks.access", NULL);
    assert_true(str_starts(access.out, "incusbr-1601,berth-"));
    assert_null(strchr(strchr(access.out, ',') + 1, ','));
    _result_ run = berth(&world.how, "run", "--image", "berth-small", "--", "id", "-u", NULL);
    assert_status(run, 0);
    assert_string_equal(run.out, "1000\n");
    _result_ listed = berth(&world.how, "run", "--network", "allowlist", "--allow", "1.2.3.4:443",
                            "--image", "berth-small", "--", "id", NULL);
    assert_status(listed, 4);
    assert_has(listed.err,
               "sudo berth network up --to user-1601 --network allowlist --allow 1.2.3.4:443\n");
    assert_none_left();
}

static void test_run(void **state) {
    (void)state;
    _result_ plan = berth(&world.how, "idmap", NULL);
    assert_status(plan, 0);
    assert_has(plan.out, "project     user-1601, which restricts what it may do");
    assert_has(plan.out, "raw.idmap both 1601 1000");
    _result_ run = berth(&world.how, "run", "--image", "berth-small", "--", "sh", "-c",
                         "id -u; touch made; stat -c %u:%g . made; exit 7", NULL);
    assert_status(run, 7);
    assert_string_equal(run.out, "1000\n1000:1000\n1000:1000\n");
    _cleanup_free_ char *owner = file_owner(world.folder, "made");
    assert_string_equal(owner, "1601:1601");
    assert_none_left();
}

/* Where the ids match the profile's own raw.idmap forbids shift, and the decision knows that. */
static void test_profile_maps(void **state) {
    (void)state;
    const char *const variables[] = {world.variable,        "INCUS_SOCKET",           "BERTH_CODE_UID=1601",
                                     "BERTH_CODE_GID=1601", "BERTH_CODE_USER=member", NULL};
    struct how how = world.how;
    how.variables = variables;
    _result_ plan = berth(&how, "idmap", NULL);
    assert_status(plan, 0);
    assert_has(plan.out, "the default profile has a raw.idmap of its own");
    assert_has(plan.out, "raw.idmap both 1601 1601");
    _result_ run =
        berth(&how, "run", "--image", "berth-small", "--", "sh", "-c", "id -u; touch same", NULL);
    assert_status(run, 0);
    assert_string_equal(run.out, "1601\n");
    assert_has(run.err, "the image berth-small has no user with uid 1601");
    _cleanup_free_ char *owner = file_owner(world.folder, "same");
    assert_string_equal(owner, "1601:1601");
    assert_none_left();
}

static void test_shell(void **state) {
    (void)state;
    _result_ shell = berth(&world.how, "shell", "--background", "--persistent", NULL);
    assert_status(shell, 0);
    shell.out[strcspn(shell.out, "\n")] = 0;
    _result_ list = berth(&world.how, "list", NULL);
    assert_has(list.out, shell.out);
    assert_has(list.out, "Mapping: raw both 1601 1000");
    _result_ real = berth(&world.how, "idmap", shell.out, NULL);
    assert_status(real, 0);
    assert_has(real.out, "as predicted");
    _result_ typed = berth(&world.how, "tmux", "send", shell.out, "touch typed", NULL);
    assert_status(typed, 0);
    for (int i = 0; i < 100 && !file_exists(world.folder, "typed"); i++)
        usleep(50000);
    _cleanup_free_ char *owner = file_owner(world.folder, "typed");
    assert_string_equal(owner, "1601:1601");
    _result_ stopped = berth(&world.how, "shutdown", shell.out, NULL);
    assert_status(stopped, 0);
    _result_ again = berth(&world.how, "shell", "--background", "--resume", NULL);
    assert_status(again, 0);
    _result_ killed = berth(&world.how, "kill", shell.out, NULL);
    assert_status(killed, 0);
    assert_none_left();
}

/* What the project forbids is named before anything is created. */
static void test_forbidden(void **state) {
    (void)state;
    _cleanup_free_ char *outside = new_folder("", MEMBER, MEMBER);
    _result_ place = berth(&world.how, "run", "-w", outside, "--image", "berth-small", "--", "id", NULL);
    assert_status(place, 4);
    assert_has(place.err, "project user-1601 does not allow");
    assert_has(place.err, "put the workspace below");
    _cleanup_free_ char *mount = str_printf("%s:/more", outside);
    _result_ more = berth(&world.how, "run", "--mount", mount, "--image", "berth-small", "--", "id", NULL);
    assert_status(more, 4);
    assert_has(more.err, outside);
    _result_ port =
        berth(&world.how, "run", "--publish", "8123", "--image", "berth-small", "--", "id", NULL);
    assert_status(port, 4);
    assert_has(port.err, "does not allow ports to be published");
    assert_none_left();
}

/* In the project of one user no other is mapped, whoever asks: 501:20, through sudo. */
static void test_another_uid(void **state) {
    (void)state;
    static const char *const variables[] = {"SUDO_UID=501", "SUDO_GID=20", NULL};
    _cleanup_free_ char *mac = new_workspace(world.home, 501, 20);
    struct how how = {.cwd = mac, .variables = variables};
    _result_ plan = berth(&how, "idmap", "--project", PROJECT, "--format", "json", NULL);
    assert_status(plan, 1);
    assert_has(plan.out, "\"project-ids\"");
    _result_ run = berth(&how, "run", "--project", PROJECT, "--image", "berth-small", "--", "id", NULL);
    assert_status(run, 4);
    assert_has(run.err, "project user-1601 does not allow host uid 501 to be mapped");
    assert_none_left();
}

/* What a session can do without is left out, and said. */
static void test_left_out(void **state) {
    (void)state;
    const char *const variables[] = {world.variable, "INCUS_SOCKET", "BERTH_SYSCALL_INTERCEPT=true", NULL};
    struct how how = world.how;
    how.variables = variables;
    _result_ run = berth(&how, "run", "--image", "berth-small", "--", "id", "-u", NULL);
    assert_status(run, 0);
    assert_string_equal(run.out, "1000\n");
    assert_has(run.err, "project user-1601 forbids syscall interception: it is left out");
    assert_none_left();
}

static void rename_alias(const char *from, const char *to) {
    _result_ renamed = incus_command("image", "alias", "rename", from, to, "--project", PROJECT, NULL);
}

static void test_images(void **state) {
    (void)state;
    _result_ there = berth(&(struct how){0}, "image", "copy", "berth-small", "--to", PROJECT, NULL);
    assert_status(there, 0);
    assert_string_equal(there.out, "Image berth-small is in project user-1601\n");
    _result_ deleted = berth(&world.how, "image", "delete", "berth-small", "--force", NULL);
    assert_status(deleted, 0);
    _result_ missing = berth(&world.how, "run", "--image", "berth-small", "--", "id", NULL);
    assert_status(missing, 1);
    assert_has(missing.err, "sudo berth image copy berth-small --to user-1601");
    _result_ copied = berth(&(struct how){0}, "image", "copy", "berth-small", "--to", PROJECT, NULL);
    assert_status(copied, 0);
    assert_string_equal(copied.out, "Image berth-small copied to project user-1601\n");
    _result_ run = berth(&world.how, "run", "--image", "berth-small", "--", "true", NULL);
    assert_status(run, 0);
    /* the alias is another image's there */
    static const char *const names[][2] = {{"berth-small", "aside"}, {"coi", "berth-small"}};
    for (int i = 0; i < 2; i++)
        rename_alias(names[i][0], names[i][1]);
    _result_ taken = berth(&(struct how){0}, "image", "copy", "berth-small", "--to", PROJECT, NULL);
    for (int i = 2; i-- > 0;)
        rename_alias(names[i][1], names[i][0]);
    assert_status(taken, 1);
    assert_has(taken.err, "project user-1601 has another image called berth-small");
    _result_ mine = berth(&world.how, "image", "copy", "coi", "--to", "default", NULL);
    assert_status(mine, 4);
    assert_has(mine.err, "only an administrator");
    _result_ nowhere = berth(&(struct how){0}, "image", "copy", "coi", "--to", "nonesuch", NULL);
    assert_status(nowhere, 1);
    assert_has(nowhere.err, "project \"nonesuch\" not found");
    _result_ bare = berth(&(struct how){0}, "image", "copy", "coi", NULL);
    assert_status(bare, 2);
    assert_none_left();
}

static void test_limit(void **state) {
    (void)state;
    _result_ set = incus_command("project", "set", PROJECT, "limits.instances=0", NULL);
    _result_ run = berth(&world.how, "run", "--image", "berth-small", "--", "id", NULL);
    _result_ unset = incus_command("project", "unset", PROJECT, "limits.instances", NULL);
    assert_status(run, 1);
    assert_has(run.err, "its project may have no more instances");
    assert_none_left();
}

/* incus-user sets up no project for somebody without an account; who has no group is told of both. */
static void test_no_way_in(void **state) {
    (void)state;
    struct how how = world.how;
    how.uid = how.gid = MEMBER + 1;
    how.cwd = NULL;
    _result_ hung_up = berth(&how, "list", NULL);
    assert_status(hung_up, 3);
    assert_has(hung_up.err, "as it does when it cannot set up the project user-1602");
    how.no_group = true;
    _result_ nobody = berth(&how, "list", NULL);
    assert_status(nobody, 3);
    assert_has(nobody.err, "no permission for the Incus socket");
    assert_has(nobody.err, "join the group incus, for a project of your own");
    assert_has(nobody.err, "or join the group incus-admin, which makes you as good as root here");
}

/* Images of one's own are built; snapshots are for an administrator to allow, and branches go without. */
static void test_snapshots(void **state) {
    (void)state;
    _result_ built = berth(&world.how, "build", "-q", "t-member", "--base", "berth-small", NULL);
    assert_status(built, 0);
    _result_ gone = berth(&world.how, "image", "delete", "t-member", NULL);
    assert_status(gone, 0);
    _result_ shell = berth(&world.how, "shell", "-q", "--background", NULL);
    assert_status(shell, 0);
    _cleanup_free_ char *name = str_copy_n(shell.out, strcspn(shell.out, "\n"));
    _result_ refused = berth(&world.how, "snapshot", "create", name, NULL);
    assert_status(refused, 1);
    assert_has(refused.err, "incus project set user-1601 restricted.snapshots=allow");
    _result_ branched = berth(&world.how, "snapshot", "branch", "-q", name, "--background", NULL);
    assert_status(branched, 0);
    assert_string_not_equal(branched.out, shell.out);
    _result_ allow = incus_command("project", "set", PROJECT, "restricted.snapshots=allow", NULL);
    _result_ taken = berth(&world.how, "snapshot", "create", name, "one", NULL),
             compared = berth(&world.how, "snapshot", "diff", name, NULL),
             restored = berth(&world.how, "snapshot", "restore", name, NULL);
    _result_ forbid = incus_command("project", "unset", PROJECT, "restricted.snapshots", NULL);
    assert_status(taken, 0);
    assert_status(compared, 0);
    assert_status(restored, 0);
    _result_ killed = berth(&world.how, "kill", "-q", "--all", "--force", NULL);
    assert_none_left();
}

static void test_screen(void **state) {
    (void)state;
    struct terminal terminal;
    const char *const argv[] = {"berth", NULL};
    terminal_open(&terminal, &world.how, 120, 40, argv);
    terminal_expect(&terminal, "No sessions yet");
    terminal_type(&terminal, "n");
    terminal_expect(&terminal, "New shell session");
    terminal_expect(&terminal, "raw.idmap  both 1601 1000");
    terminal_type(&terminal, "\r");
    terminal_expect(&terminal, ":/workspace$");
    terminal_type(&terminal, "touch on-screen; exit\r");
    terminal_expect(&terminal, "has ended");
    terminal_type(&terminal, "q");
    assert_int_equal(terminal_close_restored(&terminal), 0);
    _cleanup_free_ char *owner = file_owner(world.folder, "on-screen");
    assert_string_equal(owner, "1601:1601");
    assert_none_left();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_network),      cmocka_unit_test(test_run),
        cmocka_unit_test(test_profile_maps), cmocka_unit_test(test_shell),
        cmocka_unit_test(test_forbidden),    cmocka_unit_test(test_another_uid),
        cmocka_unit_test(test_left_out),     cmocka_unit_test(test_images),
        cmocka_unit_test(test_limit),        cmocka_unit_test(test_no_way_in),
        cmocka_unit_test(test_snapshots),    cmocka_unit_test(test_screen),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
