/* A launch from the screen: the command line's own way, in a task, its steps shown as they come. */
#include "ui/app.h"

#include "incus/exec.h"
#include "session/conclude.h"
#include "session/hook.h"
#include "session/lasting.h"
#include "session/verify.h"

#include <signal.h>

#define STEPS_MAX 8
#define TICK_MS   100

struct step {
    const char *what;
    int64_t begun, ended; /* loop_now(); 0: not yet */
};

struct launch_job {
    struct app *app;
    struct session_request *request;
    struct settings *settings;
    bool shell;
    struct task *task;  /* NULL when it is over */
    struct timer *tick; /* times are shown while it lasts */
    struct step steps[STEPS_MAX];
    size_t count;
    char *progress; /* the daemon's own words */
    bool cancelled;
    bool launched; /* a run's command is under way: berth's keys are free again */
    struct error err;
    /* Of a run: */
    struct exec *exec;
    int status;
    bool finished;
};

void launch_free(struct launch_job *job) {
    if (!job)
        return;
    timer_stop(job->tick);
    session_request_done(job->request);
    free(job->request);
    settings_done(job->settings);
    free(job->settings);
    free(job->progress);
    error_done(&job->err);
    free(job);
}

static void tick(void *data) {
    struct launch_job *job = data;
    job->tick = loop_timer(job->app->loop, TICK_MS, tick, job);
    app_redraw(job->app);
}

static void step(struct launch_job *job, const char *what) {
    int64_t now = loop_now();
    if (job->count)
        job->steps[job->count - 1].ended = now;
    str_set(&job->progress, NULL);
    if (what && job->count < STEPS_MAX)
        job->steps[job->count++] = (struct step){what, now, 0};
    app_redraw(job->app);
}

static void notice(void *data, const char *words) {
    const struct launch_job *job = data;
    app_say(job->app, STYLE_WARNING, "%s", words);
}

static void progress(void *data, const char *words) {
    struct launch_job *job = data;
    str_set(&job->progress, words);
    app_redraw(job->app);
}

static bool ask(void *data, const char *question) {
    const struct launch_job *job = data;
    return app_ask(job->app, question, NULL);
}

static bool pre_start(void *data, struct incus *client, const char *name, struct error *err) {
    struct launch_job *job = data;
    step(job, "run the pre_start hook");
    bool good = hook_run(incus_loop(client), settings_text(job->settings, SETTING_PRE_START), name, err);
    step(job, "start");
    return good;
}

static void output(void *data, int stream, const void *bytes, size_t size) {
    const struct launch_job *job = data;
    (void)stream;
    log_output(&job->app->log, bytes, size);
    if (job->app->tab == TAB_LOG)
        app_redraw(job->app);
}

static void finished(void *data, int status, struct error *err) {
    struct launch_job *job = data;
    job->status = status;
    job->finished = true;
    error_move(&job->err, err);
}

/* The command of a run, its output in the log; cancelling ends it. */
static void run_command(struct launch_job *job, const struct plan *plan) {
    static const struct exec_handler handler = {.output = output, .finished = finished};
    struct app *app = job->app;
    _cleanup_(error_done) struct error cancelled = {0};
    struct exec_request request = {.command = plan->command.items,
                                   .uid = plan->code.uid,
                                   .gid = plan->code.gid,
                                   .cwd = WORKSPACE_PATH,
                                   .environment = plan->environment};
    _cleanup_free_ char *words = strings_join(&plan->command, " ");
    log_add(&app->log, LOG_NOTE, "%s: %s", plan->name, words);
    job->exec = exec_start(app->client, plan->name, &request, &handler, job);
    exec_end_input(job->exec);
    exec_release(job->exec);
    loop_interruptible(app->loop, true);
    if (!loop_run(app->loop, &job->finished, &cancelled)) {
        exec_signal(job->exec, SIGKILL);
        job->status = 128 + SIGKILL;
    }
    loop_interruptible(app->loop, false);
    exec_free(job->exec);
    job->exec = NULL;
    log_output_end(&app->log);
}

static bool verify(struct launch_job *job, const struct plan *plan) {
    struct incus *client = job->app->client;
    _cleanup_(verification_cleanup) struct verification *verification = verify_begin(client, plan);
    return verify_expanded(client, plan, &job->err) && verify_end(verification, &job->err);
}

static void close_layer(struct launch_job *job) {
    if (job->app->layer == &layer_launch)
        app_open_layer(job->app, NULL);
}

static void run(struct launch_job *job, const struct plan *plan) {
    struct app *app = job->app;
    _cleanup_(error_done) struct error leaving = {0};
    step(job, "verify the mapping");
    if (verify(job, plan)) {
        step(job, NULL);
        job->launched = true;
        close_layer(job);
        app->tab = TAB_LOG;
        app->scroll = 0;
        list_show(&app->list, plan->name);
        run_command(job, plan);
    }
    if (!session_leave(app->client, plan, &leaving))
        log_error(&app->log, &leaving);
    if (job->launched && job->err.class == ERROR_NONE && !app->over)
        app_say(app, job->status ? STYLE_BAD : STYLE_GOOD, "%s: the command ended with status %d",
                plan->name, job->status);
}

static void shell(struct launch_job *job, const struct prepared *prepared, const struct plan *plan,
                  const struct launch_watcher *watcher) {
    struct app *app = job->app;
    struct inside inside = {app->client, plan->name, plan->code, plan->environment};
    step(job, "verify the mapping, start tmux");
    if (!lasting_set_up(&inside, prepared, plan, true, watcher, &job->err))
        return;
    step(job, NULL);
    job->launched = true;
    close_layer(job);
    if (!app->over)
        app_enter(app, &inside);
}

