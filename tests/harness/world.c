#include "tests/harness/world.h"

#include "workspace/name.h"

#include <string.h>
#include <sys/stat.h>

void world_open(struct world *world) {
    assert_no_containers();
    *world = (struct world){.home = new_folder("ext4", 1001, 1001)};
    world->home_variable = str_printf("HOME=%s", world->home);
    world->variables[0] = world->home_variable;
    world->how = (struct how){.uid = 1001, .gid = 1001, .cwd = world->home, .variables = world->variables};
}

void world_close(struct world *world) {
    remove_containers();
    free(world->home);
    free(world->home_variable);
}

char *world_folder(const struct world *world, const char *name) {
    char *path = str_printf("%s/%s", world->home, name);
    for (char *slash = path + strlen(world->home) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
        *slash = 0;
        mkdir(path, 0755);
        assert_int_equal(chown(path, 1001, 1001), 0);
    }
    mkdir(path, 0755);
    assert_int_equal(chown(path, 1001, 1001), 0);
    return path;
}

char *world_container(const struct world *world, const char *folder, unsigned int slot, bool running) {
    _cleanup_free_ char *path = world_folder(world, folder), *source = str_printf("source=%s", path),
                        *key = str_printf("user.berth.workspace=%s", path);
    char *name = name_of(getenv("COI_CONTAINER_PREFIX"), path, slot);
    _result_ made =
        incus_command("init", "berth-small", name, "-c", "raw.idmap=both 1001 1000", "-c", key, "-c",
                      "user.berth.image=berth-small", "-c", "user.berth.persistent=true", NULL);
    _result_ device = incus_command("config", "device", "add", name, "workspace", "disk", source,
                                    "path=/workspace", "shift=false", NULL);
    if (running) {
        _result_ started = incus_command("start", name, NULL);
    }
    return name;
}

char *world_record(const struct world *world, const char *id, const char *container, const char *workspace,
                   bool persistent) {
    _cleanup_free_ char *below = str_printf(".coi/sessions-claude/%s", id);
    char *own = world_folder(world, below);
    _cleanup_free_ char *file = str_printf("%s/metadata.json", own);
    _cleanup_fclose_ FILE *out = fopen(file, "w");
    assert_non_null(out);
    fprintf(
        out,
        "{\"session_id\": \"%s\", \"container_name\": \"%s\", \"persistent\": %s, \"workspace\": \"%s\", "
        "\"saved_at\": \"2026-01-02T03:04:05Z\", \"coi_only\": 7}",
        id, container, persistent ? "true" : "false", workspace);
    assert_int_equal(fchown(fileno(out), 1001, 1001), 0);
    return own;
}

char *world_status(const char *container) {
    _result_ got = incus_command("list", container, "-f", "csv", "-c", "s", NULL);
    got.out[strcspn(got.out, "\n")] = 0;
    return str_copy(got.out);
}

void world_screen(const struct world *world, struct terminal *terminal, int columns, int rows) {
    const char *const argv[] = {"berth", NULL};
    terminal_open(terminal, &world->how, columns, rows, argv);
}
