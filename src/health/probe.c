#include "health/probe.h"

#include "base/path.h"
#include "guard/baseline.h"
#include "incus/capture.h"
#include "launch/guarding.h"
#include "launch/open.h"
#include "launch/prepare.h"
#include "launch/verify.h"
#include "session/run.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define SECRET "berth-probe-secret"

/*
 * A line for each thing that is tried, "NAME WORD…". $1: a directory of the host's that must not be there;
 * $2 and $3: an address of this machine, on the bridge, and a port that must not be reached; "": is not
 * tried.
 */
static const char script[] =
    "echo x >made && echo write yes || echo write no\n"
    "echo x 2>/dev/null >.git/hooks/probe && echo protected no || echo protected yes\n"
    "if grep -q " SECRET " .env 2>/dev/null; then echo secret seen; else echo secret covered; fi\n"
    "[ -z \"$SSH_AUTH_SOCK$GNUPGHOME$BERTH_PROBE_HOST\" ] && [ ! -e \"$1\" ] && echo isolated yes || "
    "echo isolated no\n"
    "echo tmux $(tmux -V 2>/dev/null)\n"
    "gateway=; while read -r _ to via _; do [ \"$to\" != 00000000 ] || gateway=$via; done "
    "</proc/net/route\n"
    "waited=0; while [ -z \"$gateway\" ] && [ $waited -lt 20 ]; do sleep 0.1; waited=$((waited + 1))\n"
    "while read -r _ to via _; do [ \"$to\" != 00000000 ] || gateway=$via; done </proc/net/route; done\n"
    "echo gateway $gateway\n"
    "[ \"$gateway\" ] || exit 0\n"
    "names=no; for i in 1 2 3 4 5 6 7 8 9 10; do\n"
    "getent hosts \"$(hostname).incus\" >/dev/null 2>&1 && { names=yes; break; }; sleep 0.1; done\n"
    "echo names $names\n"
    "[ -z \"$2\" ] || ! command -v bash >/dev/null || {\n"
    "timeout 1 bash -c 'exec 3<>\"/dev/tcp/$0/$1\"' \"$2\" \"$3\" 2>/dev/null; echo tried yes; }\n";

struct probing {
    const struct health_subject *subject;
    struct health *health;
    char *folder; /* the workspace */
    char *bridge; /* this machine's address on the network of the rules; NULL: there is none */
    int listener; /* at that address; -1 */
    unsigned int port;
    struct settings settings;
    struct launch_request request;
};

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *place) {
    (void)info, (void)kind, (void)place;
    return remove(path);
}

