/* A command line of berth's own, typed in the last row behind ":". */
#include "base/process.h"
#include "ui/terminal/field.h"
#include "ui/view/host.h"

#include <string.h>

struct command_layer {
    struct host *host;
    struct field line;
    struct strings found; /* completions */
};

/* `argument`: what stands there already; may be NULL. */
static void *enter(struct host *host, const void *argument) {
    struct command_layer *layer = mem_new(sizeof *layer);
    layer->host = host;
    field_set(&layer->line, argument ? argument : "");
    return layer;
}

static void leave(void *state) {
    struct command_layer *layer = state;
    field_done(&layer->line);
    strings_done(&layer->found);
    free(layer);
}

static void draw(void *state, struct area area) {
    const struct command_layer *layer = state;
    field_draw_line(&layer->line, ":", area);
    int column = 1;
    if (layer->found.count < 2)
        return;
    draw_bar(area, area.rows - 2, STYLE_PLAIN);
    for (size_t i = 0; i < layer->found.count && column < area.columns; i++)
        column = draw_text(area, area.rows - 2, column, STYLE_DIM, layer->found.items[i]) + 2;
}

static size_t common_beginning(const struct strings *all) {
    size_t length = strlen(all->items[0]);
    for (size_t i = 1; i < all->count; i++) {
        size_t same = 0;
        while (same < length && all->items[i][same] == all->items[0][same])
            same++;
        length = same;
    }
    return length;
}

/* Tab: what fits is put in, as far as it is the same for all; the rest is shown. */
static void complete(struct command_layer *layer) {
    struct host *host = layer->host;
    _cleanup_(strings_done) struct strings words = {0}, names = {0};
    if (!host->complete)
        return;
    words_split_unfinished(field_text(&layer->line), &words);
    const struct store *store = host->store; /* a command without --remote is about these */
    for (size_t i = 0; i < store->count; i++)
        if (!store->rows[i]->session.foreign)
            strings_add(&names, store->rows[i]->session.name);
    host->complete(&words, &names, &layer->found);
    const char *last = words.items[words.count - 1];
    if (layer->found.count == 0)
        return;
    size_t length = common_beginning(&layer->found);
    if (length < strlen(last))
        return;
    _cleanup_free_ char *kept = str_copy_n(field_text(&layer->line), layer->line.text.size - strlen(last)),
                        *more = str_copy_n(layer->found.items[0], length),
                        *line = str_printf("%s%s%s", kept, more, layer->found.count == 1 ? " " : "");
    field_set(&layer->line, line);
}

static void readable(void *data, short events) {
    (void)events;
    *(bool *)data = true;
}

/* One Enter, in the terminal's own mode. */
static void await_enter(struct host *host) {
    _cleanup_(error_done) struct error ignored = {0};
    bool over = false;
    char bytes[256];
    struct watch *watch = loop_watch(host->loop, STDIN_FILENO, POLLIN, readable, &over);
    if (loop_run(host->loop, &over, &ignored) && read(STDIN_FILENO, bytes, sizeof bytes) < 0)
        host->quit(host);
    watch_stop(watch);
}

struct command_run {
    struct host *host;
    struct strings argv;
};

/*
 * Runs berth itself with these words on the lent terminal, where its errors and questions are as ever,
 * until its output has been read.
 */
static void run_lent(struct host *host, struct strings *argv) {
    _cleanup_(error_done) struct error err = {0};
    _cleanup_free_ char *words = strings_join(&(struct strings){argv->items + 1, argv->count - 1}, " ");
    int status = 0;
    printf("$ berth %s\n", words);
    fflush(stdout);
    bool good = process_run(host->loop, argv->items, &status, &err);
    int code = process_status(status);
    if (good) {
        printf("[status %d; enter returns to berth] ", code);
        fflush(stdout);
        await_enter(host);
    }
    host->take(host);
    if (good)
        log_add(host->log, code ? LOG_ERROR : LOG_NOTE, "berth %s: status %d", words, code);
    else
        host->error(host, &err);
}

static void run_task(void *data) {
    struct command_run *run = data;
    loop_interruptible(run->host->loop, true);
    if (run->host->lend(run->host))
        run_lent(run->host, &run->argv);
    strings_done(&run->argv);
    free(run);
}

static void start(struct host *host, const char *line) {
    _cleanup_(strings_done) struct strings words = {0};
    words_split(line, &words);
    if (words.count == 0)
        return;
    if (str_equal(words.items[0], "q") || str_equal(words.items[0], "quit")) {
        host->quit(host);
        return;
    }
    struct command_run *run = mem_new(sizeof *run);
    run->host = host;
    strings_add(&run->argv, "/proc/self/exe");
    if (incus_remote(host->client)) /* what is typed is about the daemon that is in view */
        strings_add_all(&run->argv, "--remote", incus_remote(host->client), NULL);
    for (size_t i = 0; i < words.count; i++)
        strings_add(&run->argv, words.items[i]);
    task_start(host->loop, run_task, run);
}

static void key(void *state, const struct key *key) {
    struct command_layer *layer = state;
    struct host *host = layer->host;
    strings_done(&layer->found);
    if (key->code == UI_ESCAPE || key->code == UI_CTRL('c')) {
        host->close(host, layer);
    } else if (key->code == UI_ENTER && !key->pasted) {
        start(host, field_text(&layer->line));
        host->close(host, layer);
    } else if (key->code == UI_TAB && !key->pasted) {
        complete(layer);
    } else {
        field_key(&layer->line, key);
    }
}

const struct view view_command = {.enter = enter, .leave = leave, .draw = draw, .key = key};
