#include "remote/incus_config.h"

#include "base/path.h"
#include "incus/tls.h"

#include <errno.h>
#include <yaml.h>

/* $INCUS_CONF, or where the command keeps it. Caller owns. */
static char *folder_of_command(void) {
    const char *given = getenv("INCUS_CONF"), *base = getenv("XDG_CONFIG_HOME");
    if (!str_empty(given))
        return str_copy(given);
    if (!str_empty(base))
        return str_printf("%s/incus", base);
    return str_printf("%s/.config/incus", path_home());
}

/* The value of a mapping's key; NULL if it has none. */
static yaml_node_t *value_of(yaml_document_t *document, const yaml_node_t *mapping, const char *key) {
    if (!mapping || mapping->type != YAML_MAPPING_NODE)
        return NULL;
    for (const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
         pair < mapping->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(document, pair->key);
        if (name && name->type == YAML_SCALAR_NODE && str_equal((const char *)name->data.scalar.value, key))
            return yaml_document_get_node(document, pair->value);
    }
    return NULL;
}

static const char *text_of(yaml_document_t *document, const yaml_node_t *mapping, const char *key) {
    const yaml_node_t *node = value_of(document, mapping, key);
    return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : "";
}

static char *fingerprint_in(const char *file) {
    char fingerprint[TLS_FINGERPRINT];
    _cleanup_(buffer_done) struct buffer content = {0};
    _cleanup_(error_done) struct error ignored = {0};
    bool good =
        path_read(file, &content, &ignored) && tls_fingerprint(content.data, content.size, fingerprint);
    return good ? str_copy(fingerprint) : NULL;
}

/* Image servers and this machine's own daemon are no remotes for us. */
static void take(struct remotes *remotes, const char *folder, const char *name, const char *address,
                 const char *protocol) {
    _cleanup_(error_done) struct error ignored = {0};
    bool incus = str_empty(protocol) || str_equal(protocol, "incus");
    char *url = incus && str_starts(address, "https://") && machine_name_is_good(name)
                    ? endpoint_url(address, &ignored)
                    : NULL;
    if (!url)
        return;
    _cleanup_free_ char *servers = str_printf("%s/servercerts/%s.crt", folder, name);
    remotes->items = mem_grow(remotes->items, (remotes->count + 1) * sizeof *remotes->items);
    remotes->items[remotes->count++] =
        (struct remote){.endpoint = {.remote = str_copy(name),
                                     .url = url,
                                     .fingerprint = fingerprint_in(servers),
                                     .certificate = str_printf("%s/client.crt", folder),
                                     .key = str_printf("%s/client.key", folder)},
                        .origin = REMOTE_OF_INCUS,
                        .where = str_printf("%s/config.yml", folder)};
}

static void read_document(struct remotes *remotes, const char *folder, yaml_document_t *document) {
    const yaml_node_t *list = value_of(document, yaml_document_get_root_node(document), "remotes");
    if (!list || list->type != YAML_MAPPING_NODE)
        return;
    for (const yaml_node_pair_t *pair = list->data.mapping.pairs.start; pair < list->data.mapping.pairs.top;
         pair++) {
        const yaml_node_t *name = yaml_document_get_node(document, pair->key),
                          *remote = yaml_document_get_node(document, pair->value);
        const char *protocol = text_of(document, remote, "protocol");
        bool public = str_equal(text_of(document, remote, "public"), "true");
        if (name && name->type == YAML_SCALAR_NODE && !public)
            take(remotes, folder, (const char *)name->data.scalar.value, text_of(document, remote, "addr"),
                 protocol);
    }
}

void incus_config_load(struct remotes *remotes) {
    _cleanup_free_ char *folder = folder_of_command(), *file = str_printf("%s/config.yml", folder);
    _cleanup_(buffer_done) struct buffer content = {0};
    _cleanup_(error_done) struct error reading = {0};
    yaml_parser_t parser;
    yaml_document_t document;
    if (!path_read(file, &content, &reading)) {
        if (reading.code != ENOENT && reading.code != ENOTDIR)
            strings_add(&remotes->unreadable, reading.message);
        return;
    }
    if (!content.size || !yaml_parser_initialize(&parser))
        return;
    yaml_parser_set_input_string(&parser, (const unsigned char *)content.data, content.size);
    if (yaml_parser_load(&parser, &document)) {
        read_document(remotes, folder, &document);
        yaml_document_delete(&document);
    } else {
        strings_printf(&remotes->unreadable, "%s:%zu: %s", file, parser.problem_mark.line + 1,
                       parser.problem ? parser.problem : "not YAML");
    }
    yaml_parser_delete(&parser);
}
