/*
 * What the kernel and Incus really do with an owner, a mount and a mapping: the measurements on which
 * the decision rests, made again on real containers. berth is not asked here.
 */
#include "incus/exec.h"
#include "incus/instance.h"
#include "tests/harness/harness.h"

#include <string.h>

struct measured {
    struct idmap_pair {
        unsigned int uid, gid;
    } owner;
    bool shift;
    const char *raw;
    const char *seen;       /* inside; NULL: the start fails */
    const char *host_owner; /* of a file that uid 1000 writes; NULL: it cannot */
};

#define NOBODY "65534:65534"

/* Filesystems that take idmapped mounts. */
static const struct measured mountable[] = {
    {{1000, 1000}, true, "", "1000:1000", "1000:1000"},
    {{1000, 1000}, false, "", NOBODY, NULL},
    {{1000, 1000}, false, "both 1000 1000", "1000:1000", "1000:1000"},
    {{1001, 1001}, true, "", "1001:1001", NULL},
    {{1001, 1001}, true, "both 1001 1000", "1001:1001", NULL},
    {{1001, 1001}, false, "both 1001 1000", "1000:1000", "1001:1001"},
    {{1001, 1001}, false, "", NOBODY, NULL},
    {{501, 501}, false, "both 501 1000", "1000:1000", "501:501"},
    {{501, 20}, false, "uid 501 1000\ngid 20 1000", "1000:1000", "501:20"},
    {{501, 20}, false, "both 501 1000", "1000:65534", "501:501"},
    {{0, 0}, true, "", "0:0", NULL},
    {{0, 0}, false, "", NOBODY, NULL},
    {{0, 0}, false, "both 1001 1000", NOBODY, NULL},
};

/* FUSE, by bindfs. */
static const struct measured fuse[] = {
    {{501, 20}, true, "", NULL, NULL},
    {{501, 20}, true, "both 501 1000", NULL, NULL},
    {{1000, 1000}, true, "", NULL, NULL},
    {{501, 20}, false, "", NOBODY, NULL},
    {{501, 20}, false, "both 501 1000", "1000:65534", "501:501"},
    {{501, 20}, false, "uid 501 1000\ngid 20 1000", "1000:1000", "501:20"},
    {{501, 501}, false, "both 501 1000", "1000:1000", "501:501"},
    {{1001, 1001}, false, "both 1001 1000", "1000:1000", "1001:1001"},
    {{1000, 1000}, false, "both 1000 1000", "1000:1000", "1000:1000"},
    {{0, 0}, false, "both 1001 1000", NOBODY, NULL},
};

static bool launch(const char *name, const char *folder, const struct measured *row, struct error *err) {
    _cleanup_json_ json_t *body =
        json_pack("{s:s, s:{s:s, s:s}, s:b, s:b, s:{s:s, s:s}, s:{s:{s:s, s:s, s:s, s:s}}}", "name", name,
                  "source", "type", "image", "alias", "berth-small", "ephemeral", 1, "start", 1, "config",
                  "raw.idmap", row->raw, "security.idmap.isolated", "true", "devices", "workspace", "type",
                  "disk", "source", folder, "path", "/workspace", "shift", row->shift ? "true" : "false");
    return operation_run(daemon_client(), "POST", "/1.0/instances", body, NULL, NULL, NULL, err);
}

static bool write_inside(const char *name) {
    static char *const command[] = {"touch", "/workspace/made", NULL};
    struct exec_request request = {.command = command, .uid = 1000, .gid = 1000};
    _cleanup_(error_done) struct error err = {0};
    int status = -1;
    if (!exec_run(daemon_client(), name, &request, &status, &err))
        fail_msg("%s", err.message);
    return status == 0;
}

/* The row's own words for a failure. */
static void complain(const char *filesystem, const struct measured *row, const char *what,
                     const char *got) {
    fail_msg("%s, owner %u:%u, shift %d, raw.idmap \"%s\": %s %s", filesystem, row->owner.uid,
             row->owner.gid, row->shift, row->raw, what, got);
}

static void check_row(const char *filesystem, const struct measured *row, const char *name) {
    _cleanup_free_ char *folder = new_folder(filesystem, row->owner.uid, row->owner.gid);
    _cleanup_(error_done) struct error err = {0};
    long uid = 0, gid = 0;
    bool started = launch(name, folder, row, &err);
    if (started != (row->seen != NULL))
        complain(filesystem, row, "start:", started ? "worked" : err.message);
    if (!started) {
        assert_has(err.message, "idmapping abilities are required but aren't supported on system");
        return;
    }
    assert_true(instance_owner(daemon_client(), name, "/workspace", &uid, &gid, &err));
    _cleanup_free_ char *seen = str_printf("%ld:%ld", uid, gid);
    if (!str_equal(seen, row->seen))
        complain(filesystem, row, "seen as", seen);
    bool wrote = write_inside(name);
    _cleanup_free_ char *owner = file_owner(folder, "made");
    if (wrote != (row->host_owner != NULL) || !str_equal(owner, row->host_owner ? row->host_owner : ""))
        complain(filesystem, row, "a write gives", owner);
    assert_true(instance_ask(daemon_client(), name, "stop", true, NULL, &err));
}

static void check_rows(const char *filesystem, const struct measured *rows, size_t count) {
    static unsigned int number;
    for (size_t i = 0; i < count; i++) {
        _cleanup_free_ char *name = str_printf("%smeasured-%u", getenv("COI_CONTAINER_PREFIX"), number++);
        check_row(filesystem, &rows[i], name);
    }
}

static void test_ext4(void **state) {
    (void)state;
    check_rows("ext4", mountable, array_length(mountable));
}

static void test_btrfs(void **state) {
    (void)state;
    check_rows("btrfs", mountable, array_length(mountable));
}

static void test_tmpfs(void **state) {
    (void)state;
    check_rows("tmpfs", mountable, array_length(mountable));
}

static void test_fuse(void **state) {
    (void)state;
    check_rows("fuse", fuse, array_length(fuse));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ext4),
        cmocka_unit_test(test_btrfs),
        cmocka_unit_test(test_tmpfs),
        cmocka_unit_test(test_fuse),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
