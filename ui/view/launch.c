/* A launch from the screen: the command line's own way, in a task, its steps shown as they come. */
#include "ui/view/launch.h"

#include "incus/exec.h"
#include "launch/guarding.h"
#include "launch/hook.h"
#include "launch/open.h"
#include "launch/refill.h"
#include "launch/verify.h"
#include "session/run.h"
#include "session/shell.h"
#include "session/warden.h"
#include "ui/view/host.h"

#include <signal.h>

#define STEPS_MAX 8
#define TICK_MS   100

struct step {
    const char *what;
    int64_t begun, ended; /* loop_now(); 0: not yet */
};

/* One launch: the state of the view, and what goes on by itself when the view has been left. */
struct job {
    struct host *host;
    struct incus *client; /* of the daemon whose workspace it is */
    struct launch_request *request;
    struct settings *settings;
    bool shell;
    bool in_view;
    struct task *task;  /* NULL when it is over */
    struct timer *tick; /* times are shown while it lasts */
    struct step steps[STEPS_MAX];
    size_t count;
    char *progress; /* the daemon's own words */
    bool cancelled;
    bool launched; /* the session is there, or a run's command under way */
    struct error err;
    /* Of a run: */
    struct exec *exec;
    int status;
    bool finished;
};

static void job_free(struct job *job) {
    timer_stop(job->tick);
    request_done(job->request);
    free(job->request);
    settings_done(job->settings);
    free(job->settings);
    free(job->progress);
    error_done(&job->err);
    free(job);
}

static void tick(void *data) {
    struct job *job = data;
    job->tick = loop_timer(job->host->loop, TICK_MS, tick, job);
    job->host->redraw(job->host);
}

static void step(struct job *job, const char *what) {
    int64_t now = loop_now();
    if (job->count)
        job->steps[job->count - 1].ended = now;
    str_set(&job->progress, NULL);
    if (what && job->count < STEPS_MAX)
        job->steps[job->count++] = (struct step){what, now, 0};
    job->host->redraw(job->host);
}

static void notice(void *data, const char *words) {
    const struct job *job = data;
    job->host->say(job->host, STYLE_WARNING, "%s", words);
}

static void progress(void *data, const char *words) {
    struct job *job = data;
    str_set(&job->progress, words);
    job->host->redraw(job->host);
}

static bool ask(void *data, const char *question) {
    const struct job *job = data;
    return job->host->ask(job->host, question, NULL);
}

static bool pre_start(void *data, struct incus *client, const char *name, struct error *err) {
    struct job *job = data;
    step(job, "run the pre_start hook");
    bool good = hook_run(incus_loop(client), settings_text(job->settings, SETTING_PRE_START), name, err);
    step(job, "start");
    return good;
}

static void output(void *data, int stream, const void *bytes, size_t size) {
    const struct job *job = data;
    (void)stream;
    log_output(job->host->log, bytes, size);
    job->host->redraw(job->host);
}

static void finished(void *data, int status, struct error *err) {
    struct job *job = data;
    job->status = status;
    job->finished = true;
    error_move(&job->err, err);
}

/* The command of a run, its output in the log; cancelling ends it. */
static void run_command(struct job *job, const struct plan *plan) {
    static const struct exec_handler handler = {.output = output, .finished = finished};
    struct host *host = job->host;
    _cleanup_(error_done) struct error cancelled = {0};
    struct exec_request request = {.command = plan->command.items,
                                   .uid = plan->code.uid,
                                   .gid = plan->code.gid,
                                   .cwd = WORKSPACE_PATH,
                                   .environment = plan->environment};
    _cleanup_free_ char *words = strings_join(&plan->command, " ");
    log_add(host->log, LOG_NOTE, "%s: %s", plan->name, words);
    job->exec = exec_start(job->client, plan->name, &request, &handler, job);
    exec_end_input(job->exec);
    exec_release(job->exec);
    loop_interruptible(host->loop, true);
    if (!loop_run(host->loop, &job->finished, &cancelled)) {
        exec_signal(job->exec, SIGKILL);
        job->status = 128 + SIGKILL;
    }
    loop_interruptible(host->loop, false);
    exec_free(job->exec);
    job->exec = NULL;
    log_output_end(host->log);
}

static bool verify(struct job *job, const struct prepared *prepared, const struct plan *plan,
                   const struct launch_watcher *watcher) {
    struct incus *client = job->client;
    _cleanup_(verification_cleanup) struct verification *verification = verify_begin(client, plan);
    return (prepared->standby || verify_expanded(client, plan, &job->err)) &&
           verify_end(verification, watcher, &job->err) &&
           guarding_verify(client, prepared, plan, watcher, &job->err);
}

static void close_layer(struct job *job) {
    if (job->in_view)
        job->host->close(job->host, job);
}

/* The launch has come to its session: keys are free again, and quitting ends a command. */
static void set_launched(struct job *job) {
    job->launched = true;
    job->host->launching--;
    job->host->running++;
    close_layer(job);
}

