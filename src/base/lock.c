#include "base/lock.h"

#include "base/str.h"

#include <errno.h>
#include <sha2.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct lock {
    int socket;
};

static struct sockaddr_un address_of(const char *name, socklen_t *length) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int size = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "berth-%s", name);
    *length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)size);
    return address;
}

struct lock *lock_take(const char *name) {
    socklen_t length;
    struct sockaddr_un address = address_of(name, &length);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return NULL;
    if (bind(fd, (const struct sockaddr *)&address, length) < 0) {
        int number = errno;
        close(fd);
        errno = number;
        return NULL;
    }
    struct lock *lock = mem_new(sizeof *lock);
    lock->socket = fd;
    return lock;
}

void lock_release(struct lock *lock) {
    if (lock)
        close(lock->socket);
    free(lock);
}

int lock_descriptor(const struct lock *lock) {
    return lock->socket;
}

bool lock_is_held(const char *name) {
    socklen_t length;
    struct sockaddr_un address = address_of(name, &length);
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return fd < 0 || connect(fd, (const struct sockaddr *)&address, length) == 0 || errno != ECONNREFUSED;
}

char *lock_name(const char *kind, const char *text) {
    char digest[SHA256_DIGEST_STRING_LENGTH];
    return str_printf("%s-%s", kind, SHA256Data((const uint8_t *)text, strlen(text), digest));
}
