/* Where facts come from: subordinate ids, mounts, signs of virtual machines, whose ids count. */
#include "idmap/facts.h"
#include "idmap/mounts.h"
#include "idmap/subid.h"
#include "idmap/vmhost.h"
#include "incus/project.h"
#include "tests/harness/unit.h"
#include "workspace/owners.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static bool delegates(const char *file, unsigned long id) {
    unsigned int malformed;
    return subid_delegates(file, id, &malformed);
}

/* What newuidmap of shadow 4.13 takes and what not was tried line by line. */
static void test_subid_lines(void **state) {
    (void)state;
    static const struct {
        const char *file;
        bool delegated;
        unsigned int malformed;
    } rows[] = {
        {"root:4321:1", true, 0},
        {"root:4321:1\n\n# words\n", true, 0},
        {" root:4321:1\n", false, 0}, /* somebody called " root" */
        {"root:4321:1 \n", false, 1},
        {"root:4321:1 # words\n", false, 1},
        {"root:4321:1\r\n", false, 1},
        {"\nroot:4321:\nroot:4321\nroot:4321:1", true, 2},
        {":4321:1", false, 1},
        {"root:4321:-1", false, 1},
        {"root:4321:0", false, 0},
        {"root:4320:99999999999", true, 0}, /* more than there are ids */
        {"root:4320:99999999999999999999999", false, 1},
        {"root:4000:400\nroot:4321:400", true, 0}, /* they overlap */
        {"root:4000:321\nroot:4322:400", false, 0},
        {"root:5:1:x\nroot:4321:1", true, 1},
    };
    for (size_t i = 0; i < array_length(rows); i++) {
        unsigned int malformed;
        if (subid_delegates(rows[i].file, 4321, &malformed) != rows[i].delegated ||
            malformed != rows[i].malformed)
            fail_msg("\"%s\": line %u", rows[i].file, malformed);
    }
}

static void test_subid(void **state) {
    (void)state;
    const char *file = "# comment\ndev:100000:65536\nroot:1000000:1000000000\nroot:501:1\n0:20:1\n"
                       "root:oops:1\nroot:7\nroot:8:1:9\nroot:30:0\nroot:4294967290:5";
    assert_true(delegates(file, 1000000));
    assert_true(delegates(file, 1000999999));
    assert_false(delegates(file, 1001000000));
    assert_false(delegates(file, 999999));
    assert_true(delegates(file, 501));
    assert_false(delegates(file, 502));
    assert_true(delegates(file, 20));
    assert_false(delegates(file, 100000));
    assert_false(delegates(file, 7));
    assert_false(delegates(file, 8));
    assert_false(delegates(file, 30));
    assert_true(delegates(file, 4294967294u));
    assert_false(delegates("", 0));
}

static bool type_of(const char *mountinfo, unsigned long id, char *type, size_t room) {
    _cleanup_fclose_ FILE *file = fmemopen((char *)mountinfo, strlen(mountinfo), "r");
    assert_non_null(file);
    return mounts_type_of_id(file, id, type, room);
}

static void test_mountinfo(void **state) {
    (void)state;
    const char *mountinfo = "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
                            "41 22 0:38 / /home/a\\040b rw shared:1 master:2 - fuse.bindfs /x rw\n"
                            "not a line\n\n"
                            "42 22 0:39 / /c rw no-dash\n";
    char type[16];
    assert_true(type_of(mountinfo, 22, type, sizeof type));
    assert_string_equal(type, "ext4");
    assert_true(type_of(mountinfo, 41, type, sizeof type));
    assert_string_equal(type, "fuse.bindfs");
    assert_false(type_of(mountinfo, 42, type, sizeof type));
    assert_false(type_of(mountinfo, 4, type, sizeof type));
}

