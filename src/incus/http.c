/* Calls: one libcurl transfer each, its answer checked and unwrapped. */
#include "incus/client.h"
#include "incus/private.h"
#include "incus/socket.h"

#include <errno.h>
#include <string.h>

/* A reply may be a whole listing, but not whatever a stranger's socket sends. */
#define REPLY_LIMIT (64u << 20)
/* Of a list so much is gathered before its members are given: a long one is never in memory as a whole. */
#define LIST_CHUNK (256u << 10)

struct call {
    struct incus *client;
    struct call *next;
    CURL *easy;
    struct curl_slist *headers;
    char *method;
    char *path;
    char *body; /* of the request */
    struct buffer answer;
    bool too_large;
    size_t kept; /* of the answer, behind the members of a list that were given already */
    int64_t started;
    long owner_uid, owner_gid;
    char *etag;
    json_each_fn *each; /* for the members of a list, instead of the list */
    void *each_data;
    reply_fn *done;
    void *data;
};

static size_t take_body(char *bytes, size_t size, size_t count, void *data) {
    struct call *call = data;
    if (call->answer.size + size * count > REPLY_LIMIT) {
        call->too_large = true;
        return 0;
    }
    buffer_add(&call->answer, bytes, size * count);
    if (call->each && call->answer.size >= call->kept + LIST_CHUNK) {
        json_each_so_far(&call->answer, "metadata", call->each, call->each_data);
        call->kept = call->answer.size;
    }
    return size * count;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *data) {
    struct call *call = data;
    _cleanup_free_ char *line = str_copy_n(bytes, size * count);
    unsigned long value;
    char *colon = strchr(line, ':');
    if (colon) {
        *colon++ = 0;
        colon += strspn(colon, " ");
        colon[strcspn(colon, "\r\n")] = 0;
        if (strcasecmp(line, "X-Incus-Uid") == 0 && str_to_number(colon, UINT32_MAX, &value))
            call->owner_uid = (long)value;
        if (strcasecmp(line, "X-Incus-Gid") == 0 && str_to_number(colon, UINT32_MAX, &value))
            call->owner_gid = (long)value;
        if (strcasecmp(line, "ETag") == 0)
            str_set(&call->etag, colon);
    }
    return size * count;
}

static void call_free(struct call *call) {
    curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->headers);
    free(call->method);
    free(call->path);
    free(call->body);
    free(call->etag);
    buffer_done(&call->answer);
    free(call);
}

void call_drop(struct call *call) {
    if (!call)
        return;
    struct call **link = &call->client->calls;
    while (*link && *link != call)
        link = &(*link)->next;
    if (*link)
        *link = call->next;
    loop_transfer_stop(call->client->loop, call->easy);
    call_free(call);
}

static bool is_hang_up(CURLcode code) {
    return code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR;
}

static bool not_an_incus(const struct call *call, const char *why, struct error *err) {
    error_set(err, ERROR_DAEMON, "what answers on %s is not an Incus (%s %s: %s)",
              incus_address(call->client), call->method, call->path, why);
    error_hint(err, "which socket is Incus'? incus info; then --socket PATH or INCUS_SOCKET");
    return false;
}

/* What a transfer that brought no answer means. */
static bool transfer_failed(const struct call *call, CURLcode code, struct error *err) {
    if (code == CURLE_OPERATION_TIMEDOUT)
        return error_set(err, ERROR_DAEMON, "no answer from %s in time (%s %s)",
                         incus_address(call->client), call->method, call->path);
    if (incus_is_unreachable(call->client, code))
        return incus_not_connected(call->client, call->easy, code, err);
    switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
        return not_an_incus(call, "no HTTP", err);
    case CURLE_WRITE_ERROR:
        if (call->too_large)
            return not_an_incus(call, "an endless answer", err);
        break;
    default:
        break;
    }
    if (socket_is_users(incus_address(call->client)) && is_hang_up(code))
        return socket_hung_up(incus_address(call->client), call->client->project, err);
    if (incus_is_remote(call->client)) {
        error_set(err, ERROR_DAEMON, "the connection to remote %s (%s) was lost (%s %s: %s)",
                  incus_remote(call->client), incus_address(call->client), call->method, call->path,
                  curl_easy_strerror(code));
        error_hint(err, "berth --remote %s list shows whether it is there again",
                   incus_remote(call->client));
        return false;
    }
    error_set(err, ERROR_DAEMON, "the Incus daemon at %s stopped answering (%s %s: %s)",
              incus_address(call->client), call->method, call->path, curl_easy_strerror(code));
    error_hint(err, "is it still running? incus info; then try again");
    return false;
}

