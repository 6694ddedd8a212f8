/* What goes to a command: its input, signals and sizes, which wait until it has begun. */
#include "incus/exec.h"
#include "incus/exec_private.h"

#include <string.h>

static void send_control(struct exec *exec, json_t *message) {
    char *text = json_dumps(message, JSON_COMPACT);
    if (text && exec->streams[CONTROL].open)
        websocket_send(exec->streams[CONTROL].websocket, false, text, strlen(text));
    free(text);
}

static void end_input(struct exec *exec) {
    if (exec->streams[STDIN].open && !exec->terminal)
        websocket_send(exec->streams[STDIN].websocket, false, "", 0);
}

/* The command itself is there, or just coming: what waited for it goes out. */
void exec_begin(struct exec *exec) {
    struct websocket *input = exec->streams[STDIN].websocket;
    size_t index;
    json_t *message;
    exec->begun = true;
    if (exec->input.size)
        websocket_send(input, true, exec->input.data, exec->input.size);
    buffer_done(&exec->input);
    json_array_foreach(exec->control, index, message) {
        send_control(exec, message);
    }
    if (exec->input_ended)
        end_input(exec);
    else if (exec->handler->drained)
        exec->handler->drained(exec->data);
}

/*
 * Opens the gate in front of the command (see exec_request_json()) with one byte. On a pty that is its
 * end of file (termios(3), VEOF), which alone is not echoed.
 */
void exec_open_gate(struct exec *exec) {
    if (exec->opened || !exec->released || !exec->attached || !exec->streams[STDIN].open)
        return;
    exec->opened = true;
    websocket_send(exec->streams[STDIN].websocket, true, exec->terminal ? "\x04" : "\n", 1);
    if (!exec->conditional)
        exec_begin(exec);
}

void exec_write(struct exec *exec, const void *bytes, size_t size) {
    const struct stream *input = &exec->streams[STDIN];
    if (!exec->begun)
        buffer_add(&exec->input, bytes, size);
    else if (input->open)
        websocket_send(input->websocket, true, bytes, size);
}

void exec_end_input(struct exec *exec) {
    exec->input_ended = true;
    if (exec->begun)
        end_input(exec);
}

size_t exec_queued(const struct exec *exec) {
    const struct stream *input = &exec->streams[STDIN];
    return exec->input.size + (input->open ? websocket_queued(input->websocket) : 0);
}

void exec_pause(struct exec *exec, int stream, bool paused) {
    int index = exec->terminal ? STDIN : stream;
    if (exec->streams[index].open)
        websocket_pause(exec->streams[index].websocket, paused);
}

/* Consumes the message. */
static void control(struct exec *exec, json_t *message) {
    if (exec->begun)
        send_control(exec, message);
    else
        json_array_append(exec->control, message);
    json_decref(message);
}

void exec_signal(struct exec *exec, int signal) {
    control(exec, json_pack("{s:s, s:i}", "command", "signal", "signal", signal));
}

void exec_resize(struct exec *exec, unsigned short columns, unsigned short rows) {
    /* the daemon wants the numbers as strings */
    _cleanup_free_ char *width = str_printf("%hu", columns), *height = str_printf("%hu", rows);
    control(exec, json_pack("{s:s, s:{s:s, s:s}}", "command", "window-resize", "args", "width", width,
                            "height", height));
}
