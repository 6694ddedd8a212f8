/* What a plan is made of, for tests that need no daemon: the common case, to be changed from. */
#pragma once

#include "launch/plan.h"
#include "tests/harness/unit.h"

#include <stdlib.h>

struct scene {
    struct settings settings;
    struct guard guard;
    struct mounts mounts;
    struct network network;
    struct publishes publishes;
    struct strings command;
    struct plan_input input;
};

static inline void scene_done(struct scene *scene) {
    settings_done(&scene->settings);
    guard_done(&scene->guard);
    mounts_done(&scene->mounts);
    network_done(&scene->network);
    publishes_done(&scene->publishes);
    strings_done(&scene->command);
}

/* The common case: a CI runner's workspace on ext4. */
static inline void scene_init(struct scene *scene) {
    _cleanup_(error_done) struct error err = {0};
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    assert_true(settings_load(&scene->settings, &err));
    scene->network.name = str_copy("berth-012345678");
    strings_add(&scene->command, "make");
    strings_add(&scene->command, "check all");
    scene->input = (struct plan_input){
        .name = "coi-0123abcd-1",
        .launch_id = "00000000deadbeef",
        .slot = 1,
        .workspace = "/home/dev/work app",
        .source = "/data/work app",
        .settings = &scene->settings,
        .facts = {.host = {1001, 1001},
                  .code = {1000, 1000},
                  .filesystem = "ext4",
                  .mount_ok = IDMAP_YES,
                  .daemon_ok = IDMAP_YES,
                  .uid_delegation = IDMAP_DELEGATED,
                  .gid_delegation = IDMAP_DELEGATED,
                  .owner = {1001, 1001},
                  .mode = 0755},
        .mounts = &scene->mounts,
        .guard = &scene->guard,
        .empty = "/home/dev/.local/state/berth/guard/empty",
        .network = &scene->network,
        .command = &scene->command,
        .language = "de_DE.UTF-8",
        .term = "xterm-kitty",
        .zone = "Europe/Berlin",
    };
    scene->input.decision = idmap_decide(&scene->input.facts);
}

static inline void scene_set(struct scene *scene, enum setting which, const char *value) {
    _cleanup_(error_done) struct error err = {0};
    assert_true(settings_flag(&scene->settings, which, "--test", value, &err));
}
