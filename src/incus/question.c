/* What both ways of running a command share, and the one without streams. */
#include "incus/exec.h"
#include "incus/operation.h"
#include "incus/private.h"

void exec_explain_lost(const char *instance, struct error *err) {
    if (err->class != ERROR_FAILED || !str_starts(err->message, EXEC_ATTACH_FAILED))
        return;
    _cleanup_(error_done) struct error daemon = {0};
    error_move(&daemon, err);
    error_set(err, ERROR_FAILED, "no command can be started in %s: %s", instance, daemon.message);
    error_hint(err, "its container was booting when the daemon was restarted: only a restart of it helps");
    error_hint(err, "berth container stop %s, then berth container start %s", instance, instance);
}

int exec_status_of_words(const char *words) {
    if (str_starts(words, "Command not found"))
        return 127;
    return str_starts(words, "Command not executable") ? 126 : -1;
}

/*
 * In front of a command with streams: it begins when the byte comes that says that the daemon has hold
 * of it. Lost by the daemon, it finds its input at an end (or its terminal gone) and does nothing.
 */
#define GATE_WAIT "read -r _ || [ -t 0 ] || exit 1\n"
#define GATE_RUN                                                                                           \
    "command -v \"$1\" >/dev/null || { printf "                                                            \
    "'berth: %s: command not found in the container\\n' \"$1\" >&2; exit 127; }\n"                         \
    "exec \"$@\""
static const char gate[] = GATE_WAIT GATE_RUN;
/*
 * The same of a process that may be there before its directory is: that, and what has to hold, stand in
 * front of the command. If it holds one byte is written, which is before all that the command writes.
 */
static const char early_gate[] =
    GATE_WAIT "cd \"$1\" || exit 126; unset OLDPWD\n"
              "if [ \"$2\" ]; then (eval \"$2\") || exit 125; printf '\\0'; fi\n"
              "shift 3\n" GATE_RUN;

static void add_words(json_t *command, const char *const *words) {
    for (size_t i = 0; words[i]; i++)
        json_array_append_new(command, json_text(words[i]));
}

json_t *exec_request_json(const struct exec_request *request, bool websockets) {
    json_t *command = json_array();
    bool early = websockets && (request->early || request->condition);
    if (websockets)
        add_words(command, (const char *const[]){"sh", "-c", early ? early_gate : gate, "berth", NULL});
    if (early)
        add_words(command, (const char *const[]){request->cwd ? request->cwd : "/",
                                                 request->condition ? request->condition : "",
                                                 request->argument ? request->argument : "", NULL});
    add_words(command, (const char *const *)request->command);
    json_t *body = json_pack("{s:o, s:I, s:I, s:b, s:b}", "command", command, "user",
                             (json_int_t)request->uid, "group", (json_int_t)request->gid, "interactive",
                             request->terminal, "wait-for-websocket", websockets);
    if (early || request->cwd)
        json_object_set_new(body, "cwd", json_text(early ? "/" : request->cwd));
    if (request->environment)
        json_object_set(body, "environment", (json_t *)request->environment);
    if (request->terminal) {
        json_object_set_new(body, "width", json_integer(request->columns));
        json_object_set_new(body, "height", json_integer(request->rows));
    }
    return body;
}

struct question_inside {
    struct incus *client;
    char *instance;
    char *path;
    json_t *body;
    unsigned int attempts;
    struct operation *operation;
    struct timer *again;
    bool done;
    int status;
    struct error err;
};

static void ask(void *data);

static void asked(void *data, const json_t *metadata, struct error *err) {
    struct question_inside *question = data;
    question->operation = NULL;
    question->done = true;
    question->status =
        err->class ? exec_status_of_words(err->message) : (int)json_int_at(metadata, "return");
    if (question->status >= 0)
        return;
    if (str_starts(err->message, EXEC_ATTACH_FAILED) && question->attempts < EXEC_ATTEMPTS) {
        question->done = false;
        question->again = loop_timer(incus_loop(question->client), EXEC_RETRY_MS, ask, question);
        return;
    }
    exec_explain_lost(question->instance, err);
    error_move(&question->err, err);
}

static void ask(void *data) {
    struct question_inside *question = data;
    question->again = NULL;
    question->attempts++;
    question->operation =
        operation_start(question->client, "POST", question->path, question->body, NULL, asked, question);
}

struct question_inside *exec_ask(struct incus *client, const char *instance,
                                 const struct exec_request *request) {
    struct question_inside *question = mem_new(sizeof *question);
    *question = (struct question_inside){.client = client,
                                         .instance = str_copy(instance),
                                         .path = incus_path(NULL, "instances", instance, "exec", NULL),
                                         .body = exec_request_json(request, false),
                                         .status = -1};
    ask(question);
    return question;
}

bool exec_answer(struct question_inside *question, int *status, struct error *err) {
    if (!loop_run(incus_loop(question->client), &question->done, err))
        return false;
    *status = question->status;
    error_move(err, &question->err);
    return err->class == ERROR_NONE;
}

void exec_ask_free(struct question_inside *question) {
    if (!question)
        return;
    operation_drop(question->operation);
    timer_stop(question->again);
    json_decref(question->body);
    error_done(&question->err);
    free(question->instance);
    free(question->path);
    free(question);
}

bool exec_run(struct incus *client, const char *instance, const struct exec_request *request, int *status,
              struct error *err) {
    struct question_inside *question = exec_ask(client, instance, request);
    bool good = exec_answer(question, status, err);
    exec_ask_free(question);
    return good;
}
