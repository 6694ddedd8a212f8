#include "network/publish.h"

#include "incus/instance.h"
#include "network/listeners.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT_MAX   65535
#define LOCAL_ONLY "127.0.0.1"

void publishes_done(struct publishes *publishes) {
    for (size_t i = 0; i < publishes->count; i++)
        free(publishes->items[i].address);
    free(publishes->items);
    *publishes = (struct publishes){0};
}

static bool read_port(const char *text, unsigned int *port) {
    unsigned long number;
    if (!str_to_number(text, PORT_MAX, &number) || number == 0)
        return false;
    *port = (unsigned int)number;
    return true;
}

/* [ADDRESS:][HOST:]PORT[/tcp|/udp], an IPv6 address in brackets. */
static bool read_one(const char *text, struct publish *publish) {
    _cleanup_free_ char *copy = str_copy(text);
    char *slash = strrchr(copy, '/'), *inside, *host, *address;
    if (slash) {
        publish->udp = str_equal(slash, "/udp");
        if (!publish->udp && !str_equal(slash, "/tcp"))
            return false;
        *slash = 0;
    }
    inside = strrchr(copy, ':');
    if (!inside) {
        publish->address = str_copy(LOCAL_ONLY);
        return read_port(copy, &publish->inside) && read_port(copy, &publish->host);
    }
    *inside++ = 0;
    host = strrchr(copy, ':');
    if (host)
        *host++ = 0;
    address = host ? copy : (char *)LOCAL_ONLY;
    if (address[0] == '[' && address[strlen(address) - 1] == ']') {
        address[strlen(address) - 1] = 0;
        address++;
    }
    unsigned char room[sizeof(struct in6_addr)];
    publish->address = str_copy(address);
    return (inet_pton(AF_INET, address, room) == 1 || inet_pton(AF_INET6, address, room) == 1) &&
           read_port(inside, &publish->inside) && read_port(host ? host : copy, &publish->host);
}

static bool add(struct publishes *publishes, struct publish *take) {
    for (size_t i = 0; i < publishes->count; i++) {
        const struct publish *has = &publishes->items[i];
        if (has->host == take->host && has->udp == take->udp && str_equal(has->address, take->address)) {
            bool same = has->inside == take->inside;
            free(take->address);
            return same;
        }
    }
    publishes->items = mem_grow(publishes->items, (publishes->count + 1) * sizeof *publishes->items);
    publishes->items[publishes->count++] = *take;
    return true;
}

bool publishes_read(const char *where, const char *list, struct publishes *publishes, struct error *err) {
    _cleanup_free_ char *copy = str_copy(list);
    char *rest = copy;
    for (char *word; (word = strsep(&rest, ", \t"));) {
        struct publish publish = {0};
        if (!*word)
            continue;
        _cleanup_free_ char *shown = str_shown(word);
        if (!read_one(word, &publish)) {
            free(publish.address);
            error_set(err, ERROR_USAGE, "%s %s: a port is PORT, HOST:PORT or ADDRESS:HOST:PORT, 1 to 65535",
                      where, shown);
            error_hint(err, "8080:80 makes the session's port 80 this machine's 8080, on " LOCAL_ONLY);
            return false;
        }
        if (!add(publishes, &publish))
            return error_set(err, ERROR_USAGE, "%s %s: that port of this machine is published already",
                             where, shown);
    }
    return true;
}

static char *endpoint(const struct publish *publish) {
    bool six = strchr(publish->address, ':');
    return str_printf("%s:%s%s%s:%u", publish->udp ? "udp" : "tcp", six ? "[" : "", publish->address,
                      six ? "]" : "", publish->host);
}

json_t *publish_device(const struct publish *publish) {
    _cleanup_free_ char *listen = endpoint(publish),
                        *connect =
                            str_printf("%s:127.0.0.1:%u", publish->udp ? "udp" : "tcp", publish->inside);
    return json_pack("{s:s, s:s, s:s, s:s}", "type", "proxy", "bind", "host", "listen", listen, "connect",
                     connect);
}

char *publish_of_device(const json_t *device) {
    const char *listen = json_get_str(device, "listen"), *connect = json_get_str(device, "connect"),
               *bind = json_get_str(device, "bind"), *host = strchr(listen, ':'),
               *port = strrchr(connect, ':');
    if (!str_equal(json_get_str(device, "type"), "proxy") || (*bind && !str_equal(bind, "host")) || !host ||
        !port)
        return NULL;
    return str_printf("%s -> %s%s", host + 1, port + 1, str_starts(listen, "udp") ? "/udp" : "");
}