static bool daemon_error(const struct call *call, const json_t *body, struct error *err) {
    if (incus_is_remote(call->client) && json_int_at(body, "error_code") == 403 &&
        str_equal(json_str_at(body, "error"), "not authorized"))
        return incus_not_trusted(call->client, err);
    _cleanup_free_ char *words = incus_words(json_str_at(body, "error"));
    error_set(err, ERROR_FAILED, "%s (%s %s)", words, call->method, call->path);
    err->code = (int)json_int_at(body, "error_code");
    return false;
}

/* Checks and unwraps the answer; reply->body is a new reference. */
static bool read_reply(const struct call *call, struct reply *reply, struct error *err) {
    long status = 0;
    char *type = NULL;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(call->easy, CURLINFO_CONTENT_TYPE, &type);
    *reply = (struct reply){.status = (int)status,
                            .operation = "",
                            .raw = call->answer.data ? call->answer.data : "",
                            .raw_size = call->answer.size,
                            .owner_uid = call->owner_uid,
                            .owner_gid = call->owner_gid,
                            .etag = call->etag ? call->etag : ""};
    if (strcmp(call->method, "HEAD") == 0)
        return status < 400 ||
               (error_set(err, ERROR_FAILED, "HTTP %ld (%s %s)", status, call->method, call->path),
                err->code = (int)status, false);
    if (!str_starts(type, "application/json"))
        return status == 200 && str_starts(type, "application/octet-stream")
                   ? true
                   : not_an_incus(call, "no JSON", err);
    _cleanup_(error_done) struct error parse = {0};
    if (call->each && !json_each(reply->raw, reply->raw_size, "metadata", call->each, call->each_data,
                                 &reply->body, "the answer", &parse))
        return not_an_incus(call, parse.message, err);
    if (!call->each)
        reply->body = json_parse(reply->raw, reply->raw_size, "the answer", &parse);
    if (!reply->body)
        return not_an_incus(call, parse.message, err);
    if (str_equal(json_str_at(reply->body, "type"), "error"))
        return daemon_error(call, reply->body, err);
    /* a file's content is no envelope */
    reply->metadata = json_at(reply->body, "metadata");
    reply->operation = json_str_at(reply->body, "operation");
    return true;
}

static void call_done(void *data, CURLcode code) {
    struct call *call = data;
    _cleanup_(error_done) struct error err = {0};
    struct reply reply = {0};
    bool good = code == CURLE_OK ? read_reply(call, &reply, &err) : transfer_failed(call, code, &err);
    incus_say(call->client, "%s %s -> %d, %zu bytes, %d ms%s%s", call->method, call->path, reply.status,
              call->answer.size, (int)(loop_now() - call->started), good ? "" : ": ",
              good ? "" : err.message);
    reply_fn *done = call->done;
    void *done_data = call->data;
    _cleanup_json_ json_t *body = reply.body;
    /* the answer's bytes outlive the callback, the handle does not have to */
    struct buffer answer = call->answer;
    _cleanup_free_ char *etag = call->etag;
    call->answer = (struct buffer){0};
    call->etag = NULL;
    call_drop(call);
    done(done_data, good ? &reply : NULL, &err);
    buffer_done(&answer);
}

static void add_header(struct call *call, const char *line) {
    call->headers = curl_slist_append(call->headers, line);
    curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers);
}

