#include "build/steps.h"

#include "incus/capture.h"
#include "incus/file.h"

#include <signal.h>
#include <string.h>

#define SCRIPT "/root/.berth-build"

static void say(const struct steps *steps, const char *words) {
    steps->watcher->step(steps->watcher->data, words);
}

/* A command inside, as root. */

struct command {
    const struct steps *steps;
    struct exec *exec;
    int status;
    bool done;
    struct error *err;
};

static void output(void *data, int stream, const void *bytes, size_t size) {
    const struct command *command = data;
    (void)stream;
    command->steps->watcher->output(command->steps->watcher->data, bytes, size);
}

static void finished(void *data, int status, struct error *err) {
    struct command *command = data;
    command->status = status;
    command->done = true;
    error_move(command->err, err);
}

/* False if it could not be run, or did not end well: `what` begins the error then. */
static bool run(const struct steps *steps, char *const *argv, const char *what, struct error *err) {
    static const struct exec_handler handler = {.output = output, .finished = finished};
    struct command command = {.steps = steps, .err = err};
    _cleanup_json_ json_t *environment =
        json_pack("{s:s, s:s, s:s, s:s, s:s}", "HOME", "/root", "USER", "root", "LANG", "C.UTF-8", "TERM",
                  "dumb", "DEBIAN_FRONTEND", "noninteractive");
    struct exec_request request = {.command = argv, .cwd = "/", .environment = environment};
    command.exec = exec_start(steps->client, steps->name, &request, &handler, &command);
    exec_release(command.exec);
    exec_end_input(command.exec);
    loop_interruptible(incus_loop(steps->client), true);
    bool good = loop_run(incus_loop(steps->client), &command.done, err) && err->class == ERROR_NONE;
    loop_interruptible(incus_loop(steps->client), false);
    if (!good)
        exec_signal(command.exec, SIGKILL);
    exec_free(command.exec);
    return good && (command.status == 0 ||
                    error_set(err, ERROR_FAILED, "%s ended with status %d", what, command.status));
}

/* The steps, each of which is nothing where the recipe asks for nothing. */

static bool put_one(const struct steps *steps, const char *source, const char *path, mode_t mode,
                    struct error *err) {
    const struct file_info info = {.type = FILE_REGULAR, .mode = mode};
    char *const make[] = {"sh", "-c", "mkdir -p -- \"$(dirname -- \"$1\")\"", "sh", (char *)path, NULL};
    int fd = recipe_open(steps->request->recipe, source, err);
    _cleanup_fclose_ FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
    return file && run(steps, make, path, err) &&
           file_put(steps->client, steps->name, path, &info, file, NULL, err);
}

static bool put_files(const struct steps *steps, struct error *err) {
    const struct recipe *recipe = steps->request->recipe;
    if (recipe->file_count)
        say(steps, "files");
    for (size_t i = 0; i < recipe->file_count; i++)
        if (!put_one(steps, recipe->files[i].source, recipe->files[i].path, recipe->files[i].mode, err))
            return false;
    return true;
}

/* A network comes up behind a container's start: twenty seconds of trying are no fault of the mirror's. */
static char install_script[] =
    "tries=0\n"
    "if command -v apt-get >/dev/null; then\n"
    "  until apt-get -q update; do [ $((tries += 1)) -lt 10 ] || exit; sleep 2; done\n"
    "  apt-get -q install -y --no-install-recommends -- \"$@\" && apt-get -q clean && "
    "rm -rf /var/lib/apt/lists/*\n"
    "elif command -v apk >/dev/null; then\n"
    "  until apk update; do [ $((tries += 1)) -lt 10 ] || exit; sleep 2; done\n"
    "  apk add --no-cache -- \"$@\"\n"
    "elif command -v dnf >/dev/null; then dnf -y install -- \"$@\"\n"
    "elif command -v zypper >/dev/null; then zypper -n install -- \"$@\"\n"
    "elif command -v pacman >/dev/null; then pacman -Sy --noconfirm -- \"$@\"\n"
    "else echo 'no package manager that is known here' >&2; exit 1; fi";

/* What mmdebstrap has put in is there. */
static bool install(const struct steps *steps, struct error *err) {
    const struct recipe *recipe = steps->request->recipe;
    _cleanup_(strings_done) struct strings argv = {0};
    if (!recipe->packages.count || steps->has_packages)
        return true;
    say(steps, "packages");
    strings_add_all(&argv, "sh", "-c", install_script, "sh", NULL);
    for (size_t i = 0; i < recipe->packages.count; i++)
        strings_add(&argv, recipe->packages.items[i]);
    return run(steps, argv.items, "installing the packages", err);
}

/* $1 its name, $2 and $3 its ids, $4 "yes": it may become root. Debian's programs and busybox' differ, and
 * some images have neither. */
