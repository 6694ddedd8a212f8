#include "build/base.h"

#include "base/path.h"
#include "base/process.h"
#include "incus/image.h"

#include <fts.h>
#include <ftw.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define IMAGE_SERVER "https://images.linuxcontainers.org"

struct release {
    const char *name, *suite; /* "debian:12", and what its archive calls it */
};
static const struct release releases[] = {
    {"debian:11", "bullseye"},    {"debian:12", "bookworm"}, {"debian:13", "trixie"},
    {"debian:sid", "sid"},        {"ubuntu:22.04", "jammy"}, {"ubuntu:24.04", "noble"},
    {"ubuntu:26.04", "resolute"},
};

void base_done(struct base *base) {
    free(base->fingerprint);
    free(base->suite);
    free(base->alias);
    free(base->directory);
    free(base->directory_digest);
    *base = (struct base){0};
}

static const char *suite_of(const char *name) {
    for (size_t i = 0; i < array_length(releases); i++)
        if (str_equal(releases[i].name, name) || str_equal(releases[i].suite, name))
            return releases[i].suite;
    return NULL;
}

bool base_is_release(const char *name) {
    return suite_of(name) != NULL;
}

/* "debian:12" is debian/12 on the server. */
static char *server_alias(const char *name) {
    char *alias = str_copy(name), *colon = strchr(alias, ':');
    if (colon)
        *colon = '/';
    return alias;
}

static int by_name(const FTSENT **a, const FTSENT **b) {
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* What a directory's files are, without reading them: names, kinds, sizes, owners, modes and times. */
static char *digest_directory(const char *path) {
    SHA2_CTX digest;
    char text[SHA256_DIGEST_STRING_LENGTH];
    char *const roots[] = {(char *)path, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, by_name);
    if (!tree)
        return NULL;
    SHA256Init(&digest);
    for (const FTSENT *entry; (entry = fts_read(tree));) {
        const struct stat *info = entry->fts_statp;
        if (entry->fts_info == FTS_DP || entry->fts_info == FTS_NS)
            continue;
        _cleanup_free_ char *line = str_printf(
            "%s %o %u:%u %lld %lld.%ld\n", entry->fts_path + strlen(path), (unsigned int)info->st_mode,
            info->st_uid, info->st_gid, (long long)(S_ISDIR(info->st_mode) ? 0 : info->st_size),
            (long long)info->st_mtim.tv_sec, info->st_mtim.tv_nsec);
        SHA256Update(&digest, (const uint8_t *)line, strlen(line));
    }
    fts_close(tree);
    return str_copy(SHA256End(&digest, text));
}

static bool find_directory(const struct recipe *recipe, struct base *base, struct error *err) {
    struct stat info;
    _cleanup_free_ char *expanded = path_expand_home(recipe->base), *shown = str_shown(recipe->base);
    if (recipe->root >= 0)
        return error_set(err, ERROR_REFUSED, "%s: a workspace's recipe cannot have a directory as its base",
                         recipe->file);
    base->kind = BASE_DIRECTORY;
    base->directory = expanded[0] == '/' || !recipe->directory
                          ? path_absolute(expanded, err)
                          : str_printf("%s/%s", recipe->directory, expanded);
    if (!base->directory)
        return false;
    if (stat(base->directory, &info) != 0 || !S_ISDIR(info.st_mode))
        return error_set(err, ERROR_FAILED, "%s is no directory", shown);
    base->directory_digest = digest_directory(base->directory);
    if (!base->directory_digest)
        return error_set(err, ERROR_FAILED, "cannot look through %s", shown);
    base->alias = str_copy("directory");
    base->suite = str_copy("current");
    return true;
}

bool base_find(struct incus *client, const struct recipe *recipe, struct base *base, struct error *err) {
    if (strchr(recipe->base, '/'))
        return find_directory(recipe, base, err);
    _cleanup_(error_done) struct error looking = {0};
    const char *name = recipe->base, *suite = suite_of(name);
    base->fingerprint = image_fingerprint(client, name, &looking);
    if (base->fingerprint)
        return true;
    if (looking.class != ERROR_NONE && looking.code != 404) {
        error_move(err, &looking);
        return false;
    }
    if (!suite) {
        _cleanup_free_ char *shown = str_shown(name);
        if (!image_check(client, name, err)) {
            error_hint(err, "or a distribution: debian:12, debian:13, ubuntu:24.04");
            return false;
        }
        return error_set(err, ERROR_FAILED, "image \"%s\" not found", shown);
    }
    _cleanup_free_ char *program = path_find_program("mmdebstrap");
    base->kind = program ? BASE_BOOTSTRAP : BASE_SERVER;
    base->suite = str_copy(suite);
    base->alias = server_alias(name);
    return true;
}

const char *base_identity(const struct base *base) {
    return base->kind == BASE_IMAGE       ? base->fingerprint
           : base->kind == BASE_DIRECTORY ? base->directory_digest
                                          : base->suite;
}

json_t *base_source(const struct base *base) {
    return base->kind == BASE_SERVER
               ? json_pack("{s:s, s:s, s:s, s:s, s:s}", "type", "image", "mode", "pull", "server",
                           IMAGE_SERVER, "protocol", "simplestreams", "alias", base->alias)
               : json_pack("{s:s, s:s}", "type", "image", "fingerprint", base->fingerprint);
}

/* A folder of its own, where there is more room than in /tmp. */
struct scratch {
    char *path;
};

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place) {
    (void)info, (void)kind, (void)place;
    return remove(path);
}

