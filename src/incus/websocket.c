#include "incus/websocket.h"

#include "incus/private.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <wslay/wslay.h>

#define MESSAGE_LIMIT (16u << 20)
#define ANSWER_LIMIT  16384

struct websocket {
    struct incus *client;
    CURL *easy;
    char *path;
    struct watch *watch;
    wslay_event_context_ptr frames; /* NULL until the upgrade was answered */
    struct buffer request;          /* of the upgrade, what has not gone out of it */
    struct buffer answer;           /* to the upgrade, and frames that came in the same read */
    bool paused;
    bool in_callback;
    bool freed; /* asked for in a callback: carried out behind it */
    const struct websocket_handler *handler;
    void *data;
};

static void destroy(struct websocket *websocket) {
    if (websocket->frames)
        wslay_event_context_free(websocket->frames);
    watch_stop(websocket->watch);
    loop_transfer_stop(websocket->client->loop, websocket->easy);
    curl_easy_cleanup(websocket->easy);
    buffer_done(&websocket->request);
    buffer_done(&websocket->answer);
    free(websocket->path);
    free(websocket);
}

void websocket_free(struct websocket *websocket) {
    if (!websocket)
        return;
    if (websocket->in_callback)
        websocket->freed = true;
    else
        destroy(websocket);
}

static void end(struct websocket *websocket, struct error *err) {
    watch_stop(websocket->watch);
    websocket->watch = NULL;
    websocket->handler->closed(websocket->data, err);
}

static void fail(struct websocket *websocket, const char *why) {
    _cleanup_(error_done) struct error err = {0};
    error_set(&err, ERROR_DAEMON, "the connection to the Incus daemon at %s was lost (%s: %s)",
              incus_address(websocket->client), websocket->path, why);
    end(websocket, &err);
}