static void run(struct job *job, struct prepared *prepared, const struct plan *plan,
                const struct launch_watcher *watcher) {
    struct host *host = job->host;
    _cleanup_(error_done) struct error leaving = {0};
    step(job, "verify the mapping");
    if (verify(job, prepared, plan, watcher)) {
        step(job, NULL);
        set_launched(job);
        host->show_log(host);
        list_show(host->list, plan->name);
        _cleanup_(warden_cleanup) struct warden *warden =
            prepared->owner ? warden_start(job->client, plan->name) : NULL;
        _cleanup_(refill_cleanup) struct refill *refill = refill_begin(job->client, prepared);
        run_command(job, plan);
    }
    if (!run_finish(job->client, prepared, plan, &leaving))
        log_error(host->log, &leaving);
    if (job->launched && job->err.class == ERROR_NONE && !host->over)
        host->say(host, job->status ? STYLE_BAD : STYLE_GOOD, "%s: the command ended with status %d",
                  plan->name, job->status);
}

static void shell(struct job *job, struct prepared *prepared, const struct plan *plan,
                  const struct launch_watcher *watcher) {
    struct host *host = job->host;
    struct inside inside = {job->client, plan->name, plan->code, plan->environment, plan->no_root};
    step(job, "verify the mapping, start tmux");
    if (!shell_start(&inside, prepared, plan, true, watcher, &job->err))
        return;
    step(job, NULL);
    set_launched(job);
    if (!host->over)
        host->attach(host, &inside);
}

static void launch(struct job *job) {
    struct host *host = job->host;
    _cleanup_(prepared_done) struct prepared prepared = {0};
    _cleanup_(plan_done) struct plan plan = {0};
    bool hook = *settings_text(job->settings, SETTING_PRE_START);
    struct launch_watcher watcher = {.notice = notice,
                                     .progress = progress,
                                     .pre_start = hook ? pre_start : NULL,
                                     .ask = ask,
                                     .data = job};
    loop_interruptible(host->loop, true);
    bool good = prepare_launch(job->client, job->request, &prepared, &job->err);
    loop_interruptible(host->loop, false);
    if (!good)
        return;
    step(job, prepared.existing.json ? "start the container that is there"
              : hook                 ? "create"
                                     : "create and start");
    if ((job->shell && !shell_before(job->client, &prepared, &watcher, &job->err)) ||
        !launch_open(job->client, &prepared, &watcher, &plan, &job->err))
        return;
    if (job->shell)
        shell(job, &prepared, &plan, &watcher);
    else
        run(job, &prepared, &plan, &watcher);
}

static void launch_task(void *data) {
    struct job *job = data;
    struct host *host = job->host;
    launch(job);
    step(job, NULL);
    timer_stop(job->tick);
    job->tick = NULL;
    job->task = NULL;
    if (job->launched)
        host->running--;
    else
        host->launching--;
    if (job->err.class == ERROR_CANCELLED)
        host->say(host, STYLE_WARNING, "cancelled; what was created is removed");
    else if (job->err.class)
        host->error(host, &job->err);
    /* a failure stays in view until it is read */
    if (!job->in_view)
        job_free(job);
    else if (job->err.class == ERROR_CANCELLED || job->err.class == ERROR_NONE)
        close_layer(job);
}

static void *enter(struct host *host, const void *argument) {
    const struct launch_order *order = argument;
    struct job *job = mem_new(sizeof *job);
    *job = (struct job){.host = host,
                        .client = daemons_for(&host->daemons, order->take_request->workspace)->client,
                        .request = order->take_request,
                        .settings = order->take_settings,
                        .shell = order->shell,
                        .in_view = true};
    job->request->settings = job->settings;
    job->request->shell = job->request->terminal = order->shell;
    host->launching++;
    step(job, "ask the daemon");
    job->tick = loop_timer(host->loop, TICK_MS, tick, job);
    job->task = task_start(host->loop, launch_task, job);
    return job;
}

/* What runs on without the view frees itself. */
static void leave(void *state) {
    struct job *job = state;
    job->in_view = false;
    if (!job->task)
        job_free(job);
}

static void draw(void *state, struct area area) {
    const struct job *job = state;
    int columns = area.columns < 72 ? area.columns : 72, rows = STEPS_MAX + 6;
    if (rows > area.rows)
        rows = area.rows;
    struct area box = {area.row + (area.rows - rows) / 2, area.column + (area.columns - columns) / 2, rows,
                       columns},
                inside = draw_box(box);
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

static void key(void *state, const struct key *key) {
    struct job *job = state;
    bool end = key->code == UI_ESCAPE || key->code == UI_CTRL('c');
    if (!job->task && !key->pasted)
        close_layer(job);
    else if (job->task && end && !job->cancelled) {
        job->cancelled = true;
        task_cancel(job->task);
    }
}

const struct view view_launch = {.footer = "esc cancel, or close when it is over",
                                 .enter = enter,
                                 .leave = leave,
                                 .draw = draw,
                                 .key = key};
