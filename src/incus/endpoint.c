#include "incus/endpoint.h"

#include <curl/curl.h>
#include <string.h>

#define PORT "8443"

void endpoint_done(struct endpoint *endpoint) {
    free(endpoint->socket);
    free(endpoint->remote);
    free(endpoint->url);
    free(endpoint->fingerprint);
    free(endpoint->certificate);
    free(endpoint->key);
    *endpoint = (struct endpoint){0};
}

void endpoint_copy(struct endpoint *to, const struct endpoint *from) {
    *to = (struct endpoint){.socket = str_copy(from->socket),
                            .remote = str_copy(from->remote),
                            .url = str_copy(from->url),
                            .fingerprint = str_copy(from->fingerprint),
                            .certificate = str_copy(from->certificate),
                            .key = str_copy(from->key)};
}

const char *endpoint_address(const struct endpoint *endpoint) {
    return endpoint->socket ? endpoint->socket : endpoint->url;
}

/* The part of a URL that was parsed, "" if it has none. Caller owns. */
static char *part_of(CURLU *url, CURLUPart part) {
    char *text = NULL;
    char *copy = str_copy(curl_url_get(url, part, &text, 0) == CURLUE_OK && text ? text : "");
    curl_free(text);
    return copy;
}

char *endpoint_url(const char *text, struct error *err) {
    CURLU *url = curl_url();
    _cleanup_free_ char *whole = strstr(text, "://") ? str_copy(text) : str_printf("https://%s", text);
    bool good = *text && curl_url_set(url, CURLUPART_URL, whole, 0) == CURLUE_OK;
    _cleanup_free_ char *scheme = part_of(url, CURLUPART_SCHEME), *host = part_of(url, CURLUPART_HOST),
                        *port = part_of(url, CURLUPART_PORT), *path = part_of(url, CURLUPART_PATH),
                        *query = part_of(url, CURLUPART_QUERY), *user = part_of(url, CURLUPART_USER),
                        *shown = str_shown(text);
    curl_url_cleanup(url);
    good = good && str_equal(scheme, "https") && *host && str_equal(path, "/") && !*query && !*user;
    if (good)
        return str_printf("https://%s:%s", host, *port ? port : PORT);
    error_set(err, ERROR_USAGE, "\"%s\" is not the address of a daemon", shown);
    error_hint(err, "https://HOST:" PORT ", as core.https_address of that daemon says it");
    return NULL;
}
