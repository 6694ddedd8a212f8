#include "network/range.h"

#include <arpa/inet.h>
#include <string.h>

#define NET(a, b, c, d, bits)                                                                              \
    {                                                                                                      \
        (a) << 24 | (b) << 16 | (c) << 8 | (d),                                                            \
            ((a) << 24 | (b) << 16 | (c) << 8 | (d)) | 0xffffffffu >> (bits)                               \
    }

const struct range ranges_private[] = {
    NET(0u, 0, 0, 0, 8),      NET(10u, 0, 0, 0, 8),     NET(100u, 64, 0, 0, 10), NET(127u, 0, 0, 0, 8),
    NET(169u, 254, 0, 0, 16), NET(172u, 16, 0, 0, 12),  NET(192u, 0, 0, 0, 24),  NET(192u, 168, 0, 0, 16),
    NET(198u, 18, 0, 0, 15),  {224u << 24, 0xffffffffu}};
const size_t ranges_private_count = array_length(ranges_private);

void ranges_done(struct ranges *ranges) {
    free(ranges->items);
    *ranges = (struct ranges){0};
}

bool range_parse(const char *text, struct range *range) {
    const char *slash = strchr(text, '/');
    unsigned long bits = 32;
    _cleanup_free_ char *address = slash ? str_copy_n(text, (size_t)(slash - text)) : str_copy(text);
    struct in_addr network;
    if (inet_pton(AF_INET, address, &network) != 1 || (slash && !str_to_number(slash + 1, 32, &bits)))
        return false;
    uint32_t hosts = bits == 0 ? 0xffffffffu : bits == 32 ? 0 : 0xffffffffu >> bits;
    range->first = ntohl(network.s_addr) & ~hosts;
    range->last = range->first | hosts;
    return true;
}

char *range_address(uint32_t address, char *text) {
    struct in_addr network = {htonl(address)};
    return (char *)inet_ntop(AF_INET, &network, text, INET_ADDRSTRLEN);
}

static int by_first(const void *a, const void *b) {
    const struct range *one = a, *other = b;
    return (one->first > other->first) - (one->first < other->first);
}

static void append(struct ranges *ranges, struct range range) {
    ranges->items = mem_grow(ranges->items, (ranges->count + 1) * sizeof *ranges->items);
    ranges->items[ranges->count++] = range;
}

void ranges_add(struct ranges *ranges, struct range range) {
    append(ranges, range);
    qsort(ranges->items, ranges->count, sizeof *ranges->items, by_first);
    size_t kept = 0;
    for (size_t i = 1; i < ranges->count; i++) {
        struct range *before = &ranges->items[kept], *next = &ranges->items[i];
        if (before->last == 0xffffffffu || next->first <= before->last + 1)
            before->last = next->last > before->last ? next->last : before->last;
        else
            ranges->items[++kept] = *next;
    }
    ranges->count = kept + 1;
}

void ranges_remove(struct ranges *ranges, struct range hole) {
    struct ranges left = {0};
    for (size_t i = 0; i < ranges->count; i++) {
        struct range range = ranges->items[i];
        if (range.last < hole.first || range.first > hole.last) {
            append(&left, range);
            continue;
        }
        if (range.first < hole.first)
            append(&left, (struct range){range.first, hole.first - 1});
        if (range.last > hole.last)
            append(&left, (struct range){hole.last + 1, range.last});
    }
    ranges_done(ranges);
    *ranges = left;
}

bool ranges_has(const struct ranges *ranges, uint32_t address) {
    for (size_t i = 0; i < ranges->count; i++)
        if (address >= ranges->items[i].first && address <= ranges->items[i].last)
            return true;
    return false;
}

uint32_t *ranges_all(const struct ranges *ranges, size_t *count) {
    uint32_t *all = NULL;
    *count = 0;
    for (size_t i = 0; i < ranges->count; i++)
        for (uint32_t at = ranges->items[i].first;; at++) {
            all = mem_grow(all, (*count + 1) * sizeof *all);
            all[(*count)++] = at;
            if (at == ranges->items[i].last)
                break;
        }
    return all;
}

char *ranges_text(const struct ranges *ranges) {
    _cleanup_(strings_done) struct strings all = {0};
    char first[INET_ADDRSTRLEN], last[INET_ADDRSTRLEN];
    for (size_t i = 0; i < ranges->count; i++) {
        const struct range *range = &ranges->items[i];
        if (range->first == range->last)
            strings_add(&all, range_address(range->first, first));
        else
            strings_printf(&all, "%s-%s", range_address(range->first, first),
                           range_address(range->last, last));
    }
    return strings_join(&all, ",");
}

void ranges_add_public(struct ranges *ranges) {
    ranges_add(ranges, (struct range){0, 0xffffffffu});
    for (size_t i = 0; i < ranges_private_count; i++)
        ranges_remove(ranges, ranges_private[i]);
}

bool range_is_private(uint32_t address) {
    for (size_t i = 0; i < ranges_private_count; i++)
        if (address >= ranges_private[i].first && address <= ranges_private[i].last)
            return true;
    return false;
}
