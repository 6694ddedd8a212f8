#include "build/build.h"

#include "base/lock.h"
#include "build/base.h"
#include "incus/capture.h"
#include "incus/file.h"
#include "incus/image.h"
#include "incus/instance.h"
#include "incus/server.h"
#include "launch/label.h"
#include "launch/owner.h"
#include "launch/plan.h"
#include "session/halt.h"
#include "workspace/name.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#define LABEL_BUILD  "user.berth.build" /* the alias that the container is built for */
#define SCRIPT       "/root/.berth-build"
#define STOP_SECONDS 30

struct build {
    struct incus *client;
    const struct build_request *request;
    const struct build_watcher *watcher;
    struct base base;
    char *digest, *name; /* the container's */
    struct owner *owner;
    bool made; /* the container */
};

static void say(const struct build *build, const char *words) {
    build->watcher->step(build->watcher->data, words);
}

static void progress(void *data, const char *words) {
    const struct build *build = data;
    build->watcher->progress(build->watcher->data, words);
}

/* A command inside, as root. */

struct command {
    const struct build *build;
    struct exec *exec;
    int status;
    bool done;
    struct error *err;
};

static void output(void *data, int stream, const void *bytes, size_t size) {
    const struct command *command = data;
    (void)stream;
    command->build->watcher->output(command->build->watcher->data, bytes, size);
}

static void finished(void *data, int status, struct error *err) {
    struct command *command = data;
    command->status = status;
    command->done = true;
    error_move(command->err, err);
}

/* False if it could not be run, or did not end well: `what` begins the error then. */
static bool run(const struct build *build, char *const *argv, const char *what, struct error *err) {
    static const struct exec_handler handler = {.output = output, .finished = finished};
    struct command command = {.build = build, .err = err};
    _cleanup_json_ json_t *environment =
        json_pack("{s:s, s:s, s:s, s:s, s:s}", "HOME", "/root", "USER", "root", "LANG", "C.UTF-8", "TERM",
                  "dumb", "DEBIAN_FRONTEND", "noninteractive");
    struct exec_request request = {.command = argv, .cwd = "/", .environment = environment};
    command.exec = exec_start(build->client, build->name, &request, &handler, &command);
    exec_release(command.exec);
    exec_end_input(command.exec);
    loop_interruptible(incus_loop(build->client), true);
    bool good = loop_run(incus_loop(build->client), &command.done, err) && err->class == ERROR_NONE;
    loop_interruptible(incus_loop(build->client), false);
    if (!good)
        exec_signal(command.exec, SIGKILL);
    exec_free(command.exec);
    return good && (command.status == 0 ||
                    error_set(err, ERROR_FAILED, "%s ended with status %d", what, command.status));
}

/* The steps, each of which is nothing where the recipe asks for nothing. */

static bool put_one(const struct build *build, const char *source, const char *path, mode_t mode,
                    struct error *err) {
    const struct file_info info = {.type = FILE_REGULAR, .mode = mode};
    char *const make[] = {"sh", "-c", "mkdir -p -- \"$(dirname -- \"$1\")\"", "sh", (char *)path, NULL};
    int fd = recipe_open(build->request->recipe, source, err);
    _cleanup_fclose_ FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
    return file && run(build, make, path, err) &&
           file_put(build->client, build->name, path, &info, file, NULL, err);
}