struct call *incus_call(struct incus *client, const char *method, const char *path, const json_t *body,
                        reply_fn *done, void *data) {
    struct call *call = mem_new(sizeof *call);
    *call = (struct call){.client = client,
                          .next = client->calls,
                          .method = str_copy(method),
                          .path = incus_with_project(client, path),
                          .started = loop_now(),
                          .owner_uid = -1,
                          .owner_gid = -1,
                          .done = done,
                          .data = data};
    client->calls = call;
    call->easy = incus_handle(client, call->path);
    curl_easy_setopt(call->easy, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(call->easy, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(call->easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(call->easy, CURLOPT_HEADERDATA, call);
    if (strcmp(method, "HEAD") == 0)
        curl_easy_setopt(call->easy, CURLOPT_NOBODY, 1L);
    /* on a used connection that has died libcurl sends a request again: what changes things is sent once */
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        curl_easy_setopt(call->easy, CURLOPT_FRESH_CONNECT, 1L);
    if (body) {
        call->body = json_dumps(body, JSON_COMPACT);
        add_header(call, "Content-Type: application/json");
        add_header(call, "Expect:");
        curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, call->body);
    }
    loop_transfer(client->loop, call->easy, call_done, call);
    return call;
}

void call_patience(struct call *call, long milliseconds) {
    curl_easy_setopt(call->easy, CURLOPT_TIMEOUT_MS, milliseconds); /* counted from the loop's next turn */
}

struct call *incus_call_if(struct incus *client, const char *method, const char *path, const char *etag,
                           const json_t *body, reply_fn *done, void *data) {
    struct call *call = incus_call(client, method, path, body, done, data);
    _cleanup_free_ char *line = str_printf("If-Match: %s", etag);
    add_header(call, line); /* nothing is sent before the loop's next turn */
    return call;
}

struct call *incus_call_each(struct incus *client, const char *path, json_each_fn *each, void *each_data,
                             reply_fn *done, void *data) {
    struct call *call = incus_call(client, "GET", path, NULL, done, data);
    call->each = each;
    call->each_data = each_data;
    return call;
}

struct waiting {
    bool done;
    bool good;
    const char *if_match; /* NULL: whatever is there */
    char **etag;
    json_t **metadata;
    struct buffer *content;
    json_each_fn *each;
    void *each_data;
    struct error *err;
};

static void wait_done(void *data, const struct reply *reply, struct error *err) {
    struct waiting *waiting = data;
    waiting->done = true;
    waiting->good = reply != NULL;
    if (!reply)
        error_move(waiting->err, err);
    else if (waiting->metadata)
        *waiting->metadata = json_incref(reply->metadata);
    if (reply && waiting->etag)
        str_set(waiting->etag, reply->etag);
    if (reply && waiting->content)
        buffer_add(waiting->content, reply->raw, reply->raw_size);
}

static bool wait_for(struct incus *client, const char *method, const char *path, const json_t *body,
                     struct waiting *waiting) {
    struct call *call =
        waiting->each ? incus_call_each(client, path, waiting->each, waiting->each_data, wait_done, waiting)
        : waiting->if_match
            ? incus_call_if(client, method, path, waiting->if_match, body, wait_done, waiting)
            : incus_call(client, method, path, body, wait_done, waiting);
    if (!loop_run(client->loop, &waiting->done, waiting->err)) {
        if (!waiting->done)
            call_drop(call);
        return false;
    }
    return waiting->good;
}

bool incus_request(struct incus *client, const char *method, const char *path, const json_t *body,
                   json_t **metadata, struct error *err) {
    return wait_for(client, method, path, body, &(struct waiting){.metadata = metadata, .err = err});
}

bool incus_get(struct incus *client, const char *path, json_t **metadata, char **etag, struct error *err) {
    return wait_for(client, "GET", path, NULL,
                    &(struct waiting){.metadata = metadata, .etag = etag, .err = err});
}

bool incus_request_if(struct incus *client, const char *method, const char *path, const char *etag,
                      const json_t *body, struct error *err) {
    return wait_for(client, method, path, body, &(struct waiting){.if_match = etag, .err = err});
}

bool incus_each(struct incus *client, const char *path, json_each_fn *each, void *data, struct error *err) {
    return wait_for(client, "GET", path, NULL,
                    &(struct waiting){.each = each, .each_data = data, .err = err});
}

bool incus_fetch(struct incus *client, const char *path, struct buffer *content, struct error *err) {
    return wait_for(client, "GET", path, NULL, &(struct waiting){.content = content, .err = err});
}