static char user_script[] =
    "set -e\n"
    "if id -u \"$1\" >/dev/null 2>&1; then :\n"
    "elif command -v useradd >/dev/null; then\n"
    "  getent group \"$3\" >/dev/null || groupadd -g \"$3\" \"$1\"\n"
    "  shell=/bin/sh; [ ! -x /bin/bash ] || shell=/bin/bash\n"
    "  useradd -m -u \"$2\" -g \"$3\" -s $shell \"$1\"\n"
    "elif command -v adduser >/dev/null; then\n"
    "  addgroup -g \"$3\" \"$1\" 2>/dev/null || true\n"
    "  adduser -D -u \"$2\" -G \"$1\" \"$1\"\n"
    "else\n"
    "  echo \"$1:x:$3:\" >>/etc/group\n"
    "  echo \"$1:x:$2:$3:$1:/home/$1:/bin/sh\" >>/etc/passwd\n"
    "  mkdir -p \"/home/$1\" && chown \"$2:$3\" \"/home/$1\"\n"
    "fi\n"
    "mkdir -p /workspace && chown \"$2:$3\" /workspace\n"
    "[ \"$4\" != yes ] || { mkdir -p /etc/sudoers.d && echo \"$1 ALL=(ALL) NOPASSWD:ALL\" "
    ">\"/etc/sudoers.d/$1\" && chmod 440 \"/etc/sudoers.d/$1\"; }";

static bool make_user(const struct steps *steps, struct error *err) {
    const struct recipe *recipe = steps->request->recipe;
    const struct settings *settings = steps->request->settings;
    if (!recipe->user)
        return true;
    _cleanup_free_ char *uid = str_printf("%u", settings_id(settings, SETTING_CODE_UID)),
                        *gid = str_printf("%u", settings_id(settings, SETTING_CODE_GID));
    char *const argv[] = {
        "sh", "-c", user_script, "sh", recipe->user, uid, gid, recipe->sudo ? "yes" : "no", NULL};
    say(steps, "user");
    return run(steps, argv, "making the user", err);
}

/* As the kernel takes it where it names its interpreter, else by sh. */
static bool run_script(const struct steps *steps, struct error *err) {
    static char words[] = "if [ \"$(head -c 2 \"$1\")\" = '#!' ]; then \"$1\"; else sh \"$1\"; fi\n"
                          "status=$?; rm -f \"$1\"; exit $status";
    char *const argv[] = {"sh", "-c", words, "sh", SCRIPT, NULL};
    const struct recipe *recipe = steps->request->recipe;
    if (recipe->script) {
        say(steps, recipe->script);
        if (!put_one(steps, recipe->script, SCRIPT, 0700, err) || !run(steps, argv, recipe->script, err))
            return false;
    }
    for (size_t i = 0; i < recipe->run.count; i++) {
        char *const line[] = {"sh", "-c", recipe->run.items[i], NULL};
        _cleanup_free_ char *shown = str_shown(recipe->run.items[i]);
        say(steps, shown);
        if (!run(steps, line, shown, err))
            return false;
    }
    return true;
}

/* $1 and $2: the user's name and id; then the commands. */
static char look_script[] =
    "[ -z \"$1\" ] || [ \"$(id -u \"$1\" 2>/dev/null)\" = \"$2\" ] || { echo \"user $1 ($2)\"; exit 1; }\n"
    "shift 2\n"
    "for command; do command -v \"$command\" >/dev/null || { echo \"$command\"; exit 1; }; done";

static bool look(const struct steps *steps, struct error *err) {
    const struct recipe *recipe = steps->request->recipe;
    _cleanup_(strings_done) struct strings argv = {0};
    _cleanup_(capture_done) struct capture capture = {0};
    _cleanup_free_ char *uid = str_printf("%u", settings_id(steps->request->settings, SETTING_CODE_UID));
    say(steps, "look whether all is there");
    strings_add_all(&argv, "sh", "-c", look_script, "sh", recipe->user ? recipe->user : "", uid, NULL);
    for (size_t i = 0; i < recipe->requires.count; i++)
        strings_add(&argv, recipe->requires.items[i]);
    if (recipe->sudo)
        strings_add(&argv, "sudo");
    struct exec_request request = {.command = argv.items, .cwd = "/"};
    if (!exec_capture(steps->client, steps->name, &request, 4096, &capture, err))
        return false;
    if (capture.status == 0)
        return true;
    _cleanup_free_ char *line = str_copy_n(capture.out.data ? capture.out.data : "",
                                           strcspn(capture.out.data ? capture.out.data : "", "\n")),
                        *shown = str_shown(line);
    return error_set(err, ERROR_FAILED, "the image is not what its recipe says: %s is not there", shown);
}

/* Nothing of this container's own is in an image. */
static bool tidy(const struct steps *steps, struct error *err) {
    static char words[] = "[ ! -e /etc/machine-id ] || : >/etc/machine-id\n"
                          "rm -f /var/lib/dbus/machine-id /var/lib/systemd/random-seed";
    char *const argv[] = {"sh", "-c", words, NULL};
    return run(steps, argv, "tidying up", err);
}

bool steps_take(const struct steps *steps, struct error *err) {
    return put_files(steps, err) && install(steps, err) && make_user(steps, err) &&
           run_script(steps, err) && look(steps, err) && tidy(steps, err);
}