static void probing_done(struct probing *probing) {
    if (probing->folder)
        nftw(probing->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    free(probing->folder);
    free(probing->bridge);
    if (probing->listener >= 0)
        close(probing->listener);
    settings_done(&probing->settings);
    request_done(&probing->request);
}

static bool write_file(const char *folder, const char *name, const char *text) {
    _cleanup_free_ char *path = str_printf("%s/%s", folder, name);
    _cleanup_close_ int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    size_t size = strlen(text);
    return fd >= 0 && write(fd, text, size) == (ssize_t)size;
}

static bool make_folder(const char *folder, const char *name) {
    _cleanup_free_ char *path = str_printf("%s/%s", folder, name);
    return mkdir(path, 0700) == 0;
}

/* As git makes one: without more than that git itself takes it for a repository. */
static bool make_workspace(struct probing *probing, struct error *err) {
    if (!baseline_make_directory(err))
        return false;
    _cleanup_free_ char *state = baseline_directory(), *folder = str_printf("%s/probe-XXXXXX", state);
    if (!mkdtemp(folder))
        return error_errno(err, errno, "%s", folder);
    probing->folder = str_copy(folder);
    if (make_folder(folder, ".git") && make_folder(folder, ".git/hooks") &&
        make_folder(folder, ".git/objects") && make_folder(folder, ".git/refs") &&
        write_file(folder, ".git/HEAD", "ref: refs/heads/main\n") &&
        write_file(folder, ".git/config", "[core]\n") && write_file(folder, ".env", SECRET "\n"))
        return true;
    return error_errno(err, errno, "%s", folder);
}

/* "NAME …" of the output: what stands behind it. Caller owns; NULL if it is not there. */
static char *answer_of(const char *out, const char *name) {
    _cleanup_free_ char *key = str_printf("%s ", name);
    for (const char *line = out; line && *line; line = strchr(line, '\n'), line += line != NULL)
        if (str_starts(line, key))
            return str_copy_n(line + strlen(key), strcspn(line, "\n") - strlen(key));
    return NULL;
}

static bool says(const char *out, const char *name, const char *word) {
    _cleanup_free_ char *answer = answer_of(out, name);
    return str_equal(answer, word);
}

static void add(struct health *health, const char *name, bool good, const char *yes, const char *no,
                const char *fix) {
    struct health_check *check =
        health_add(health, name, good ? HEALTH_OK : HEALTH_FAILED, "%s", good ? yes : no);
    if (!good)
        health_fix(check, "%s", fix);
}

static void check_owner(const struct probing *probing, const struct plan *plan, bool written,
                        struct health *health) {
    _cleanup_free_ char *path = str_printf("%s/made", probing->folder);
    const struct idmap_view *view = &plan->decision.view;
    struct stat info;
    if (!written || lstat(path, &info) < 0) {
        add(health, "uid_mapping", false, "", "code cannot write into a workspace", "berth idmap says why");
        return;
    }
    bool right = info.st_uid == view->made.uid && (!view->made_gid_known || info.st_gid == view->made.gid);
    health_fix(health_add(health, "uid_mapping", right ? HEALTH_OK : HEALTH_FAILED,
                          "what code writes belongs to %u:%u%s", info.st_uid, info.st_gid,
                          right ? "" : ", which is not what was predicted"),
               "%s", right ? "" : "please report this with the output of berth idmap");
}

static void check_terminal(const char *out, struct health *health) {
    _cleanup_free_ char *version = answer_of(out, "tmux");
    unsigned int major = 0, minor = 0;
    bool there = !str_empty(version), good = there && sscanf(version, "tmux %u.%u", &major, &minor) == 2 &&
                                             (major > 3 || (major == 3 && minor >= 2));
    struct health_check *check = health_add(health, "terminal", good ? HEALTH_OK : HEALTH_WARNING, "%s",
                                            there ? version : "the image has no tmux: sessions need it");
    if (!good)
        health_fix(check, "an image with tmux 3.2 or later");
}

/* Whoever is heard here has got round the rules: they let nobody reach this machine but for names. */
static void check_restriction(const struct probing *probing, const char *out, struct health *health) {
    if (probing->listener < 0 || !says(out, "tried", "yes"))
        return;
    int reached = accept4(probing->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    add(health, "network_restriction", reached < 0, "this machine cannot be reached from inside",
        "this machine can be reached from inside, against the rules",
        "berth network down, then the next launch makes it anew");
    if (reached >= 0)
        close(reached);
}

static void check_network(const struct probing *probing, const char *out, struct health *health) {
    const char *mode = settings_text(&probing->settings, SETTING_NETWORK);
    _cleanup_free_ char *gateway = answer_of(out, "gateway");
    bool none = str_equal(mode, "none"), names = says(out, "names", "yes");
    struct health_check *check;
    if (none) {
        add(health, "container_connectivity", str_empty(gateway), "none, as asked for",
            "there is a way out, and was to be none", "berth network list shows its rules");
    } else if (str_empty(gateway)) {
        check = health_add(health, "container_connectivity", HEALTH_WARNING,
                           "no address within 2 s of its start");
        health_fix(check, "does the image start DHCP? incus network list shows the bridge");
    } else {
        check = health_add(health, "container_connectivity", names ? HEALTH_OK : HEALTH_WARNING, "%s",
                           names ? "it has an address, and the bridge resolves names"
                                 : "it has an address, but no names are resolved");
        if (!names)
            health_fix(check, "is dnsmasq running? incus network show says what the bridge is to do");
    }
    check_restriction(probing, out, health);
}

static void read_output(const struct probing *probing, const struct plan *plan, const char *out,
                        long milliseconds) {
    struct health *health = probing->health;
    check_owner(probing, plan, says(out, "write", "yes"), health);
    add(health, "protected_paths", says(out, "protected", "yes"), "a hook cannot be written from inside",
        "a hook can be written from inside",
        "berth guard shows what is protected; [guard] writable lifts it");
    add(health, "secret_masking", says(out, "secret", "covered"), "what secret_paths names is empty inside",
        "a secret can be read inside", "please report this with the output of berth guard");
    add(health, "host_credential_isolation", says(out, "isolated", "yes"),
        "neither agents, nor the home, nor variables of this machine are inside",
        "something of this user's is inside",
        "are there mounts of the home in [mounts], or -e in a profile?");
    check_terminal(out, health);
    check_network(probing, out, health);
    struct health_check *check =
        health_add(health, "launch_time", milliseconds > 5000 ? HEALTH_WARNING : HEALTH_OK,
                   "%ld ms from the request to a command that runs", milliseconds);
    if (milliseconds > 5000)
        health_fix(check,
                   "a pool of btrfs or zfs clones images; [container] standby starts before it is needed");
}

/* Where the container would find us, if it could. Without an address, or in open networks, nothing is
 * tried. */
static void listen_on_bridge(struct probing *probing, const struct prepared *prepared) {
    _cleanup_json_ json_t *network = NULL;
    _cleanup_(error_done) struct error ignored = {0};
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    if (!prepared->network.name)
        return;
    _cleanup_free_ char *path = incus_path(NULL, "networks", prepared->network.name, NULL);
    if (!incus_request(probing->subject->client, "GET", path, NULL, &network, &ignored))
        return;
    const char *own = json_get_str(json_at(network, "config"), "ipv4.address");
    _cleanup_free_ char *text = str_copy_n(own, strcspn(own, "/"));
    if (inet_pton(AF_INET, text, &address.sin_addr) != 1)
        return;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 1) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) < 0) {
        if (fd >= 0)
            close(fd);
        return;
    }
    probing->listener = fd;
    probing->port = ntohs(address.sin_port);
    str_set(&probing->bridge, text);
}

