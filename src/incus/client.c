#include "incus/client.h"

#include "incus/private.h"
#include "incus/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <string.h>

#define CONNECT_SECONDS 10L
#define SILENCE_MS      20000u

struct incus *incus_new(struct loop *loop, const struct endpoint *endpoint, const char *project) {
    struct incus *client = mem_new(sizeof *client);
    bool ours = str_empty(project) || str_equal(project, "default");
    client->loop = loop;
    endpoint_copy(&client->endpoint, endpoint);
    client->pin.wanted = client->endpoint.fingerprint;
    /* requests for the default project are refused there */
    client->project = !ours                                         ? str_copy(project)
                      : socket_is_users(endpoint_address(endpoint)) ? str_printf("user-%u", getuid())
                                                                    : str_copy("default");
    return client;
}

struct incus *incus_new_local(struct loop *loop, const char *socket, const char *project) {
    _cleanup_(endpoint_done) struct endpoint endpoint = {.socket = str_copy(socket)};
    return incus_new(loop, &endpoint, project);
}

void incus_free(struct incus *client) {
    if (!client)
        return;
    while (client->calls)
        call_drop(client->calls);
    endpoint_done(&client->endpoint);
    free(client->project);
    free(client);
}

struct loop *incus_loop(const struct incus *client) {
    return client->loop;
}

const struct endpoint *incus_endpoint(const struct incus *client) {
    return &client->endpoint;
}

const char *incus_address(const struct incus *client) {
    return endpoint_address(&client->endpoint);
}

bool incus_is_remote(const struct incus *client) {
    return client->endpoint.url != NULL;
}

const char *incus_project(const struct incus *client) {
    return client->project;
}

const char *incus_remote(const struct incus *client) {
    return client->endpoint.remote;
}

const char *incus_seen_fingerprint(const struct incus *client) {
    return client->pin.seen;
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

/* A connection that has died without a word ends within half a minute, whatever waits on it. */
static int watch_connection(void *data, curl_socket_t fd, curlsocktype purpose) {
    (void)data;
    (void)purpose;
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &(unsigned int){SILENCE_MS}, sizeof(unsigned int));
    return CURL_SOCKOPT_OK;
}

static void set_remote(const struct incus *client, CURL *easy) {
    const struct endpoint *endpoint = &client->endpoint;
    if (!tls_setup(easy, endpoint->certificate, endpoint->key, (struct tls_pin *)&client->pin))
        curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
                         "http"); /* nothing goes out unless it is to the right one */
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, watch_connection);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 10L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 5L);
}

CURL *incus_handle(const struct incus *client, const char *path) {
    const struct endpoint *endpoint = &client->endpoint;
    _cleanup_free_ char *url = str_printf("%s%s", endpoint->url ? endpoint->url : "http://incus", path);
    CURL *easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, url);
    if (endpoint->url)
        set_remote(client, easy);
    else
        curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, endpoint->socket);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    return easy;
}

bool incus_is_unreachable(const struct incus *client, CURLcode code) {
    switch (code) {
    case CURLE_COULDNT_CONNECT:
        return true;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_OPERATION_TIMEDOUT:
        return client->endpoint.url;
    default:
        return false;
    }
}

/* Whether the kernel gives us one more; libcurl does not say that it was this. */
static bool has_descriptor(void) {
    _cleanup_close_ int fd = dup(STDERR_FILENO);
    return fd >= 0 || errno != EMFILE;
}

/* The daemon of a remote answered, and is not the one that the user confirmed. */
static bool wrong_certificate(const struct incus *client, struct error *err) {
    const struct endpoint *endpoint = &client->endpoint;
    const struct tls_pin *pin = &client->pin;
    if (pin->verdict == TLS_ANOTHER) {
        error_set(err, ERROR_REFUSED, "the certificate of remote %s (%s) is not the one that was confirmed",
                  endpoint->remote, endpoint->url);
        error_hint(err, "confirmed: %s", pin->wanted);
        error_hint(err, "it showed: %s", pin->seen);
        error_hint(err,
                   "if its administrator says that this is right: berth remote remove %s, then remote add",
                   endpoint->remote);
    } else if (pin->verdict == TLS_EXPIRED) {
        error_set(err, ERROR_DAEMON, "the certificate of remote %s (%s) has expired on %s",
                  endpoint->remote, endpoint->url, pin->until);
        error_hint(err, "its administrator makes a new one; then berth remote remove %s, and remote add",
                   endpoint->remote);
    } else {
        error_set(err, ERROR_DAEMON, "the certificate of remote %s (%s) is not in force yet",
                  endpoint->remote, endpoint->url);
        error_hint(err, "is the clock right, here and there?");
    }
    return false;
}

static bool remote_not_connected(const struct incus *client, long number, CURLcode code,
                                 struct error *err) {
    const struct endpoint *endpoint = &client->endpoint;
    if (client->pin.verdict != TLS_UNSEEN && client->pin.verdict != TLS_AS_WANTED)
        return wrong_certificate(client, err);
    error_set(err, ERROR_DAEMON, "remote %s at %s cannot be reached: %s", endpoint->remote, endpoint->url,
              code == CURLE_COULDNT_CONNECT && number ? strerror((int)number) : curl_easy_strerror(code));
    if (code == CURLE_SSL_CERTPROBLEM)
        error_hint(err, "our own certificate cannot be read: %s, %s",
                   endpoint->certificate ? endpoint->certificate : "none",
                   endpoint->key ? endpoint->key : "");
    else if (code == CURLE_COULDNT_RESOLVE_HOST)
        error_hint(err, "berth remote list shows the addresses");
    else if (code == CURLE_UNSUPPORTED_PROTOCOL)
        error_hint(err, "remotes need a libcurl with OpenSSL");
    else
        error_hint(err, "does its daemon listen? there: incus config get core.https_address");
    err->code = (int)number;
    return false;
}

bool incus_not_trusted(const struct incus *client, struct error *err) {
    const struct endpoint *endpoint = &client->endpoint;
    error_set(err, ERROR_DAEMON, "remote %s (%s) does not trust our certificate (any more)",
              endpoint->remote, endpoint->url);
    error_hint(
        err,
        "there: incus config trust add NAME prints a token; then: berth remote add --force %s %s --token "
        "TOKEN",
        endpoint->remote, endpoint->url);
    return false;
}

bool incus_not_connected(const struct incus *client, CURL *easy, CURLcode code, struct error *err) {
    long number = 0;
    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
    if (client->endpoint.url)
        return remote_not_connected(client, number, code, err);
    const char *socket = client->endpoint.socket;
    /* older libcurl keeps no errno for a unix socket: ask the file */
    if (number == 0 && access(socket, R_OK | W_OK) != 0)
        number = errno;
    if (number == 0 && !has_descriptor()) {
        error_set(err, ERROR_FAILED, "cannot reach the Incus daemon: too many open files");
        error_hint(err, "ulimit -n says how many there may be");
        return false;
    }
    return socket_unreachable(socket, (int)number, number ? strerror((int)number) : "connection refused",
                              err);
}
