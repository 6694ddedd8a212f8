#include "session/data.h"

#include "base/path.h"
#include "incus/instance.h"
#include "launch/label.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#define SECONDS  60
#define MEGABYTE 1000000
#define CHUNK    65536

/* Exit statuses of the script below that are no program's. */
enum { NOT_THERE = 80, OUTSIDE = 81, NO_TAR = 82 };

/*
 * $1 is the folder, as it is called from the home. It is where its links lead, which must be below the
 * home; tar itself follows none.
 */
#define FIND                                                                                               \
    "home=$(cd -P \"$HOME\" && pwd) && folder=$(cd -P \"$home/$1\" 2>/dev/null && pwd) || exit 80\n"       \
    "case $folder in \"$home\"/*) ;; *) exit 81 ;; esac\n"                                                 \
    "command -v tar >/dev/null || exit 82\n"
static char keep_script[] = "[ -e \"$HOME/$1\" ] || exit 80\n" FIND "exec tar -C \"$folder\" -cf - .";
static char put_script[] = "mkdir -p -- \"$HOME/$1\" || exit\n" FIND "exec tar -C \"$folder\" -xpf -";

struct transfer {
    struct exec *exec;
    FILE *file;
    size_t size, limit;
    struct buffer words; /* of its stderr */
    bool full;           /* the file could not be written */
    bool late;
    int number; /* errno of that */
    int status;
    bool done;
    struct error *err;
};

static void kill_it(struct transfer *transfer) {
    exec_signal(transfer->exec, SIGKILL);
}

static void output(void *data, int stream, const void *bytes, size_t size) {
    struct transfer *transfer = data;
    if (stream == 2) {
        if (transfer->words.size < 1024)
            buffer_add(&transfer->words, bytes, size);
        return;
    }
    transfer->size += size;
    bool over = transfer->size > transfer->limit;
    if (!over && !transfer->full && fwrite(bytes, 1, size, transfer->file) != size) {
        transfer->full = true;
        transfer->number = errno;
    }
    if (over || transfer->full)
        kill_it(transfer);
}

/* The next piece, when the one before has gone out. */
static void drained(void *data) {
    struct transfer *transfer = data;
    char bytes[CHUNK];
    size_t size = transfer->file ? fread(bytes, 1, sizeof bytes, transfer->file) : 0;
    if (size)
        exec_write(transfer->exec, bytes, size);
    else
        exec_end_input(transfer->exec);
}

static void finished(void *data, int status, struct error *err) {
    struct transfer *transfer = data;
    transfer->status = status;
    transfer->done = true;
    error_move(transfer->err, err);
}

static void too_late(void *data) {
    struct transfer *transfer = data;
    transfer->late = true;
    kill_it(transfer);
}

/* Runs one of the scripts; `file` is its input, or gets its output. */
static bool run(const struct inside *inside, char *script, char *folder, bool in, struct transfer *transfer,
                struct error *err) {
    static const struct exec_handler getting = {.output = output, .finished = finished},
                                     putting = {.output = output, .finished = finished, .drained = drained};
    char *command[] = {"sh", "-c", script, "sh", folder, NULL};
    struct exec_request request = {.command = command,
                                   .uid = inside->code.uid,
                                   .gid = inside->code.gid,
                                   .cwd = "/",
                                   .environment = inside->environment};
    transfer->err = err;
    transfer->exec = exec_start(inside->client, inside->name, &request, in ? &putting : &getting, transfer);
    struct timer *timer = loop_timer(incus_loop(inside->client), SECONDS * 1000L, too_late, transfer);
    exec_release(transfer->exec);
    if (in)
        drained(transfer);
    else
        exec_end_input(transfer->exec);
    bool good = loop_run(incus_loop(inside->client), &transfer->done, err);
    if (!transfer->late)
        timer_stop(timer);
    exec_free(transfer->exec);
    return good && err->class == ERROR_NONE;
}

static const char *folder_of(const struct settings *settings) {
    const char *text = settings_text(settings, SETTING_TOOL_DATA);
    return *text ? text + strlen("~/") : text;
}

/* What the script ended with, as an error; `what` begins it. */
static bool explain(const struct inside *inside, const struct settings *settings,
                    const struct transfer *transfer, const char *what, struct error *err) {
    const char *text = settings_text(settings, SETTING_TOOL_DATA);
    _cleanup_free_ char *words = str_shown(transfer->words.data ? transfer->words.data : "");
    if (transfer->full)
        return error_errno(err, transfer->number, "%s: cannot write the record", what);
    if (transfer->size > transfer->limit) {
        error_set(err, ERROR_FAILED, "%s: %s is larger than %u MB", what, text,
                  settings_id(settings, SETTING_TOOL_DATA_LIMIT));
        error_hint(err, "[tool] data_limit in the settings says how much is kept");
        return false;
    }
    if (transfer->late)
        return error_set(err, ERROR_FAILED, "%s: it took more than %d seconds", what, SECONDS);
    if (transfer->status == OUTSIDE)
        return error_set(err, ERROR_FAILED, "%s: %s leads out of the home", what, text);
    if (transfer->status == NO_TAR)
        return error_set(err, ERROR_FAILED, "%s: the image of %s has no tar", what, inside->name);
    return error_set(err, ERROR_FAILED, "%s: %s", what, *words ? words : "its tar failed");
}