/* In the container that runs; its end is run_finish()'s. */
static bool try_inside(struct probing *probing, const struct prepared *prepared, const struct plan *plan,
                       int64_t begin, struct error *err) {
    struct incus *client = probing->subject->client;
    _cleanup_(capture_done) struct capture capture = {0};
    listen_on_bridge(probing, prepared);
    _cleanup_free_ char *port = str_printf("%u", probing->port);
    char *command[] = {
        "sh", "-c", (char *)script, "sh", (char *)path_home(), probing->bridge ? probing->bridge : "",
        port, NULL};
    const struct launch_watcher nobody = {0};
    const struct exec_request request = {.command = command,
                                         .uid = plan->code.uid,
                                         .gid = plan->code.gid,
                                         .cwd = WORKSPACE_PATH,
                                         .environment = plan->environment};
    if ((!prepared->standby && !verify_expanded(client, plan, err)) ||
        !verify_slowly(client, plan, &nobody, err))
        return false;
    long milliseconds = (long)(loop_now() - begin);
    if (!exec_capture(client, plan->name, &request, 0, &capture, err))
        return false;
    read_output(probing, plan, capture.out.data ? capture.out.data : "", milliseconds);
    return true;
}

static bool launch(struct probing *probing, struct error *err) {
    struct incus *client = probing->subject->client;
    _cleanup_(prepared_done) struct prepared prepared = {0};
    _cleanup_(plan_done) struct plan plan = {0};
    _cleanup_(error_done) struct error leaving = {0};
    int64_t begin = loop_now();
    if (!prepare_launch(client, &probing->request, &prepared, err) ||
        !launch_open(client, &prepared, NULL, &plan, err))
        return false;
    loop_interruptible(incus_loop(client), true);
    bool good = try_inside(probing, &prepared, &plan, begin, err);
    loop_interruptible(incus_loop(client), false);
    if (!run_finish(client, &prepared, &plan, &leaving) && good)
        error_move(err, &leaving);
    return good && err->class == ERROR_NONE;
}

bool health_probe(const struct health_subject *subject, struct health *health, struct error *err) {
    _cleanup_(probing_done) struct probing probing = {.subject = subject, .health = health, .listener = -1};
    _cleanup_(error_done) struct error why = {0};
    settings_copy(&probing.settings, subject->settings);
    bool good = settings_flag(&probing.settings, SETTING_SECRET_PATHS, "--probe", ".env", &why) &&
                settings_flag(&probing.settings, SETTING_PERSISTENT, "--probe", "false", &why) &&
                make_workspace(&probing, &why);
    probing.request.settings = &probing.settings;
    probing.request.cold = true;
    probing.request.workspace = str_copy(probing.folder);
    strings_add(&probing.request.command, "sh");
    if (good && launch(&probing, &why))
        return true;
    if (why.class == ERROR_CANCELLED) {
        error_move(err, &why);
        return false;
    }
    health_add_error(health, "probe", HEALTH_FAILED, &why);
    return true;
}