static ssize_t receive(wslay_event_context_ptr frames, uint8_t *bytes, size_t size, int flags, void *data) {
    struct websocket *websocket = data;
    (void)flags;
    if (websocket->paused || websocket->freed) {
        wslay_event_set_error(frames, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    if (websocket->answer.size) { /* frames that came with the upgrade's answer */
        size_t take = websocket->answer.size < size ? websocket->answer.size : size;
        memcpy(bytes, websocket->answer.data, take);
        buffer_drop(&websocket->answer, take);
        return (ssize_t)take;
    }
    size_t got = 0;
    CURLcode code = curl_easy_recv(websocket->easy, bytes, size, &got);
    if (code == CURLE_OK && got > 0)
        return (ssize_t)got;
    wslay_event_set_error(frames, code == CURLE_AGAIN ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

static ssize_t transmit(wslay_event_context_ptr frames, const uint8_t *bytes, size_t size, int flags,
                        void *data) {
    struct websocket *websocket = data;
    (void)flags;
    size_t sent = 0;
    CURLcode code = curl_easy_send(websocket->easy, bytes, size, &sent);
    if (code == CURLE_OK)
        return (ssize_t)sent;
    wslay_event_set_error(frames, code == CURLE_AGAIN ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

static int make_mask(wslay_event_context_ptr frames, uint8_t *bytes, size_t size, void *data) {
    (void)frames;
    (void)data;
    return getrandom(bytes, size, 0) == (ssize_t)size ? 0 : -1;
}

static void take_message(wslay_event_context_ptr frames, const struct wslay_event_on_msg_recv_arg *message,
                         void *data) {
    struct websocket *websocket = data;
    (void)frames;
    if (websocket->freed)
        return;
    if (message->opcode == WSLAY_PONG && websocket->handler->ponged)
        websocket->handler->ponged(websocket->data);
    else if (!wslay_is_ctrl_frame(message->opcode))
        websocket->handler->message(websocket->data, message->opcode == WSLAY_BINARY_FRAME, message->msg,
                                    message->msg_length);
}

static void update_watch(struct websocket *websocket) {
    bool reading = !websocket->paused && (!websocket->frames || wslay_event_want_read(websocket->frames));
    bool writing =
        websocket->request.size || (websocket->frames && wslay_event_want_write(websocket->frames));
    watch_events(websocket->watch, (short)((reading ? POLLIN : 0) | (writing ? POLLOUT : 0)));
}

/* Both sides have said goodbye, or the other went without. */
static bool is_over(struct websocket *websocket) {
    return !wslay_event_want_read(websocket->frames) && !wslay_event_want_write(websocket->frames);
}

static void pump(struct websocket *websocket) {
    bool wrote = wslay_event_want_write(websocket->frames);
    int sent = wslay_event_send(websocket->frames);
    int received = sent == 0 && !websocket->freed ? wslay_event_recv(websocket->frames) : 0;
    if (websocket->freed)
        return;
    if (sent == 0 && received == 0 && wslay_event_want_write(websocket->frames))
        sent = wslay_event_send(websocket->frames); /* a pong, a goodbye */
    if (wslay_event_get_close_received(websocket->frames) || is_over(websocket))
        end(websocket, NULL);
    else if (sent != 0 || received != 0)
        fail(websocket, "closed without a word");
    else if (wrote && !wslay_event_want_write(websocket->frames) && websocket->handler->drained)
        websocket->handler->drained(websocket->data);
}

static bool start_frames(struct websocket *websocket) {
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = receive,
        .send_callback = transmit,
        .genmask_callback = make_mask,
        .on_msg_recv_callback = take_message,
    };
    if (wslay_event_context_client_init(&websocket->frames, &callbacks, websocket) != 0)
        return false;
    wslay_event_config_set_max_recv_msg_length(websocket->frames, MESSAGE_LIMIT);
    return true;
}

static void send_request(struct websocket *websocket) {
    size_t sent = 0;
    CURLcode code =
        curl_easy_send(websocket->easy, websocket->request.data, websocket->request.size, &sent);
    buffer_drop(&websocket->request, sent);
    if (code != CURLE_OK && code != CURLE_AGAIN)
        fail(websocket, curl_easy_strerror(code));
}

/* What the daemon says instead of 101, in its own words where it has some. */
static void refused(struct websocket *websocket) {
    const char *body = strstr(websocket->answer.data, "\r\n\r\n") + 4;
    _cleanup_(error_done) struct error ignored = {0};
    _cleanup_json_ json_t *reply = json_parse(body, strlen(body), "the answer", &ignored);
    _cleanup_free_ char *line = str_copy_n(websocket->answer.data, strcspn(websocket->answer.data, "\r\n"));
    _cleanup_free_ char *words = str_shown(reply ? json_str_at(reply, "error") : line);
    fail(websocket, words);
}

/*
 * Reads the answer to the upgrade. Sec-WebSocket-Accept is not checked: it protects from a cache or
 * a proxy in between, and there is none on a unix socket, or before a certificate that is pinned.
 */
static void read_answer(struct websocket *websocket) {
    char chunk[4096];
    size_t got = 0;
    CURLcode code = curl_easy_recv(websocket->easy, chunk, sizeof chunk, &got);
    if (code == CURLE_AGAIN)
        return;
    if (code != CURLE_OK || got == 0 || websocket->answer.size > ANSWER_LIMIT) {
        fail(websocket, code != CURLE_OK ? curl_easy_strerror(code) : "closed before it was open");
        return;
    }
    buffer_add(&websocket->answer, chunk, got);
    const char *stop = strstr(websocket->answer.data, "\r\n\r\n");
    if (!stop)
        return;
    if (strncmp(websocket->answer.data, "HTTP/1.1 101 ", 13) != 0) {
        refused(websocket);
        return;
    }
    buffer_drop(&websocket->answer, (size_t)(stop + 4 - websocket->answer.data));
    if (!start_frames(websocket))
        fail(websocket, "out of memory");
    else
        websocket->handler->opened(websocket->data);
}

static void ready(void *data, short events) {
    struct websocket *websocket = data;
    websocket->in_callback = true;
    if (websocket->request.size && events & (POLLOUT | POLLHUP | POLLERR))
        send_request(websocket);
    else if (!websocket->frames)
        read_answer(websocket);
    /* frames that came with the answer cause no event of their own */
    if (websocket->frames && websocket->watch && !websocket->freed)
        pump(websocket);
    websocket->in_callback = false;
    if (websocket->freed)
        destroy(websocket);
    else if (websocket->watch)
        update_watch(websocket);
}

static void write_request(struct websocket *websocket) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char random[22];
    char key[25];
    if (getrandom(random, sizeof random, 0) < 0)
        memset(random, 0, sizeof random);
    /* base64 of 16 random bytes: 21 digits, one with four bits, two fillers */
    for (size_t i = 0; i < 22; i++)
        key[i] = digits[i < 21 ? random[i] & 63 : (random[i] & 3) << 4];
    memcpy(key + 22, "==", 3);
    buffer_printf(&websocket->request,
                  "GET %s HTTP/1.1\r\nHost: incus\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n",
                  websocket->path, key);
}

static void connected(void *data, CURLcode code) {
    struct websocket *websocket = data;
    websocket->in_callback = true;
    curl_socket_t fd = CURL_SOCKET_BAD;
    if (code == CURLE_OK)
        curl_easy_getinfo(websocket->easy, CURLINFO_ACTIVESOCKET, &fd);
    if (incus_is_unreachable(websocket->client, code)) {
        _cleanup_(error_done) struct error err = {0};
        incus_not_connected(websocket->client, websocket->easy, code, &err);
        end(websocket, &err);
    } else if (fd == CURL_SOCKET_BAD) {
        fail(websocket, code == CURLE_OK ? "no connection" : curl_easy_strerror(code));
    } else {
        write_request(websocket);
        websocket->watch = loop_watch(websocket->client->loop, fd, POLLOUT | POLLIN, ready, websocket);
    }
    websocket->in_callback = false;
    if (websocket->freed)
        destroy(websocket);
}

struct websocket *websocket_open(struct incus *client, const char *path,
                                 const struct websocket_handler *handler, void *data) {
    struct websocket *websocket = mem_new(sizeof *websocket);
    *websocket = (struct websocket){.client = client, .handler = handler, .data = data};
    websocket->path = incus_with_project(client, path);
    websocket->easy = incus_handle(client, "/");
    curl_easy_setopt(websocket->easy, CURLOPT_CONNECT_ONLY, 1L);
    loop_transfer(client->loop, websocket->easy, connected, websocket);
    return websocket;
}

static void queue(struct websocket *websocket, enum wslay_opcode opcode, const void *bytes, size_t size) {
    if (!websocket->frames || !websocket->watch)
        return;
    struct wslay_event_msg message = {.opcode = (uint8_t)opcode, .msg = bytes, .msg_length = size};
    wslay_event_queue_msg(websocket->frames, &message);
    update_watch(websocket);
}

void websocket_send(struct websocket *websocket, bool binary, const void *bytes, size_t size) {
    queue(websocket, binary ? WSLAY_BINARY_FRAME : WSLAY_TEXT_FRAME, bytes, size);
}

void websocket_ping(struct websocket *websocket) {
    queue(websocket, WSLAY_PING, NULL, 0);
}

void websocket_close(struct websocket *websocket) {
    if (!websocket->frames || !websocket->watch)
        return;
    wslay_event_queue_close(websocket->frames, WSLAY_CODE_NORMAL_CLOSURE, NULL, 0);
    update_watch(websocket);
}

size_t websocket_queued(const struct websocket *websocket) {
    return websocket->frames ? wslay_event_get_queued_msg_length(websocket->frames) : 0;
}

void websocket_pause(struct websocket *websocket, bool paused) {
    if (websocket->paused == paused)
        return;
    websocket->paused = paused;
    if (!websocket->watch)
        return;
    /* wslay may hold messages that it has read: a round with POLLOUT, which is due at once, gives them */
    update_watch(websocket);
    if (!paused)
        watch_events(websocket->watch, POLLIN | POLLOUT);
}