static void scratch_done(struct scratch *scratch) {
    if (scratch->path)
        nftw(scratch->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(scratch->path);
}

static bool scratch_make(struct scratch *scratch, struct error *err) {
    const char *folder = getenv("TMPDIR");
    scratch->path = str_printf("%s/berth-build-XXXXXX", str_empty(folder) ? "/var/tmp" : folder);
    if (mkdtemp(scratch->path))
        return true;
    error_set(err, ERROR_FAILED, "cannot make %s", scratch->path);
    str_set(&scratch->path, NULL);
    return false;
}

/* Its output is the user's; a program that is not there is an error that names it. */
static bool call(struct loop *loop, const char *program, struct strings *argv, struct error *err) {
    _cleanup_free_ char *path = path_find_program(program);
    int status = -1;
    if (!path)
        return error_set(err, ERROR_FAILED, "%s not found", program);
    str_set(&argv->items[0], path);
    loop_interruptible(loop, true);
    bool ran = process_run(loop, argv->items, &status, err);
    loop_interruptible(loop, false);
    if (!ran)
        return false;
    return process_status(status) == 0 ||
           error_set(err, ERROR_FAILED, "%s ended with status %d", program, process_status(status));
}

/* The URL of the mirror that apt here uses for this suite; "" if it has none. */
static char *find_mirror(struct loop *loop, const char *suite) {
    _cleanup_(buffer_done) struct buffer output = {0};
    _cleanup_(error_done) struct error ignored = {0};
    _cleanup_free_ char *program = path_find_program("apt-get");
    int status = -1;
    char *argv[] = {
        program, "indextargets", "--format", "$(CODENAME) $(COMPONENT) $(REPO_URI)", "Created-By: Packages",
        NULL};
    struct process_capture capture = {.output = &output, .limit = 65536, .timeout = 10000};
    if (!program || !process_capture(loop, argv, &capture, &status, &ignored) || !output.data)
        return str_copy("");
    char *rest = output.data;
    for (char *line; (line = strsep(&rest, "\n"));) {
        const char *name = strsep(&line, " "), *component = strsep(&line, " ");
        if (line && str_equal(name, suite) && str_equal(component, "main"))
            return str_copy(line);
    }
    return str_copy("");
}

/* man pages and translations are no use to who works here, and half of a small image. */
static bool bootstrap(struct loop *loop, const struct recipe *recipe, const char *suite, const char *rootfs,
                      struct error *err) {
    static const char *const without[] = {"man", "doc", "locale"};
    /* $1 is the root; for a container: an address by DHCP, names by resolved, and no waiting for either */
    static const char *const hooks[] = {
        "printf '[Match]\\nName=eth0\\n[Network]\\nDHCP=yes\\n' >\"$1/etc/systemd/network/eth0.network\"",
        "chroot \"$1\" systemctl -q enable systemd-networkd systemd-resolved",
        "chroot \"$1\" systemctl -q mask systemd-networkd-wait-online.service tmp.mount",
        "ln -sf ../run/systemd/resolve/stub-resolv.conf \"$1/etc/resolv.conf\"",
        "echo LANG=C.UTF-8 >\"$1/etc/default/locale\"",
    };
    _cleanup_(strings_done) struct strings argv = {0};
    _cleanup_free_ char *mirror = find_mirror(loop, suite),
                        *packages = strings_join(&recipe->packages, ",");
    strings_add_all(&argv, "mmdebstrap", "--quiet", "--variant=minbase", NULL);
    strings_add(&argv, geteuid() == 0 ? "--mode=root" : "--mode=unshare");
    strings_printf(
        &argv,
        "--include=systemd-sysv,udev,dbus,ca-certificates,iproute2,systemd-resolved,libnss-myhostname%s%s",
        *packages ? "," : "", packages);
    for (size_t i = 0; i < array_length(without); i++)
        strings_printf(&argv, "--dpkgopt=path-exclude=/usr/share/%s/*", without[i]);
    for (size_t i = 0; i < array_length(hooks); i++)
        strings_printf(&argv, "--customize-hook=%s", hooks[i]);
    strings_add_all(&argv, suite, rootfs, NULL);
    if (*mirror)
        strings_add(&argv, mirror);
    return call(loop, "mmdebstrap", &argv, err);
}

static bool write_text(const char *path, const char *text, struct error *err) {
    FILE *file = fopen(path, "we");
    bool good = file && fputs(text, file) >= 0;
    if (file && fclose(file) != 0)
        good = false;
    return good || error_set(err, ERROR_FAILED, "cannot write %s", path);
}

/* https://linuxcontainers.org/incus/docs/main/reference/image_format/ */
static bool write_metadata(struct loop *loop, const struct scratch *scratch, const struct base *base,
                           const char *tar, struct error *err) {
    _cleanup_(strings_done) struct strings argv = {0};
    _cleanup_free_ char *yaml = str_printf("%s/metadata.yaml", scratch->path),
                        *folder = str_printf("%s/templates", scratch->path),
                        *template = str_printf("%s/hostname.tpl", folder), *text = NULL;
    struct utsname machine;
    uname(&machine);
    text = str_printf(
        "architecture: %s\ncreation_date: %lld\nproperties:\n  os: %.*s\n  release: %s\n"
        "templates:\n  /etc/hostname:\n    when: [create, copy]\n    template: hostname.tpl\n",
        machine.machine, (long long)time(NULL), (int)strcspn(base->alias, "/"), base->alias, base->suite);
    mkdir(folder, 0755);
    strings_add_all(&argv, "tar", "-C", scratch->path, "--owner=0", "--group=0", "-cf", tar,
                    "metadata.yaml", "templates", NULL);
    return write_text(yaml, text, err) && write_text(template, "{{ container.name }}\n", err) &&
           call(loop, "tar", &argv, err);
}

/* Its rootfs.tar, or all of it as one; *rootfs is where that lies, caller owns. */
static bool pack_directory(struct loop *loop, const struct base *base, const struct scratch *scratch,
                           char **rootfs, struct error *err) {
    _cleanup_(strings_done) struct strings argv = {0};
    *rootfs = str_printf("%s/rootfs.tar", base->directory);
    if (access(*rootfs, R_OK) == 0)
        return true;
    free(*rootfs);
    *rootfs = str_printf("%s/rootfs.tar", scratch->path);
    strings_add_all(&argv, "tar", "-C", base->directory, "--numeric-owner", "--one-file-system", "-cf",
                    *rootfs, ".", NULL);
    return call(loop, "tar", &argv, err);
}

bool base_make(struct incus *client, const struct recipe *recipe, struct base *base, struct error *err) {
    _cleanup_(scratch_done) struct scratch scratch = {0};
    struct loop *loop = incus_loop(client);
    if (base->kind != BASE_BOOTSTRAP && base->kind != BASE_DIRECTORY)
        return true;
    if (!scratch_make(&scratch, err))
        return false;
    _cleanup_free_ char *metadata = str_printf("%s/metadata.tar", scratch.path), *rootfs = NULL;
    if (base->kind == BASE_BOOTSTRAP)
        rootfs = str_printf("%s/rootfs.tar", scratch.path);
    if (!(rootfs ? bootstrap(loop, recipe, base->suite, rootfs, err)
                 : pack_directory(loop, base, &scratch, &rootfs, err)) ||
        !write_metadata(loop, &scratch, base, metadata, err))
        return false;
    base->fingerprint = image_import(client, metadata, rootfs, err);
    base->made = base->fingerprint != NULL;
    return base->made;
}

void base_drop(struct incus *client, struct base *base) {
    _cleanup_(error_done) struct error ignored = {0};
    if (!base->made)
        return;
    base->made = !image_delete(client, base->fingerprint, &ignored);
}
