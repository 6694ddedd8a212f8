/*
 * A websocket of the daemon (RFC 6455): libcurl connects, wslay frames. The daemon's pings are
 * answered by itself.
 */
#pragma once

#include "incus/client.h"

struct websocket;

struct websocket_handler {
    void (*opened)(void *data);
    /* The daemon's answer to websocket_ping(). NULL where none is sent. */
    void (*ponged)(void *data);
    void (*message)(void *data, bool binary, const void *bytes, size_t size);
    /* What was queued has gone out. May be NULL. */
    void (*drained)(void *data);
    /* The end, once: `err` is NULL after a close in good order. The websocket may be freed here. */
    void (*closed)(void *data, struct error *err);
};

/* Starts to open `path`, which carries its secret or its own query. The handler is borrowed. */
struct websocket *websocket_open(struct incus *client, const char *path,
                                 const struct websocket_handler *handler, void *data) nodiscard;
/* Queues a message; nothing happens on one that is not open. */
void websocket_send(struct websocket *websocket, bool binary, const void *bytes, size_t size);
/* Asks for a sign of life, which comes when the daemon reads this websocket. */
void websocket_ping(struct websocket *websocket);
/* Says goodbye; `closed` follows when the daemon has said it too. */
void websocket_close(struct websocket *websocket);
/* Bytes that were queued and have not gone out. */
size_t websocket_queued(const struct websocket *websocket);
/* While paused nothing is read, so that the daemon waits too. */
void websocket_pause(struct websocket *websocket, bool paused);
/* Drops the connection; `closed` is not called. NULL is allowed. */
void websocket_free(struct websocket *websocket);