/* The whole of it, beside the old one, then in its place. */
static bool write_data(const struct inside *inside, const struct settings *settings, struct record *record,
                       struct error *err) {
    _cleanup_free_ char *file = record_data_file(record),
                        *beside = str_printf("%s.%d", file, (int)getpid()),
                        *folder = str_copy(folder_of(settings)),
                        *what = str_printf("the data of %s could not be kept", inside->name);
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_errno(err, errno, "%s: %s", what, beside);
    struct transfer transfer = {.file = fdopen(fd, "w"),
                                .limit = (size_t)settings_id(settings, SETTING_TOOL_DATA_LIMIT) * MEGABYTE};
    bool ran = run(inside, keep_script, folder, false, &transfer, err);
    if ((fflush(transfer.file) != 0 || fsync(fd) != 0) && !transfer.full) {
        transfer.full = true;
        transfer.number = errno;
    }
    fclose(transfer.file);
    bool none = ran && transfer.status == NOT_THERE;
    /* 1: something changed while it was read, which is no fault of its copy */
    bool good = ran && !transfer.full && transfer.size <= transfer.limit && transfer.status <= 1;
    if (good && rename(beside, file) != 0)
        good = error_errno(err, errno, "%s: %s", what, file);
    else if (!good && !none && err->class == ERROR_NONE)
        explain(inside, settings, &transfer, what, err);
    if (!good)
        unlink(beside);
    buffer_done(&transfer.words);
    return none || (good && record_save(record, err)); /* saved now: it is what resume takes first */
}

/* What is mounted there is on the host anyway. */
static bool is_mounted(const struct instance *instance, const struct inside *inside, const char *folder) {
    _cleanup_free_ char *path = str_printf("%s/%s", json_get_str(inside->environment, "HOME"), folder);
    const char *name;
    json_t *device;
    json_object_foreach((json_t *)instance->devices, name, device) {
        const char *at = json_get_str(device, "path");
        if (str_equal(json_get_str(device, "type"), "disk") && !str_equal(at, "/") &&
            path_is_under(path, at))
            return true;
    }
    return false;
}

bool data_keep(const struct inside *inside, const struct settings *settings, struct error *err) {
    _cleanup_(records_done) struct records records = {.remote = incus_remote(inside->client)};
    _cleanup_(instance_done) struct instance instance = {0};
    const char *folder = folder_of(settings);
    if (!*folder)
        return true;
    records_load(&records);
    struct record *record = (struct record *)records_of_container(&records, inside->name);
    if (!record)
        return true;
    if (!instance_get(inside->client, inside->name, &instance, err)) {
        bool gone = err->code == 404;
        if (gone)
            error_done(err);
        return gone;
    }
    if (is_mounted(&instance, inside, folder))
        return true;
    if (instance_running(&instance))
        return write_data(inside, settings, record, err);
    error_set(err, ERROR_FAILED, "%s is stopped: its data (%s) cannot be taken out", inside->name,
              settings_text(settings, SETTING_TOOL_DATA));
    error_hint(err, "berth shell --resume=%s starts it again", record->id);
    return false;
}

bool data_keep_of(struct incus *client, const char *name, const struct settings *settings,
                  struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    if (!*folder_of(settings))
        return true;
    if (!instance_get(client, name, &instance, err)) {
        bool gone = err->code == 404;
        if (gone)
            error_done(err);
        return gone;
    }
    _cleanup_free_ char *home = str_printf("/home/%s", settings_text(settings, SETTING_CODE_USER));
    _cleanup_json_ json_t *environment = json_pack("{s:o}", "HOME", json_text(home));
    struct inside inside = {.client = client,
                            .name = name,
                            .code = label_code(&instance, settings),
                            .environment = environment};
    return data_keep(&inside, settings, err);
}

bool data_put_back(const struct inside *inside, const struct settings *settings,
                   const struct record *record, bool *put, struct error *err) {
    _cleanup_free_ char *path = record_data_file(record), *folder = str_copy(folder_of(settings));
    *put = false;
    if (!*folder)
        return true;
    struct transfer transfer = {.file = fopen(path, "re"), .limit = SIZE_MAX};
    if (!transfer.file)
        return errno == ENOENT || error_errno(err, errno, "cannot read %s", path);
    bool good = run(inside, put_script, folder, true, &transfer, err);
    if (good && transfer.status != 0)
        good = explain(inside, settings, &transfer, "the data of the session could not be put back", err);
    fclose(transfer.file);
    buffer_done(&transfer.words);
    *put = good;
    return good;
}
