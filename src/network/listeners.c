#include "network/listeners.h"

#include <stdio.h>
#include <string.h>

struct wanted {
    unsigned int port;
    bool udp;
    bool everywhere; /* only on the address that stands for all */
};

/*
 * The second field is ADDRESS:PORT, the fourth the state (0A: TCP listens; 07: UDP has no peer), the tenth
 * the inode.
 */
static bool is_wanted(const char *line, const struct wanted *wanted, unsigned long *inode) {
    char local[64], state[8];
    if (sscanf(line, " %*s %63s %*s %7s %*s %*s %*s %*s %*s %lu", local, state, inode) != 3)
        return false;
    const char *colon = strrchr(local, ':');
    return colon && strtoul(colon + 1, NULL, 16) == wanted->port &&
           str_equal(state, wanted->udp ? "07" : "0A") &&
           (!wanted->everywhere || strspn(local, "0") == (size_t)(colon - local));
}

static bool find(const char *table, const struct wanted *wanted, unsigned long *inode) {
    char line[512];
    _cleanup_fclose_ FILE *in = fopen(table, "re");
    while (in && fgets(line, sizeof line, in))
        if (is_wanted(line, wanted, inode))
            return true;
    return false;
}

static bool find_either(const struct wanted *wanted, unsigned long *inode) {
    return find(wanted->udp ? "/proc/net/udp" : "/proc/net/tcp", wanted, inode) ||
           find(wanted->udp ? "/proc/net/udp6" : "/proc/net/tcp6", wanted, inode);
}

bool listener_inode(unsigned int port, bool udp, unsigned long *inode) {
    return find_either(&(struct wanted){.port = port, .udp = udp}, inode);
}

bool listener_everywhere(unsigned int port) {
    unsigned long inode;
    return find_either(&(struct wanted){.port = port, .everywhere = true}, &inode) ||
           find_either(&(struct wanted){.port = port, .udp = true, .everywhere = true}, &inode);
}
