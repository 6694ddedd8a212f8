#include "network/subnet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REPLY_MAX 32768

/* Where sessions' networks lie, in this order (RFC 1918): subnets of 256 addresses. */
static const struct {
    uint32_t first, count;
} spaces[] = {{10u << 24, 65536}, {172u << 24 | 16u << 16, 4096}, {192u << 24 | 168u << 16, 256}};

static uint32_t address_of(const struct sockaddr *address) {
    return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr);
}

/* Each interface's address alone, or with `whole` all of its network. */
static bool add_interfaces(struct ranges *ranges, bool whole, struct error *err) {
    struct ifaddrs *all;
    if (getifaddrs(&all) < 0)
        return error_errno(err, errno, "cannot read this machine's addresses");
    for (const struct ifaddrs *one = all; one; one = one->ifa_next) {
        if (!one->ifa_addr || one->ifa_addr->sa_family != AF_INET)
            continue;
        uint32_t address = address_of(one->ifa_addr),
                 mask = whole && one->ifa_netmask ? address_of(one->ifa_netmask) : 0xffffffffu;
        ranges_add(ranges, (struct range){address & mask, address | ~mask});
    }
    freeifaddrs(all);
    return true;
}

bool subnet_own_addresses(struct ranges *own, struct error *err) {
    return add_interfaces(own, false, err);
}

bool subnet_is_shared(uint32_t network, const char *interface) {
    struct ifaddrs *all;
    bool shared = false;
    if (getifaddrs(&all) < 0)
        return false;
    for (const struct ifaddrs *one = all; one && !shared; one = one->ifa_next)
        shared = one->ifa_addr && one->ifa_addr->sa_family == AF_INET &&
                 (address_of(one->ifa_addr) & ~0xffu) == network && !str_equal(one->ifa_name, interface);
    freeifaddrs(all);
    return shared;
}

static void add_route(struct ranges *used, const struct nlmsghdr *header) {
    const struct rtmsg *route = NLMSG_DATA(header);
    size_t at = NLMSG_LENGTH(sizeof *route), size;
    if (route->rtm_family != AF_INET || route->rtm_dst_len == 0 || route->rtm_dst_len > 32)
        return;
    for (; at + sizeof(struct rtattr) <= header->nlmsg_len; at += RTA_ALIGN(size)) {
        const struct rtattr *attribute = (const void *)((const char *)header + at);
        uint32_t network;
        size = attribute->rta_len;
        if (size < sizeof *attribute || at + size > header->nlmsg_len)
            return;
        if (attribute->rta_type != RTA_DST || size != RTA_LENGTH(sizeof network))
            continue;
        memcpy(&network, RTA_DATA(attribute), sizeof network);
        uint32_t hosts = route->rtm_dst_len == 32 ? 0 : 0xffffffffu >> route->rtm_dst_len;
        ranges_add(used, (struct range){ntohl(network), ntohl(network) | hosts});
    }
}

/* One datagram of the dump; true while more will come. */
static bool read_routes(int fd, struct ranges *used, int *number) {
    _Alignas(struct nlmsghdr) static char reply[REPLY_MAX];
    ssize_t got = recv(fd, reply, sizeof reply, 0);
    if (got < 0 && errno == EINTR)
        return true;
    *number = got < 0 ? errno : 0;
    unsigned int left = got > 0 ? (unsigned int)got : 0;
    for (const struct nlmsghdr *header = (const void *)reply; NLMSG_OK(header, left);
         header = NLMSG_NEXT(header, left)) {
        if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR)
            return false;
        if (header->nlmsg_type == RTM_NEWROUTE)
            add_route(used, header);
    }
    return got > 0;
}

static bool add_routes(struct ranges *used, struct error *err) {
    const struct {
        struct nlmsghdr header;
        struct rtmsg route;
    } request = {{sizeof request, RTM_GETROUTE, NLM_F_REQUEST | NLM_F_DUMP, 1, 0}, {.rtm_family = AF_INET}};
    _cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    int number = 0;
    if (fd < 0 || send(fd, &request, sizeof request, 0) < 0)
        number = errno;
    else
        while (read_routes(fd, used, &number))
            ;
    return number == 0 || error_errno(err, number, "cannot read this machine's routes");
}

bool subnet_used(struct ranges *used, struct error *err) {
    return add_interfaces(used, true, err) && add_routes(used, err);
}

static bool is_free(const struct ranges *used, uint32_t network) {
    for (size_t i = 0; i < used->count; i++)
        if (used->items[i].first <= (network | 0xff) && used->items[i].last >= network)
            return false;
    return true;
}

bool subnet_find(struct ranges *used, uint32_t seed, uint32_t *network, struct error *err) {
    for (size_t i = 0; i < array_length(spaces); i++)
        for (uint32_t j = 0; j < spaces[i].count; j++) {
            *network = spaces[i].first + ((seed + j * 257) % spaces[i].count << 8);
            if (!is_free(used, *network))
                continue;
            ranges_add(used, (struct range){*network, *network | 0xff});
            return true;
        }
    error_set(err, ERROR_FAILED, "no private subnet is free on this machine for a network of sessions");
    error_hint(err, "ip route show table all tells what takes them; --network open goes without one");
    return false;
}
