#include "incus/client.h"

#include "incus/private.h"
#include "incus/socket.h"

#include <stdarg.h>
#include <string.h>

struct incus *incus_new(struct loop *loop, const char *socket, const char *project) {
    struct incus *client = mem_new(sizeof *client);
    bool ours = str_empty(project) || str_equal(project, "default");
    client->loop = loop;
    client->socket = str_copy(socket);
    /* requests for the default project are refused there */
    client->project = !ours                     ? str_copy(project)
                      : socket_is_users(socket) ? str_printf("user-%u", getuid())
                                                : str_copy("default");
    return client;
}

void incus_free(struct incus *client) {
    if (!client)
        return;
    while (client->calls)
        call_drop(client->calls);
    free(client->socket);
    free(client->project);
    free(client);
}

struct loop *incus_loop(const struct incus *client) {
    return client->loop;
}

const char *incus_socket(const struct incus *client) {
    return client->socket;
}

const char *incus_project(const struct incus *client) {
    return client->project;
}

void incus_trace(struct incus *client, trace_fn *trace, void *data) {
    client->trace = trace;
    client->trace_data = data;
}

void incus_say(const struct incus *client, const char *format, ...) {
    if (!client->trace)
        return;
    va_list arguments;
    va_start(arguments, format);
    _cleanup_free_ char *line = str_vprintf(format, arguments);
    va_end(arguments);
    client->trace(client->trace_data, line);
}

#define WORDS_END ((size_t)240)

char *incus_words(const char *text) {
    _cleanup_free_ char *shown = str_shown(text);
    size_t length = strlen(shown);
    if (length <= WORDS_END * 3)
        return str_copy(shown);
    _cleanup_free_ char *cut = str_printf("%.*s … %s", (int)WORDS_END, shown, shown + length - WORDS_END);
    return str_shown(cut); /* a character may have been cut in two */
}

char *incus_escape(const char *text) {
    char *escaped = curl_easy_escape(NULL, text, 0);
    char *copy = str_copy(escaped ? escaped : "");
    curl_free(escaped);
    return copy;
}

char *incus_path(const char *query, ...) {
    struct buffer out = {0};
    buffer_text(&out, "/1.0");
    va_list segments;
    va_start(segments, query);
    for (const char *segment; (segment = va_arg(segments, const char *));) {
        _cleanup_free_ char *escaped = incus_escape(segment);
        /* a segment of dots alone would climb: curl and the daemon both tidy paths */
        bool dots = strspn(segment, ".") == strlen(segment);
        buffer_printf(&out, "/%s%s", dots ? "%00" : "", escaped);
    }
    va_end(segments);
    if (query)
        buffer_printf(&out, "?%s", query);
    return out.data;
}

char *incus_with_project(const struct incus *client, const char *path) {
    _cleanup_free_ char *project = incus_escape(client->project);
    return str_printf("%s%cproject=%s", path, strchr(path, '?') ? '&' : '?', project);
}

CURL *incus_handle(const struct incus *client, const char *path) {
    _cleanup_free_ char *url = str_printf("http://incus%s", path);
    CURL *easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, client->socket);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, 10L);
    return easy;
}