char *publish_of_devices(const json_t *devices) {
    _cleanup_(strings_done) struct strings all = {0};
    const char *name;
    const json_t *device;
    json_object_foreach((json_t *)devices, name, device) {
        char *text = publish_of_device(device);
        if (text)
            strings_take(&all, text);
    }
    return strings_join(&all, ", ");
}

/* False with errno: this machine has it already, or it cannot be had. */
static bool can_bind(const struct publish *publish) {
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)publish->host)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)publish->host)};
    bool is_four = inet_pton(AF_INET, publish->address, &four.sin_addr) == 1;
    if (!is_four && inet_pton(AF_INET6, publish->address, &six.sin6_addr) != 1)
        return true;
    _cleanup_close_ int fd =
        socket(is_four ? AF_INET : AF_INET6, (publish->udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
    const struct sockaddr *address = is_four ? (const void *)&four : (const void *)&six;
    int on = 1;
    if (fd < 0)
        return true;
    if (!publish->udp) /* as the daemon does: what only waits to be forgotten is no hindrance */
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    return bind(fd, address, is_four ? sizeof four : sizeof six) == 0;
}

/* Whether the process has the socket open; one of another user's cannot be looked at. */
static bool has_socket(const char *pid, const char *wanted) {
    _cleanup_free_ char *folder = str_printf("/proc/%s/fd", pid);
    DIR *descriptors = opendir(folder);
    bool found = false;
    if (!descriptors)
        return false;
    for (const struct dirent *entry; !found && (entry = readdir(descriptors));) {
        char target[64];
        ssize_t length = readlinkat(dirfd(descriptors), entry->d_name, target, sizeof target - 1);
        if (length <= 0)
            continue;
        target[length] = 0;
        found = str_equal(target, wanted);
    }
    closedir(descriptors);
    return found;
}

/* "python3 (pid 12)"; NULL: it is nobody's that this user may look at. */
static char *process_of(const struct publish *publish) {
    unsigned long inode = 0;
    if (!listener_inode(publish->host, publish->udp, &inode))
        return NULL;
    _cleanup_free_ char *wanted = str_printf("socket:[%lu]", inode);
    DIR *proc = opendir("/proc");
    char *found = NULL;
    for (const struct dirent *entry; proc && !found && (entry = readdir(proc));) {
        if (!isdigit((unsigned char)entry->d_name[0]) || !has_socket(entry->d_name, wanted))
            continue;
        char name[32] = "";
        _cleanup_free_ char *path = str_printf("/proc/%s/comm", entry->d_name);
        _cleanup_fclose_ FILE *in = fopen(path, "re");
        if (in && fgets(name, sizeof name, in))
            name[strcspn(name, "\n")] = 0;
        _cleanup_free_ char *shown = str_shown(name);
        found = str_printf("%s (pid %s)", shown, entry->d_name);
    }
    if (proc)
        closedir(proc);
    return found;
}

struct search {
    char *endpoint;
    char *name; /* of the instance that has it */
};

static void look_at(void *data, const struct instance *instance) {
    struct search *search = data;
    const char *name;
    const json_t *device;
    json_object_foreach((json_t *)instance->devices, name, device) {
        if (instance_running(instance) && str_equal(json_get_str(device, "type"), "proxy") &&
            str_equal(json_get_str(device, "listen"), search->endpoint))
            str_set(&search->name, instance->name);
    }
}

static bool taken(struct incus *client, const struct publish *publish, struct error *err) {
    _cleanup_(error_done) struct error ignored = {0};
    struct search search = {.endpoint = endpoint(publish)};
    bool asked = instance_each(client, ".*", look_at, &search, &ignored);
    _cleanup_free_ char *process = search.name ? NULL : process_of(publish);
    const char *who = asked && search.name ? search.name : process ? process : "a process of another user";
    error_set(err, ERROR_FAILED, "port %u of %s is taken: %s has it", publish->host, publish->address, who);
    error_hint(err, "--publish %u:%u publishes it under another number",
               publish->host < PORT_MAX ? publish->host + 1 : publish->host - 1, publish->inside);
    free(search.endpoint);
    free(search.name);
    return false;
}

bool publish_check_free(struct incus *client, const struct publishes *publishes, struct error *err) {
    for (size_t i = 0; i < publishes->count; i++)
        if (!can_bind(&publishes->items[i]) && errno == EADDRINUSE)
            return taken(client, &publishes->items[i], err);
    return true;
}
