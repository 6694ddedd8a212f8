#include "tests/harness/world.h"

#include "workspace/name.h"

#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

struct world world;

void world_open(void) {
    assert_no_containers();
    world = (struct world){.home = new_folder("ext4", 1001, 1001)};
    world.home_variable = str_printf("HOME=%s", world.home);
    world.variables[0] = world.home_variable;
    world.how = (struct how){.uid = 1001, .gid = 1001, .cwd = world.home, .variables = world.variables};
}

void world_close(void) {
    remove_containers();
    free(world.home);
    free(world.home_variable);
    free(world.folder);
    world = (struct world){0};
}

int world_setup(void **state) {
    (void)state;
    world_open();
    world.how.cwd = world.folder = world_folder("w");
    return 0;
}

int world_teardown(void **state) {
    (void)state;
    world_close();
    return 0;
}

char *world_slot(unsigned int slot) {
    return name_of(getenv("COI_CONTAINER_PREFIX"), world.folder, slot);
}

char *world_folder(const char *name) {
    char *path = str_printf("%s/%s", world.home, name);
    for (char *slash = path + strlen(world.home) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
        *slash = 0;
        mkdir(path, 0755);
        assert_int_equal(chown(path, 1001, 1001), 0);
    }
    mkdir(path, 0755);
    assert_int_equal(chown(path, 1001, 1001), 0);
    return path;
}

/* `init` NULL: the image's own. */
static char *make_container(const char *image, const char *init, const char *folder, unsigned int slot) {
    _cleanup_free_ char *path = world_folder(folder), *source = str_printf("source=%s", path),
                        *key = str_printf("user.berth.workspace=%s", path);
    char *name = name_of(getenv("COI_CONTAINER_PREFIX"), path, slot);
    _cleanup_free_ char *of = str_printf("user.berth.image=%s", image),
                        *raw = str_printf("raw.lxc=%s%s", init ? "lxc.init.cmd = " : "", init ? init : "");
    _result_ made = incus_command("init", image, name, "-c", "raw.idmap=both 1001 1000", "-c", key, "-c",
                                  of, "-c", "user.berth.persistent=true", "-c", raw, NULL);
    _result_ device = incus_command("config", "device", "add", name, "workspace", "disk", source,
                                    "path=/workspace", "shift=false", NULL);
    return name;
}

char *world_container(const char *folder, unsigned int slot, bool running) {
    char *name = make_container("berth-small", NULL, folder, slot);
    if (running) {
        _result_ started = incus_command("start", name, NULL);
    }
    return name;
}

char *world_session(const char *folder) {
    char *name = make_container("coi", "/usr/bin/sleep infinity", folder, 1);
    _cleanup_free_ char *line =
        str_printf("tmux new-session -d -s coi-%s || tmux new-session -A -d -s coi-%s", name, name);
    _result_ started = incus_command("start", name, NULL);
    _result_ tmux = incus_command("exec", "--user", "1000", "--group", "1000", "--env", "HOME=/home/code",
                                  "--cwd", "/workspace", name, "--", "sh", "-c", line, NULL);
    return name;
}

char *world_shell(const char *folder) {
    _cleanup_free_ char *path = world_folder(folder);
    _result_ shell = berth(&world.how, "shell", "--background", "-w", path, NULL);
    assert_status(shell, 0);
    return name_of(getenv("COI_CONTAINER_PREFIX"), path, 1);
}

void world_type(const char *name, const char *line) {
    _result_ sent = berth(&world.how, "tmux", "send", name, line, NULL);
    assert_status(sent, 0);
}

void world_inside(const char *name, const char *line) {
    _result_ done = incus_command("exec", "--user", "1000", "--group", "1000", "--env", "HOME=/home/code",
                                  name, "--", "sh", "-ec", line, NULL);
}

double world_flood(const char *name, int lines) {
    _cleanup_free_ char *line = str_printf(
        "tmux send-keys -t coi-%s -l \"bash -c 'time seq 1 %d' 2>/tmp/t; tmux wait-for -S done\"; "
        "tmux send-keys -t coi-%s Enter; timeout 60 tmux wait-for done; sed -n "
        "'s/real.*m\\(.*\\)s/\\1/p' /tmp/t",
        name, lines, name);
    _result_ timed =
        incus_command("exec", "--user", "1000", "--group", "1000", name, "--", "sh", "-c", line, NULL);
    double seconds = strtod(timed.out, NULL);
    assert_true(seconds > 0);
    return seconds;
}

char *world_record(const char *id, const char *container, const char *workspace, bool persistent) {
    _cleanup_free_ char *below = str_printf(".coi/sessions-claude/%s", id);
    char *own = world_folder(below);
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

void world_screen(struct terminal *terminal, int columns, int rows) {
    const char *const argv[] = {"berth", NULL};
    terminal_open(terminal, &world.how, columns, rows, argv);
}

/* Whether the file of a process holds the bytes, which may have zeros between them. */
static bool process_has(const char *pid, const char *file, const char *bytes) {
    char content[16384];
    _cleanup_free_ char *path = str_printf("/proc/%s/%s", pid, file);
    _cleanup_fclose_ FILE *in = fopen(path, "re");
    size_t size = in ? fread(content, 1, sizeof content, in) : 0;
    return memmem(content, size, bytes, strlen(bytes)) != NULL;
}

size_t world_reapers(int signal) {
    _cleanup_free_ char *ours = str_printf("COI_CONTAINER_PREFIX=%s", getenv("COI_CONTAINER_PREFIX"));
    size_t count = 0;
    DIR *proc = opendir("/proc");
    for (const struct dirent *entry; (entry = readdir(proc));) {
        unsigned long pid;
        if (!str_to_number(entry->d_name, INT_MAX, &pid) ||
            !process_has(entry->d_name, "comm", "berth-reaper\n") ||
            !process_has(entry->d_name, "environ", ours))
            continue;
        if (signal)
            kill((pid_t)pid, signal);
        count++;
    }
    closedir(proc);
    return count;
}
