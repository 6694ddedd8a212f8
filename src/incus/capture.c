#include "incus/capture.h"

#define USUAL_LIMIT (16u << 20)

struct capturing {
    struct capture *capture;
    size_t limit;
    bool done;
    struct error *err;
};

void capture_done(struct capture *capture) {
    buffer_done(&capture->out);
    buffer_done(&capture->err);
}

static void output(void *data, int stream, const void *bytes, size_t size) {
    struct capturing *capturing = data;
    struct buffer *buffer = stream == 2 ? &capturing->capture->err : &capturing->capture->out;
    size_t room = capturing->limit - buffer->size;
    buffer_add(buffer, bytes, size < room ? size : room);
}

static void finished(void *data, int status, struct error *err) {
    struct capturing *capturing = data;
    capturing->capture->status = status;
    capturing->done = true;
    error_move(capturing->err, err);
}

bool exec_capture(struct incus *client, const char *instance, const struct exec_request *request,
                  size_t limit, struct capture *capture, struct error *err) {
    static const struct exec_handler handler = {.output = output, .finished = finished};
    struct capturing capturing = {.capture = capture, .limit = limit ? limit : USUAL_LIMIT, .err = err};
    *capture = (struct capture){.status = -1};
    struct exec *exec = exec_start(client, instance, request, &handler, &capturing);
    exec_release(exec);
    exec_end_input(exec);
    bool good = loop_run(incus_loop(client), &capturing.done, err);
    exec_free(exec);
    return good && err->class == ERROR_NONE;
}
