/* What is asked at the bottom or in the middle: questions, the filter, the command line. */
#include "ui/app.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

static void question_layer_draw(struct app *app, struct area area) {
    dialog_draw(&app->question, area);
}

/* Only a typed y is a yes: what is pasted answers nothing. */
static void question_key(struct app *app, const struct key *key) {
    bool yes = key->code == 'y' || key->code == 'Y';
    bool no = key->code == 'n' || key->code == 'N' || key->code == UI_ENTER || key->code == UI_ESCAPE ||
              key->code == 'q' || key->code == UI_CTRL('c');
    if (key->pasted || !(yes || no))
        return;
    app->question.yes = yes;
    app->question.answered = true;
    app_open_layer(app, NULL);
}

const struct layer layer_question = {
    .draw = question_layer_draw, .key = question_key, .footer = "y yes   n no"};

bool app_ask(struct app *app, const char *question, const struct strings *details) {
    _cleanup_(error_done) struct error cancelled = {0};
    const struct layer *before = app->layer;
    if (app->over)
        return false;
    if (before == &layer_question) {
        app_say(app, STYLE_WARNING, "another question is open: answer that first");
        return false;
    }
    strings_done(&app->question.details);
    str_set(&app->question.text, question);
    for (size_t i = 0; details && i < details->count; i++)
        strings_add(&app->question.details, details->items[i]);
    app->question.answered = app->question.yes = false;
    app_open_layer(app, &layer_question);
    bool good = loop_run(app->loop, &app->question.answered, &cancelled);
    app_open_layer(app, before);
    return good && app->question.yes;
}

static void draw_line(struct app *app, struct area area, const char *mark) {
    int row = area.rows - 1;
    draw_bar(area, row, STYLE_PLAIN);
    int column = draw_text(area, row, 1, STYLE_KEY, mark);
    field_draw(&app->line, area, row, column, area.columns - column - 1, true);
}

static void filter_draw(struct app *app, struct area area) {
    draw_line(app, area, "/");
}

static void filter_key(struct app *app, const struct key *key) {
    if (key->code == UI_ESCAPE || key->code == UI_CTRL('c')) {
        list_filter(&app->list, "");
        app_open_layer(app, NULL);
    } else if (key->code == UI_ENTER && !key->pasted) {
        app_open_layer(app, NULL);
    } else if (key->code == UI_UP || key->code == UI_DOWN) {
        list_move(&app->list, key->code == UI_UP ? -1 : 1);
    } else if (field_key(&app->line, key)) {
        list_filter(&app->list, field_text(&app->line));
    }
}

const struct layer layer_filter = {.draw = filter_draw, .key = filter_key};

static void command_draw(struct app *app, struct area area) {
    draw_line(app, area, ":");
    int column = 1;
    if (app->found.count < 2)
        return;
    draw_bar(area, area.rows - 2, STYLE_PLAIN);
    for (size_t i = 0; i < app->found.count && column < area.columns; i++)
        column = draw_text(area, area.rows - 2, column, STYLE_DIM, app->found.items[i]) + 2;
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
static void complete(struct app *app) {
    _cleanup_(strings_done) struct strings words = {0}, names = {0};
    strings_done(&app->found);
    if (!app->options->complete)
        return;
    words_split_unfinished(field_text(&app->line), &words);
    for (size_t i = 0; i < app->store.count; i++)
        if (!app->store.rows[i]->session.foreign)
            strings_add(&names, app->store.rows[i]->session.name);
    app->options->complete(&words, &names, &app->found);
    const char *last = words.items[words.count - 1];
    if (app->found.count == 0)
        return;
    size_t length = common_beginning(&app->found);
    if (length < strlen(last))
        return;
    _cleanup_free_ char *kept = str_copy_n(field_text(&app->line), app->line.text.size - strlen(last)),
                        *more = str_copy_n(app->found.items[0], length),
                        *line = str_printf("%s%s%s", kept, more, app->found.count == 1 ? " " : "");
    field_set(&app->line, line);
}

static void ended(void *data, short events) {
    (void)events;
    *(bool *)data = true;
}

/* Runs berth itself with these words on the terminal; its own errors and questions are there as ever. */
static bool run_on_terminal(struct app *app, struct strings *argv, int *status, struct error *err) {
    posix_spawnattr_t attributes;
    pid_t pid;
    bool over = false;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attributes, loop_signals_old(app->loop));
    int number = posix_spawn(&pid, "/proc/self/exe", NULL, &attributes, argv->items, environ);
    posix_spawnattr_destroy(&attributes);
    if (number)
        return error_errno(err, number, "cannot run berth %s", argv->items[1]);
    _cleanup_close_ int fd = pidfd_open(pid, 0);
    struct watch *watch = fd >= 0 ? loop_watch(app->loop, fd, POLLIN, ended, &over) : NULL;
    bool good = fd < 0 || loop_run(app->loop, &over, err);
    watch_stop(watch);
    if (!good)
        kill(pid, SIGTERM);
    while (waitpid(pid, status, 0) < 0 && errno == EINTR)
        ;
    return good;
}

/* One Enter, in the terminal's own mode. */
static void await_enter(struct app *app) {
    _cleanup_(error_done) struct error ignored = {0};
    bool over = false;
    char bytes[256];
    struct watch *watch = loop_watch(app->loop, STDIN_FILENO, POLLIN, ended, &over);
    if (loop_run(app->loop, &over, &ignored) && read(STDIN_FILENO, bytes, sizeof bytes) < 0)
        app_quit(app);
    watch_stop(watch);
}

struct command_line {
    struct app *app;
    struct strings argv;
};

/* On the lent terminal, until its output has been read. */
static void run_lent(struct app *app, struct strings *argv) {
    _cleanup_(error_done) struct error err = {0};
    _cleanup_free_ char *words = strings_join(argv, " ");
    int status = 0;
    printf("$ %s\n", words);
    fflush(stdout);
    bool good = run_on_terminal(app, argv, &status, &err);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (good) {
        printf("[status %d; enter returns to berth] ", code);
        fflush(stdout);
        await_enter(app);
    }
    app_take(app);
    if (good)
        log_add(&app->log, code ? LOG_ERROR : LOG_NOTE, "%s: status %d", words, code);
    else
        app_error(app, &err);
}

static void run_command(void *data) {
    struct command_line *command = data;
    loop_interruptible(command->app->loop, true);
    if (app_lend(command->app))
        run_lent(command->app, &command->argv);
    strings_done(&command->argv);
    free(command);
}

static void start_command(struct app *app) {
    struct command_line *command = mem_new(sizeof *command);
    const struct strings *words = &command->argv;
    command->app = app;
    strings_add(&command->argv, "berth");
    words_split(field_text(&app->line), &command->argv);
    if (words->count > 1 && !str_equal(words->items[1], "q") && !str_equal(words->items[1], "quit")) {
        task_start(app->loop, run_command, command);
        return;
    }
    if (words->count > 1)
        app_quit(app);
    strings_done(&command->argv);
    free(command);
}

static void command_key(struct app *app, const struct key *key) {
    if (key->code == UI_ESCAPE || key->code == UI_CTRL('c')) {
        app_open_layer(app, NULL);
    } else if (key->code == UI_ENTER && !key->pasted) {
        app_open_layer(app, NULL);
        start_command(app);
    } else if (key->code == UI_TAB && !key->pasted) {
        complete(app);
        return;
    } else {
        field_key(&app->line, key);
    }
    strings_done(&app->found);
}

const struct layer layer_command = {.draw = command_draw, .key = command_key};