static void test_filesystems(void **state) {
    (void)state;
    static const struct {
        const char *type, *kernel;
        enum idmap_answer answer;
    } rows[] = {
        {"ext4", "5.15", IDMAP_YES},
        {"xfs", "6.1", IDMAP_YES},
        {"btrfs", "6.1", IDMAP_YES},
        {"f2fs", "6.1", IDMAP_YES},
        {"tmpfs", "6.2.9", IDMAP_NO},
        {"tmpfs", "6.3.0", IDMAP_YES},
        {"tmpfs", "7.0", IDMAP_YES},
        {"fuse.bindfs", "6.11", IDMAP_NO},
        {"fuse.bindfs", "6.12", IDMAP_UNKNOWN},
        {"virtiofs", "6.1.0-9", IDMAP_NO},
        {"fuse", "6.1", IDMAP_NO},
        {"fuseblk", "6.1", IDMAP_NO},
        {"fuse.sshfs", "6.1", IDMAP_NO},
        {"fuse.gocryptfs", "6.1", IDMAP_NO},
        {"9p", "6.18", IDMAP_NO},
        {"nfs", "6.18", IDMAP_NO},
        {"nfs4", "6.18", IDMAP_NO},
        {"cifs", "6.18", IDMAP_NO},
        {"vboxsf", "6.18", IDMAP_NO},
        {"zfs", "6.1", IDMAP_UNKNOWN},
        {"new", "6.1", IDMAP_UNKNOWN},
        {"fusion", "6.1", IDMAP_UNKNOWN},
        {"tmpfs", "", IDMAP_NO},
    };
    for (size_t i = 0; i < array_length(rows); i++)
        if (mounts_idmapped(rows[i].type, rows[i].kernel) != rows[i].answer)
            fail_msg("%s on %s", rows[i].type, rows[i].kernel);
}

static void test_vm(void **state) {
    (void)state;
    static const struct {
        struct vm_signs signs;
        enum idmap_vm vm;
        const char *evidence;
    } rows[] = {
        {{"ext4", "box", "6.1.0-9-amd64", NULL}, IDMAP_VM_NONE, ""},
        {{"virtiofs", "colima", "6.8.0", NULL}, IDMAP_VM_COLIMA, "host name colima"},
        {{"ext4", "colima-work", "6.8.0", "account lima"}, IDMAP_VM_COLIMA, "host name colima-work"},
        {{"ext4", "lima-default", "6.8.0", NULL}, IDMAP_VM_LIMA, "host name lima-default"},
        {{"9p", "box", "6.8.0", "account lima"}, IDMAP_VM_LIMA, "account lima"},
        {{"ext4", "box", "6.8.0", "/run/lima-boot-done"}, IDMAP_VM_LIMA, "/run/lima-boot-done"},
        {{"virtiofs", "box", "6.8.0", NULL}, IDMAP_VM_LIMA, "the workspace lies on virtiofs"},
        {{"9p", "box", "6.8.0", NULL}, IDMAP_VM_NONE, ""},
        {{"btrfs", "orb", "6.9-orbstack-00119", NULL}, IDMAP_VM_ORBSTACK, "kernel 6.9-orbstack-00119"},
        {{"ext4", "pc", "5.15-microsoft-standard-WSL2", NULL},
         IDMAP_VM_WSL,
         "kernel 5.15-microsoft-standard-WSL2"},
        {{"ext4", "climate", "6.1", NULL}, IDMAP_VM_NONE, ""},
    };
    for (size_t i = 0; i < array_length(rows); i++) {
        char evidence[80];
        if (vmhost_from_signs(&rows[i].signs, evidence, sizeof evidence) != rows[i].vm ||
            !str_equal(evidence, rows[i].evidence))
            fail_msg("row %zu: %s", i, evidence);
    }
}

/* A project's words, as the daemon gives them for a user of incus-user. */
static void test_projects(void **state) {
    (void)state;
    _cleanup_(project_done) struct project project = {0};
    _cleanup_json_ json_t *user =
        json_pack("{s:s, s:{s:s, s:s, s:s, s:s, s:s, s:s}}", "name", "user-1601", "config", "restricted",
                  "true", "restricted.containers.nesting", "allow", "restricted.devices.disk", "allow",
                  "restricted.devices.disk.paths", "/home/a,/srv/b", "restricted.idmap.gid", "1601",
                  "restricted.idmap.uid", "1601,2000-2010");
    assert_true(project_allows_uid(&project, 7) && project_allows_source(&project, "/x"));
    project_read(user, &project);
    assert_true(project.restricted && project.nesting && !project.interception && !project.proxies);
    assert_true(project_allows_uid(&project, 1601) && project_allows_uid(&project, 2000) &&
                project_allows_uid(&project, 2010));
    assert_false(project_allows_uid(&project, 2011) || project_allows_uid(&project, 501) ||
                 project_allows_uid(&project, 0));
    assert_true(project_allows_gid(&project, 1601));
    assert_false(project_allows_gid(&project, 2000));
    assert_true(project_allows_source(&project, "/home/a") && project_allows_source(&project, "/srv/b/c"));
    assert_false(project_allows_source(&project, "/home/ab") || project_allows_source(&project, "/srv") ||
                 project_allows_source(&project, "/"));
    _cleanup_json_ json_t *closed =
        json_pack("{s:s, s:{s:s}}", "name", "closed", "config", "restricted", "true");
    project_read(closed, &project);
    assert_false(project_allows_uid(&project, 1601) || project_allows_source(&project, "/home/a"));
    _cleanup_json_ json_t *open =
        json_pack("{s:s, s:{s:s}}", "name", "open", "config", "restricted", "false");
    project_read(open, &project);
    assert_true(project_allows_uid(&project, 501) && project_allows_source(&project, "/x") &&
                !project.restricted);
}

