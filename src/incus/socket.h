/* The daemon's socket: which one it is, who may use it, and what to do where it cannot be reached. */
#pragma once

#include "base/error.h"

/*
 * Where it is: `given` (a flag), else $INCUS_SOCKET, else unix.socket in $INCUS_DIR, or in /var/lib/incus
 * or /run/incus, the first of these two that has one. Where this user may not use it, but the one of
 * incus-user beside it (unix.socket.user), it is that. Caller owns.
 */
char *socket_find(const char *given) nodiscard;

/*
 * Whether it is the socket of incus-user, by which those who are no administrators reach a project of their
 * own (https://linuxcontainers.org/incus/docs/main/explanation/security/, "Local access"); by its name.
 */
bool socket_is_users(const char *socket);
/* The group whose members may use that socket; NULL: there is no such socket. Caller owns. */
char *socket_group(const char *socket) nodiscard;
/* The same of incus-user's socket: of this one, or of the one beside it. Caller owns. */
char *socket_user_group(const char *socket) nodiscard;

/* Says which of the cases it is, by connect(2)'s errno, and what is to be done; `words` for all others. */
bool socket_unreachable(const char *socket, int number, const char *words, struct error *err);
/*
 * incus-user sets up the project of its user when that one connects first; if it cannot, it hangs up. Says
 * so.
 */
bool socket_hung_up(const char *socket, const char *project, struct error *err);
