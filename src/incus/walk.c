#include "incus/walk.h"

#include "incus/private.h"

#include <string.h>

#define ANSWER_LIMIT 16384

/* Of one walk: a connection that becomes an SFTP's. */
struct walk {
    struct incus *client;
    CURL *easy;
    char *path;
    struct watch *watch;
    struct buffer request, answer; /* of the upgrade */
    struct sftp *sftp;
    bool upgraded;
    bool done;
    struct error *err;
};

static void fail(struct walk *walk, enum error_class class, const char *why) {
    if (walk->err->class == ERROR_NONE)
        error_set(walk->err, class, "the files could not be listed (%s: %s)", walk->path, why);
    walk->done = true;
}

static struct buffer *sending(const struct walk *walk) {
    return walk->upgraded ? sftp_out(walk->sftp) : (struct buffer *)&walk->request;
}

static void send_some(struct walk *walk) {
    struct buffer *out = sending(walk);
    while (out->size) {
        size_t sent = 0;
        CURLcode code = curl_easy_send(walk->easy, out->data, out->size, &sent);
        buffer_drop(out, sent);
        if (code == CURLE_AGAIN)
            return;
        if (code != CURLE_OK) {
            fail(walk, ERROR_DAEMON, curl_easy_strerror(code));
            return;
        }
    }
}

/* What the daemon says instead of 101. */
static void refused(struct walk *walk, const char *body) {
    _cleanup_(error_done) struct error ignored = {0};
    _cleanup_json_ json_t *reply = json_parse(body, strlen(body), "the answer", &ignored);
    _cleanup_free_ char *line = str_copy_n(walk->answer.data, strcspn(walk->answer.data, "\r\n")),
                        *words = str_shown(reply ? json_str_at(reply, "error") : line);
    fail(walk, ERROR_FAILED, words);
}

/* The bytes behind the answer are the SFTP's. */
static void take_answer(struct walk *walk, const char *bytes, size_t size) {
    buffer_add(&walk->answer, bytes, size);
    const char *stop = strstr(walk->answer.data, "\r\n\r\n");
    if (!stop) {
        if (walk->answer.size > ANSWER_LIMIT)
            fail(walk, ERROR_FAILED, "an answer without an end");
        return;
    }
    if (strncmp(walk->answer.data, "HTTP/1.1 101 ", 13) != 0) {
        refused(walk, stop + 4);
        return;
    }
    walk->upgraded = true;
    size_t head = (size_t)(stop + 4 - walk->answer.data);
    if (walk->answer.size > head && !sftp_feed(walk->sftp, stop + 4, walk->answer.size - head, walk->err))
        walk->done = true;
}

static void receive_some(struct walk *walk) {
    char bytes[65536];
    for (size_t got = 0; !walk->done;) {
        CURLcode code = curl_easy_recv(walk->easy, bytes, sizeof bytes, &got);
        if (code == CURLE_AGAIN)
            return;
        if (code != CURLE_OK || got == 0)
            fail(walk, ERROR_DAEMON, code != CURLE_OK ? curl_easy_strerror(code) : "closed");
        else if (!walk->upgraded)
            take_answer(walk, bytes, got);
        else if (!sftp_feed(walk->sftp, bytes, got, walk->err) || sftp_is_done(walk->sftp))
            walk->done = true;
    }
}

static void ready(void *data, short events) {
    struct walk *walk = data;
    (void)events;
    receive_some(walk);
    if (!walk->done)
        send_some(walk);
    watch_events(walk->watch, (short)(POLLIN | (sending(walk)->size ? POLLOUT : 0)));
}

static void connected(void *data, CURLcode code) {
    struct walk *walk = data;
    curl_socket_t fd = CURL_SOCKET_BAD;
    if (code == CURLE_OK)
        curl_easy_getinfo(walk->easy, CURLINFO_ACTIVESOCKET, &fd);
    if (incus_is_unreachable(walk->client, code)) {
        incus_not_connected(walk->client, walk->easy, code, walk->err);
        walk->done = true;
    } else if (fd == CURL_SOCKET_BAD) {
        fail(walk, ERROR_DAEMON, code == CURLE_OK ? "no connection" : curl_easy_strerror(code));
    } else {
        buffer_printf(&walk->request,
                      "GET %s HTTP/1.1\r\nHost: incus\r\nConnection: Upgrade\r\nUpgrade: sftp\r\n\r\n",
                      walk->path);
        walk->watch = loop_watch(walk->client->loop, fd, POLLOUT | POLLIN, ready, walk);
    }
}

bool instance_walk(struct incus *client, const char *name, const struct strings *skip, size_t most,
                   struct sftp_entries *entries, struct error *err) {
    _cleanup_free_ char *path = incus_path(NULL, "instances", name, "sftp", NULL);
    struct walk walk = {.client = client,
                        .easy = incus_handle(client, "/"),
                        .path = incus_with_project(client, path),
                        .sftp = sftp_new(skip, most),
                        .err = err};
    curl_easy_setopt(walk.easy, CURLOPT_CONNECT_ONLY, 1L);
    loop_transfer(client->loop, walk.easy, connected, &walk);
    bool good = loop_run(client->loop, &walk.done, err) && err->class == ERROR_NONE;
    watch_stop(walk.watch);
    loop_transfer_stop(client->loop, walk.easy);
    curl_easy_cleanup(walk.easy);
    if (good) {
        *entries = sftp_take(walk.sftp);
        sftp_entries_sort(entries);
    }
    sftp_free(walk.sftp);
    buffer_done(&walk.request);
    buffer_done(&walk.answer);
    free(walk.path);
    return good;
}