static bool put_files(const struct build *build, struct error *err) {
    const struct recipe *recipe = build->request->recipe;
    if (recipe->file_count)
        say(build, "files");
    for (size_t i = 0; i < recipe->file_count; i++)
        if (!put_one(build, recipe->files[i].source, recipe->files[i].path, recipe->files[i].mode, err))
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
static bool install(const struct build *build, struct error *err) {
    const struct recipe *recipe = build->request->recipe;
    _cleanup_(strings_done) struct strings argv = {0};
    if (!recipe->packages.count || build->base.kind == BASE_BOOTSTRAP)
        return true;
    say(build, "packages");
    strings_add_all(&argv, "sh", "-c", install_script, "sh", NULL);
    for (size_t i = 0; i < recipe->packages.count; i++)
        strings_add(&argv, recipe->packages.items[i]);
    return run(build, argv.items, "installing the packages", err);
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

static bool make_user(const struct build *build, struct error *err) {
    const struct recipe *recipe = build->request->recipe;
    const struct settings *settings = build->request->settings;
    if (!recipe->user)
        return true;
    _cleanup_free_ char *uid = str_printf("%u", settings_id(settings, SETTING_CODE_UID)),
                        *gid = str_printf("%u", settings_id(settings, SETTING_CODE_GID));
    char *const argv[] = {
        "sh", "-c", user_script, "sh", recipe->user, uid, gid, recipe->sudo ? "yes" : "no", NULL};
    say(build, "user");
    return run(build, argv, "making the user", err);
}

/* As the kernel takes it where it names its interpreter, else by sh. */
static bool run_script(const struct build *build, struct error *err) {
    static char words[] = "if [ \"$(head -c 2 \"$1\")\" = '#!' ]; then \"$1\"; else sh \"$1\"; fi\n"
                          "status=$?; rm -f \"$1\"; exit $status";
    char *const argv[] = {"sh", "-c", words, "sh", SCRIPT, NULL};
    const struct recipe *recipe = build->request->recipe;
    if (recipe->script) {
        say(build, recipe->script);
        if (!put_one(build, recipe->script, SCRIPT, 0700, err) || !run(build, argv, recipe->script, err))
            return false;
    }
    for (size_t i = 0; i < recipe->run.count; i++) {
        char *const line[] = {"sh", "-c", recipe->run.items[i], NULL};
        _cleanup_free_ char *shown = str_shown(recipe->run.items[i]);
        say(build, shown);
        if (!run(build, line, shown, err))
            return false;
    }
    return true;
}

/* $1 and $2: the user's name and id; then the commands. */
static char look_script[] =
    "[ -z \"$1\" ] || [ \"$(id -u \"$1\" 2>/dev/null)\" = \"$2\" ] || { echo \"user $1 ($2)\"; exit 1; }\n"
    "shift 2\n"
    "for command; do command -v \"$command\" >/dev/null || { echo \"$command\"; exit 1; }; done";

static bool look(const struct build *build, struct error *err) {
    const struct recipe *recipe = build->request->recipe;
    _cleanup_(strings_done) struct strings argv = {0};
    _cleanup_(capture_done) struct capture capture = {0};
    _cleanup_free_ char *uid = str_printf("%u", settings_id(build->request->settings, SETTING_CODE_UID));
    say(build, "look whether all is there");
    strings_add_all(&argv, "sh", "-c", look_script, "sh", recipe->user ? recipe->user : "", uid, NULL);
    for (size_t i = 0; i < recipe->requires.count; i++)
        strings_add(&argv, recipe->requires.items[i]);
    if (recipe->sudo)
        strings_add(&argv, "sudo");
    struct exec_request request = {.command = argv.items, .cwd = "/"};
    if (!exec_capture(build->client, build->name, &request, 4096, &capture, err))
        return false;
    if (capture.status == 0)
        return true;
    _cleanup_free_ char *line = str_copy_n(capture.out.data ? capture.out.data : "",
                                           strcspn(capture.out.data ? capture.out.data : "", "\n")),
                        *shown = str_shown(line);
    return error_set(err, ERROR_FAILED, "the image is not what its recipe says: %s is not there", shown);
}

/* Nothing of this container's own is in an image. */
static bool tidy(const struct build *build, struct error *err) {
    static char words[] = "[ ! -e /etc/machine-id ] || : >/etc/machine-id\n"
                          "rm -f /var/lib/dbus/machine-id /var/lib/systemd/random-seed";
    char *const argv[] = {"sh", "-c", words, NULL};
    return run(build, argv, "tidying up", err);
}

static bool stop(const struct build *build, struct error *err) {
    say(build, "stop");
    if (halt_can_be_heard(build->client, build->name) &&
        instance_change(build->client, build->name, "stop", false, STOP_SECONDS, err))
        return true;
    error_done(err);
    return instance_change(build->client, build->name, "stop", true, -1, err);
}

static char *publish(const struct build *build, struct error *err) {
    const struct recipe *recipe = build->request->recipe;
    _cleanup_free_ char *description = recipe->description
                                           ? str_copy(recipe->description)
                                           : str_printf("%s, built by berth", build->request->alias);
    _cleanup_json_ json_t *made = NULL,
                          *body = json_pack("{s:{s:s, s:s}, s:{s:o, s:s}}", "source", "type", "instance",
                                            "name", build->name, "properties", "description",
                                            json_text(description), IMAGE_RECIPE, build->digest);
    /* the image stays here, where it is unpacked again at once */
    json_object_set_new(body, "compression_algorithm",
                        json_text(recipe->compression ? recipe->compression : "none"));
    say(build, "publish");
    if (!operation_run(build->client, "POST", "/1.0/images", body, progress, (void *)build, &made, err))
        return NULL;
    return str_copy(json_str_at(made, "fingerprint"));
}

/* One that berth made and that nothing is called any more; somebody else's stays. */
static void drop_old(const struct build *build, const char *old) {
    _cleanup_(error_done) struct error ignored = {0};
    _cleanup_json_ json_t *image = image_get(build->client, old, &ignored);
    if (image && json_array_size(json_at(image, "aliases")) == 0 &&
        *json_get_str(json_at(image, "properties"), IMAGE_RECIPE) &&
        !image_delete(build->client, old, &ignored))
        error_done(&ignored);
}

/* The moment in which the new image takes the place of the old one is one call. */
static bool replace(const struct build *build, const char *fingerprint, struct error *err) {
    _cleanup_free_ char *old = NULL;
    _cleanup_(error_done) struct error ignored = {0};
    if (!image_set_alias(build->client, build->request->alias, fingerprint, &old, err)) {
        if (!image_delete(build->client, fingerprint, &ignored))
            error_also(err, &ignored);
        return false;
    }
    if (old && !str_equal(old, fingerprint))
        drop_old(build, old);
    return true;
}

/* One of this name was left by a build whose reaper has died, too: the lock says that it is nobody's. */
static bool remove_left_over(const struct build *build, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    if (!instance_get(build->client, build->name, &instance, err)) {
        bool none = err->code == 404;
        if (none)
            error_done(err);
        return none;
    }
    if (!*instance_config(&instance, LABEL_BUILD))
        return error_set(err, ERROR_FAILED, "%s is there, and is not a build's", build->name);
    return instance_destroy(build->client, build->name, err);
}

static bool launch(struct build *build, struct error *err) {
    _cleanup_(server_done) struct server server = {0};
    if (!server_get(build->client, &server, err) || !remove_left_over(build, err))
        return false;
    _cleanup_free_ char *path = instance_create_path(server.member);
    _cleanup_json_ json_t *body = plan_bare(build->name, "", false);
    json_object_set_new(body, "source", base_source(&build->base));
    json_object_set_new(json_at(body, "config"), LABEL_OWNER, json_string(owner_label(build->owner)));
    json_object_set_new(json_at(body, "config"), LABEL_BUILD, json_text(build->request->alias));
    say(build, "launch");
    build->made = true;
    return operation_run(build->client, "POST", path, body, progress, build, NULL, err);
}

static bool go_through(struct build *build, char **fingerprint, struct error *err) {
    const struct recipe *recipe = build->request->recipe;
    if (build->base.kind == BASE_BOOTSTRAP)
        say(build, "mmdebstrap");
    else if (build->base.kind == BASE_DIRECTORY)
        say(build, "pack the directory");
    if (!base_make(build->client, recipe, &build->base, err) || !launch(build, err) ||
        !put_files(build, err) || !install(build, err) || !make_user(build, err) ||
        !run_script(build, err) || !look(build, err) || !tidy(build, err) ||
        loop_cancelled(incus_loop(build->client), err) || !stop(build, err))
        return false;
    *fingerprint = publish(build, err);
    return *fingerprint && replace(build, *fingerprint, err);
}

/* The container goes, but for one that failed and is to be looked at. */
static bool clean_up(struct build *build, bool good, struct error *err) {
    _cleanup_(error_done) struct error removing = {0};
    base_drop(build->client, &build->base);
    if (!build->made) {
        owner_release(build->owner);
        return good;
    }
    if (!good && build->request->keep && err->class == ERROR_FAILED) {
        error_hint(err, "%s was kept: berth container exec %s -- sh looks inside", build->name,
                   build->name);
        error_hint(err, "berth container delete %s removes it, and so does the next build", build->name);
        owner_release(build->owner);
        return false;
    }
    if (instance_destroy(build->client, build->name, &removing)) {
        owner_release(build->owner);
        return good;
    }
    owner_abandon(build->owner);
    if (good)
        error_move(err, &removing);
    else
        error_also(err, &removing);
    return false;
}

/* Whether the alias stands for what the recipe would make; then *fingerprint is its. */
static bool is_unchanged(const struct build *build, char **fingerprint) {
    _cleanup_(error_done) struct error ignored = {0};
    _cleanup_free_ char *has = image_fingerprint(build->client, build->request->alias, &ignored);
    _cleanup_json_ json_t *image = has ? image_get(build->client, has, &ignored) : NULL;
    if (!image || build->request->force ||
        !str_equal(json_get_str(json_at(image, "properties"), IMAGE_RECIPE), build->digest))
        return false;
    *fingerprint = str_copy(has);
    return true;
}

static bool build_it(struct build *build, enum build_outcome *outcome, char **fingerprint,
                     struct error *err) {
    const struct build_request *request = build->request;
    const char *prefix = name_prefix(err);
    if (!prefix || !base_find(build->client, request->recipe, &build->base, err))
        return false;
    build->digest = recipe_digest(request->recipe, request->settings, base_identity(&build->base), err);
    if (!build->digest)
        return false;
    if (str_equal(request->alias, request->recipe->base))
        return error_set(err, ERROR_USAGE, "image %s cannot be its own base", request->alias);
    *outcome = BUILD_UNCHANGED;
    if (is_unchanged(build, fingerprint))
        return true;
    *outcome = BUILD_MADE;
    _cleanup_free_ char *what = str_printf("%s %s %s", incus_socket(build->client),
                                           incus_project(build->client), request->alias),
                        *key = lock_name("build", what);
    struct lock *lock = lock_take(key);
    if (!lock)
        return errno == EADDRINUSE ? error_set(err, ERROR_FAILED,
                                               "image %s is being built by somebody else", request->alias)
                                   : error_errno(err, errno, "cannot take a lock for %s", request->alias);
    build->name = str_printf("%sbuild-%.8s", prefix, key + strlen("build-"));
    build->owner = owner_new(build->client, prefix, err);
    loop_interruptible(incus_loop(build->client), false);
    bool good = build->owner && go_through(build, fingerprint, err);
    good = build->owner && clean_up(build, good, err);
    lock_release(lock);
    return good;
}

bool build_image(struct incus *client, const struct build_request *request,
                 const struct build_watcher *watcher, enum build_outcome *outcome, char **fingerprint,
                 struct error *err) {
    struct build build = {.client = client, .request = request, .watcher = watcher};
    *fingerprint = NULL;
    bool good = recipe_check(request->recipe, err) && build_it(&build, outcome, fingerprint, err);
    base_done(&build.base);
    free(build.digest);
    free(build.name);
    return good;
}
