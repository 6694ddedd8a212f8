#include "incus/socket.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>

#define USER_SUFFIX ".user"

bool socket_is_users(const char *socket) {
    size_t length = strlen(socket);
    return length > strlen(USER_SUFFIX) && str_equal(socket + length - strlen(USER_SUFFIX), USER_SUFFIX);
}

static bool usable(const char *socket) {
    return access(socket, R_OK | W_OK) == 0;
}

/* That of the daemon, unless only the other one is for us. */
static char *socket_in(const char *dir) {
    char *socket = str_printf("%s/unix.socket", dir);
    _cleanup_free_ char *user = str_printf("%s" USER_SUFFIX, socket);
    if (!usable(socket) && usable(user))
        str_set(&socket, user);
    return socket;
}

char *socket_find(const char *given) {
    const char *dir = getenv("INCUS_DIR"), *socket = getenv("INCUS_SOCKET");
    if (!str_empty(given))
        return str_copy(given);
    if (!str_empty(socket))
        return str_copy(socket);
    if (!str_empty(dir))
        return socket_in(dir);
    if (access("/var/lib/incus/unix.socket", F_OK) != 0 && access("/run/incus/unix.socket", F_OK) == 0)
        return socket_in("/run/incus");
    return socket_in("/var/lib/incus");
}

char *socket_group(const char *socket) {
    struct stat info;
    if (stat(socket, &info) < 0)
        return NULL;
    const struct group *group = info.st_gid ? getgrgid(info.st_gid) : NULL;
    return str_copy(group ? group->gr_name : socket_is_users(socket) ? "incus" : "incus-admin");
}

char *socket_user_group(const char *socket) {
    _cleanup_free_ char *beside = str_printf("%s" USER_SUFFIX, socket);
    return socket_group(socket_is_users(socket) ? socket : beside);
}

/* First the group that is not root by another name. */
static void hint_groups(const char *socket, struct error *err) {
    _cleanup_free_ char *user = socket_user_group(socket),
                        *daemon = socket_is_users(socket) ? NULL : socket_group(socket);
    if (!user && !daemon)
        error_hint(err, "its directory may not be entered by this user; --socket PATH names another");
    if (user)
        error_hint(err,
                   "join the group %s, for a project of your own, then log in again: sudo usermod -aG %s "
                   "\"$USER\"",
                   user, user);
    if (daemon)
        error_hint(
            err,
            "%sjoin the group %s, which makes you as good as root here, then log in again: sudo usermod "
            "-aG %s \"$USER\"",
            user ? "or " : "", daemon, daemon);
    if (user || daemon)
        error_hint(err, "or in this shell alone: newgrp %s", user ? user : daemon);
}

bool socket_hung_up(const char *socket, const char *project, struct error *err) {
    error_set(err, ERROR_DAEMON,
              "incus-user at %s hung up, as it does when it cannot set up the project %s", socket, project);
    error_hint(err, "its log says why: sudo journalctl -u incus-user -n 5");
    error_hint(
        err,
        "where it finds no free subnet: sudo incus network create incusbr-%u ipv4.address=10.X.Y.1/24 "
        "ipv4.nat=true ipv6.address=none",
        getuid());
    return false;
}

bool socket_unreachable(const char *socket, int number, const char *words, struct error *err) {
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        error_set(err, ERROR_DAEMON, "no Incus socket at %s", socket);
        error_hint(err, "is Incus installed and started? systemctl start incus");
        error_hint(err, "a daemon elsewhere: --socket PATH, or INCUS_SOCKET, or INCUS_DIR");
        break;
    case EACCES:
    case EPERM:
        error_set(err, ERROR_DAEMON, "no permission for the Incus socket %s (it exists)", socket);
        hint_groups(socket, err);
        break;
    case ECONNREFUSED:
        error_set(err, ERROR_DAEMON,
                  "nobody listens on the Incus socket %s (it exists): the daemon is not running", socket);
        error_hint(err, "systemctl start incus");
        break;
    default:
        error_set(err, ERROR_DAEMON, "the Incus daemon at %s cannot be reached: %s", socket, words);
        if (strlen(socket) >= 108)
            error_hint(err, "a socket's path must be shorter than 108 bytes");
    }
    err->code = number;
    return false;
}