static void launch(struct launch_job *job) {
    struct app *app = job->app;
    _cleanup_(prepared_done) struct prepared prepared = {0};
    _cleanup_(plan_done) struct plan plan = {0};
    bool hook = *settings_text(job->settings, SETTING_PRE_START);
    struct launch_watcher watcher = {.notice = notice,
                                     .progress = progress,
                                     .pre_start = hook ? pre_start : NULL,
                                     .ask = ask,
                                     .data = job};
    loop_interruptible(app->loop, true);
    bool good = session_prepare(app->client, job->request, &prepared, &job->err);
    loop_interruptible(app->loop, false);
    if (!good)
        return;
    step(job, prepared.existing.json ? "start the container that is there"
              : hook                 ? "create"
                                     : "create and start");
    if (!session_open(app->client, &prepared, &watcher, &plan, &job->err))
        return;
    if (job->shell)
        shell(job, &prepared, &plan, &watcher);
    else
        run(job, &plan);
}

static void launch_task(void *data) {
    struct launch_job *job = data;
    struct app *app = job->app;
    launch(job);
    step(job, NULL);
    timer_stop(job->tick);
    job->tick = NULL;
    job->task = NULL;
    if (job->err.class == ERROR_CANCELLED)
        app_say(app, STYLE_WARNING, "cancelled; what was created is removed");
    else if (job->err.class)
        app_error(app, &job->err);
    /* a failure stays in view until it is read */
    if (app->job != job)
        launch_free(job);
    else if (app->layer != &layer_launch || job->err.class == ERROR_CANCELLED ||
             job->err.class == ERROR_NONE) {
        close_layer(job);
        app->job = NULL;
        launch_free(job);
    }
}

void launch_begin(struct app *app, struct session_request *take_request, struct settings *take_settings,
                  bool for_shell) {
    struct launch_job *job = mem_new(sizeof *job);
    *job = (struct launch_job){
        .app = app, .request = take_request, .settings = take_settings, .shell = for_shell};
    job->request->settings = job->settings;
    job->request->lasting = for_shell;
    job->request->terminal = for_shell;
    if (app->job && app->job->task && !app->job->launched) {
        app_say(app, STYLE_WARNING, "a launch is under way already");
        launch_free(job);
        return;
    }
    if (app->job && !app->job->task)
        launch_free(app->job);
    app->job = job; /* one that runs its command goes on by itself, and frees itself */
    step(job, "ask the daemon");
    job->tick = loop_timer(app->loop, TICK_MS, tick, job);
    job->task = task_start(app->loop, launch_task, job);
    app_open_layer(app, &layer_launch);
}

void launch_may_quit(struct app *app) {
    const struct launch_job *job = app->job;
    if (job && job->task)
        app_say(app, STYLE_WARNING,
                job->launched ? "a command still runs; :q ends it and quits"
                              : "a launch is under way; esc there cancels it");
    else
        app_quit(app);
}

static void draw(struct app *app, struct area area) {
    const struct launch_job *job = app->job;
    int columns = area.columns < 72 ? area.columns : 72, rows = STEPS_MAX + 6;
    if (rows > area.rows)
        rows = area.rows;
    struct area box = {area.row + (area.rows - rows) / 2, area.column + (area.columns - columns) / 2, rows,
                       columns},
                inside = draw_box(box);
    if (!job)
        return;
    _cleanup_free_ char *path = draw_path(job->request->workspace ? job->request->workspace : "."),
                        *title = draw_shorten_left(path, inside.columns - 12);
    draw_format(box, 0, 2, STYLE_STRONG, "Launch %s", title);
    int row = 0;
    for (size_t i = 0; i < job->count; i++, row++) {
        const struct step *one = &job->steps[i];
        bool over = one->ended != 0, failed = over && i + 1 == job->count && job->err.class;
        draw_text(inside, row, 1,
                  failed ? STYLE_BAD
                  : over ? STYLE_GOOD
                         : STYLE_WARNING,
                  theme_glyph(failed ? GLYPH_NO
                              : over ? GLYPH_YES
                                     : GLYPH_CHANGING));
        draw_text(inside, row, 3, STYLE_PLAIN, one->what);
        draw_format(inside, row, inside.columns - 9, STYLE_DIM, "%6.2f s",
                    (double)((over ? one->ended : loop_now()) - one->begun) / 1000);
    }
    if (job->progress)
        draw_text(inside, row++, 3, STYLE_DIM, job->progress);
    if (job->cancelled && job->task)
        row = draw_wrapped(inside, row, 1, STYLE_WARNING, "cancelling: what was created is removed");
    if (!job->err.class || job->task)
        return;
    row = draw_wrapped(inside, row, 1, STYLE_BAD, job->err.message);
    for (size_t i = 0; i < job->err.hints.count; i++)
        row = draw_wrapped(inside, row, 3, STYLE_STRONG, job->err.hints.items[i]);
}

static void key(struct app *app, const struct key *key) {
    struct launch_job *job = app->job;
    bool end = key->code == UI_ESCAPE || key->code == UI_CTRL('c');
    if (job && job->task) {
        if (end && !job->cancelled) {
            job->cancelled = true;
            task_cancel(job->task);
        }
        return;
    }
    if (key->pasted)
        return;
    app_open_layer(app, NULL);
    launch_free(job);
    app->job = NULL;
}

const struct layer layer_launch = {
    .draw = draw, .key = key, .footer = "esc cancel, or close when it is over"};