/* A machine of 100,000 mounts: the last one is found in a moment. */
static void test_many_mounts(void **state) {
    (void)state;
    _cleanup_(buffer_done) struct buffer text = {0};
    char type[16];
    for (int i = 0; i < 100000; i++)
        buffer_printf(&text, "%d 1 0:%d / /mnt/\\040%d rw - ext4 /dev/x rw\n", i, i, i);
    int64_t begin = loop_now();
    assert_true(type_of(text.data, 99999, type, sizeof type));
    assert_string_equal(type, "ext4");
    assert_true(loop_now() - begin < 1000); /* the square of that many is minutes */
}

static void count_owners(const char *path, size_t limit, struct owners *owners) {
    owners_done(owners);
    owners_count(path, limit, owners);
}

/* Whose the entries are: bounded, the top first, links not followed. */
static void test_owners(void **state) {
    (void)state;
    char folder[] = "/tmp/berth-owners-XXXXXX";
    struct owners owners = {0};
    assert_non_null(mkdtemp(folder));
    _cleanup_free_ char *deep = str_printf("%s/a/b", folder), *a = str_printf("%s/a", folder),
                        *link = str_printf("%s/link", folder), *file = str_printf("%s/file", folder);
    assert_int_equal(mkdir(a, 0755) | mkdir(deep, 0755) | symlink("/", link), 0);
    close(open(file, O_CREAT | O_WRONLY, 0600));
    count_owners(folder, 100, &owners);
    assert_true(owners.complete);
    assert_int_equal(owners.entries, 5);
    assert_int_equal(owners.count, 1);
    assert_int_equal(owners.items[0].uid, getuid());
    assert_string_equal(owners.items[0].example, ".");
    count_owners(folder, 4, &owners); /* "a/b" is the fifth, wherever the others stand */
    assert_false(owners.complete);
    assert_int_equal(owners.entries, 4);
    count_owners("/nonexistent/x", 4, &owners);
    assert_int_equal(owners.entries, 0);
    owners_done(&owners);
    unlink(file);
    unlink(link);
    rmdir(deep);
    rmdir(a);
    rmdir(folder);
}

static void test_host_ids(void **state) {
    (void)state;
    struct idmap_ids user = {1001, 1001}, root = {0, 0}, owner = {501, 20};
    enum idmap_source source;
    struct idmap_ids ids = facts_host_ids(user, "7", "7", owner, &source);
    assert_true(ids.uid == 1001 && ids.gid == 1001 && source == IDMAP_FROM_PROCESS);
    ids = facts_host_ids(root, "1002", "100", owner, &source);
    assert_true(ids.uid == 1002 && ids.gid == 100 && source == IDMAP_FROM_SUDO);
    ids = facts_host_ids(root, NULL, NULL, owner, &source);
    assert_true(ids.uid == 501 && ids.gid == 20 && source == IDMAP_FROM_OWNER);
    ids = facts_host_ids(root, "0", "0", owner, &source);
    assert_true(ids.uid == 501 && source == IDMAP_FROM_OWNER);
    ids = facts_host_ids(root, "-1", "1", owner, &source);
    assert_int_equal(source, IDMAP_FROM_OWNER);
    ids = facts_host_ids(root, "4294967295", "1", owner, &source);
    assert_int_equal(source, IDMAP_FROM_OWNER);
    ids = facts_host_ids(root, "1000", NULL, root, &source);
    assert_true(ids.uid == 0 && source == IDMAP_FROM_PROCESS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_subid),       cmocka_unit_test(test_subid_lines),
        cmocka_unit_test(test_mountinfo),   cmocka_unit_test(test_many_mounts),
        cmocka_unit_test(test_filesystems), cmocka_unit_test(test_vm),
        cmocka_unit_test(test_projects),    cmocka_unit_test(test_owners),
        cmocka_unit_test(test_host_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
