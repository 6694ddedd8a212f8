#include "network/reach.h"

#include <ctype.h>
#include <string.h>

#define PORT_MAX 65535
/* What addresses, CIDRs and ports are written with: a name of nothing else would be read as one of them. */
#define NUMBERS "0123456789./-"

static void reach_done(struct reach *reach) {
    free(reach->text);
    free(reach->name);
    ranges_done(&reach->ports);
}

void reaches_done(struct reaches *list) {
    for (size_t i = 0; i < list->count; i++)
        reach_done(&list->items[i]);
    free(list->items);
    *list = (struct reaches){0};
}

/* One port or FROM-TO. */
static bool add_port(struct ranges *ports, const char *text) {
    const char *dash = strchr(text, '-');
    _cleanup_free_ char *from = dash ? str_copy_n(text, (size_t)(dash - text)) : str_copy(text);
    unsigned long first, last;
    if (!str_to_number(from, PORT_MAX, &first) || !str_to_number(dash ? dash + 1 : from, PORT_MAX, &last) ||
        first == 0 || first > last)
        return false;
    ranges_add(ports, (struct range){(uint32_t)first, (uint32_t)last});
    return true;
}

static bool bad_port(const char *where, const char *entry, const char *port, struct error *err) {
    _cleanup_free_ char *shown = str_shown(entry), *shown_port = str_shown(port);
    return error_set(err, ERROR_USAGE, "%s %s: \"%s\" is not a port: 1 to 65535, or FROM-TO", where, shown,
                     shown_port);
}

char *ports_text(const struct ranges *ports) {
    _cleanup_(strings_done) struct strings all = {0};
    for (size_t i = 0; i < ports->count; i++) {
        const struct range *port = &ports->items[i];
        if (port->first == port->last)
            strings_printf(&all, "%u", port->first);
        else
            strings_printf(&all, "%u-%u", port->first, port->last);
    }
    return strings_join(&all, ",");
}

static bool is_name(const char *text) {
    size_t label = 0, length = strlen(text);
    if (length == 0 || length > 253)
        return false;
    for (const char *at = text; *at; at++) {
        bool dot = *at == '.', edge = at == text || at[-1] == '.' || !at[1] || at[1] == '.';
        if (dot ? label == 0 : !isalnum((unsigned char)*at) && *at != '_' && (*at != '-' || edge))
            return false;
        label = dot ? 0 : label + 1;
        if (label > 63)
            return false;
    }
    return text[length - 1] != '.';
}

/* What is wrong with an entry's host, in the words that help. */
static bool bad_host(const char *where, const char *entry, const char *host, struct error *err) {
    _cleanup_free_ char *shown = str_shown(entry);
    if (strstr(entry, "://")) {
        error_set(err, ERROR_USAGE, "%s %s: a URL is not a host", where, shown);
        error_hint(err, "the name alone, and its ports: github.com:443");
    } else if (strchr(host, '*') || strchr(host, '?')) {
        error_set(err, ERROR_USAGE, "%s %s: a wildcard cannot be resolved to addresses", where, shown);
        error_hint(err, "list each host by its name");
    } else if (strchr(host, ':')) {
        error_set(err, ERROR_USAGE, "%s %s: IPv6 is closed in sessions' networks", where, shown);
        error_hint(err, "an IPv4 address, or a name that has one");
    } else if (strspn(host, NUMBERS) == strlen(host)) {
        error_set(err, ERROR_USAGE, "%s %s: not an IPv4 address or CIDR", where, shown);
    } else {
        error_set(err, ERROR_USAGE, "%s %s: not a host's name, an address or a CIDR", where, shown);
    }
    return false;
}

static bool read_reach(const char *where, const char *entry, struct reach *reach, struct error *err) {
    const char *colon = strrchr(entry, ':');
    bool ports = colon && colon != entry && colon == strchr(entry, ':') && !strstr(entry, "://");
    _cleanup_free_ char *host = ports ? str_copy_n(entry, (size_t)(colon - entry)) : str_copy(entry);
    for (char *at = host; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    bool numbers = strspn(host, NUMBERS) == strlen(host);
    if (!range_parse(host, &reach->range)) {
        if (numbers || !is_name(host))
            return bad_host(where, entry, host, err);
        reach->name = str_copy(host);
    }
    reach->text = str_copy(host);
    return !ports || add_port(&reach->ports, colon + 1) || bad_port(where, entry, colon + 1, err);
}

static int by_text(const void *a, const void *b) {
    return strcmp(((const struct reach *)a)->text, ((const struct reach *)b)->text);
}

/* Texts get their ports, entries an order, and what stands there twice goes. */
static void settle(struct reaches *list) {
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct reach *reach = &list->items[i];
        _cleanup_free_ char *ports = ports_text(&reach->ports),
                            *text = str_printf("%s%s%s", reach->text, *ports ? ":" : "", ports);
        str_set(&reach->text, text);
    }
    if (list->count)
        qsort(list->items, list->count, sizeof *list->items, by_text);
    for (size_t i = 0; i < list->count; i++) {
        if (kept && str_equal(list->items[kept - 1].text, list->items[i].text))
            reach_done(&list->items[i]);
        else
            list->items[kept++] = list->items[i];
    }
    list->count = kept;
}

static bool is_port_alone(const char *word) {
    return *word && strspn(word, "0123456789-") == strlen(word);
}

bool reaches_read(const char *where, const char *text, struct reaches *list, struct error *err) {
    _cleanup_free_ char *copy = str_copy(text);
    char *rest = copy;
    for (char *word; (word = strsep(&rest, ", \t"));) {
        struct reach *last = list->count ? &list->items[list->count - 1] : NULL;
        if (!*word)
            continue;
        if (is_port_alone(word) && last && last->ports.count) {
            if (!add_port(&last->ports, word))
                return bad_port(where, last->text, word, err);
            continue;
        }
        list->items = mem_grow(list->items, (list->count + 1) * sizeof *list->items);
        list->items[list->count] = (struct reach){0};
        if (!read_reach(where, word, &list->items[list->count++], err))
            return false;
    }
    settle(list);
    return true;
}

bool ports_read(const char *where, const char *text, struct ranges *ports, struct error *err) {
    _cleanup_free_ char *copy = str_copy(text);
    char *rest = copy;
    for (char *word; (word = strsep(&rest, ", \t"));)
        if (*word && !add_port(ports, word))
            return bad_port(where, text, word, err);
    return true;
}

char *reaches_text(const struct reaches *list) {
    _cleanup_(strings_done) struct strings all = {0};
    for (size_t i = 0; i < list->count; i++)
        strings_add(&all, list->items[i].text);
    return strings_join(&all, ", ");
}
