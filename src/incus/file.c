#include "incus/file.h"

#include "incus/private.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* What is no file's content is short: names, a target, an error. */
#define TEXT_LIMIT (16u << 20)

struct transfer {
    FILE *to;
    FILE *from;
    const char *target;
    struct buffer text;
    struct file_info info;
    bool to_file; /* the answer is a file's content */
    bool full;    /* it could not be written */
    bool done;
    CURLcode code;
};

static void read_type(struct transfer *transfer, const char *value) {
    transfer->info.type = str_equal(value, "directory") ? FILE_DIRECTORY
                          : str_equal(value, "symlink") ? FILE_SYMLINK
                                                        : FILE_REGULAR;
    transfer->to_file = str_equal(value, "file");
}

static size_t take_header(char *bytes, size_t size, size_t count, void *data) {
    struct transfer *transfer = data;
    _cleanup_free_ char *line = str_copy_n(bytes, size * count);
    char *value = strchr(line, ':');
    if (!value)
        return size * count;
    *value++ = 0;
    value += strspn(value, " ");
    value[strcspn(value, "\r\n")] = 0;
    if (strcasecmp(line, "X-Incus-Type") == 0)
        read_type(transfer, value);
    else if (strcasecmp(line, "X-Incus-Mode") == 0)
        transfer->info.mode = (mode_t)strtoul(value, NULL, 8) & 07777;
    else if (strcasecmp(line, "X-Incus-Uid") == 0)
        transfer->info.uid = strtol(value, NULL, 10);
    else if (strcasecmp(line, "X-Incus-Gid") == 0)
        transfer->info.gid = strtol(value, NULL, 10);
    return size * count;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *data) {
    struct transfer *transfer = data;
    if (transfer->to_file && transfer->to) {
        transfer->full = fwrite(bytes, size, count, transfer->to) != count;
        return transfer->full ? 0 : size * count;
    }
    if (transfer->text.size > TEXT_LIMIT)
        return 0;
    buffer_add(&transfer->text, bytes, size * count);
    return size * count;
}

static size_t give_body(char *bytes, size_t size, size_t count, void *data) {
    struct transfer *transfer = data;
    size_t got = fread(bytes, 1, size * count, transfer->from);
    return got == 0 && ferror(transfer->from) ? CURL_READFUNC_ABORT : got;
}

static void ended(void *data, CURLcode code) {
    struct transfer *transfer = data;
    transfer->code = code;
    transfer->done = true;
}

static char *url_of(const struct incus *client, const char *instance, const char *path) {
    _cleanup_free_ char *escaped = incus_escape(path), *query = str_printf("path=%s", escaped),
                        *plain = incus_path(query, "instances", instance, "files", NULL);
    return incus_with_project(client, plain);
}

/* Runs it to its end; the daemon's refusal is an error with its own words. */
static bool run(struct incus *client, CURL *easy, struct transfer *transfer, const char *what,
                struct error *err) {
    long status = 0;
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    loop_transfer(client->loop, easy, ended, transfer);
    bool good = loop_run(client->loop, &transfer->done, err);
    loop_transfer_stop(client->loop, easy);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (!good)
        return false;
    if (transfer->full)
        return error_errno(err, errno, "cannot write what came from %s", what);
    if (transfer->code == CURLE_COULDNT_CONNECT)
        return incus_unreachable(client, access(client->socket, R_OK | W_OK) == 0 ? ECONNREFUSED : errno,
                                 "", err);
    if (transfer->code != CURLE_OK)
        return error_set(err, transfer->from ? ERROR_FAILED : ERROR_DAEMON, "%s: %s", what,
                         curl_easy_strerror(transfer->code));
    if (status < 400)
        return true;
    _cleanup_(error_done) struct error ignored = {0};
    _cleanup_json_ json_t *json =
        json_parse(transfer->text.data, transfer->text.size, "the answer", &ignored);
    _cleanup_free_ char *words = str_shown(json ? json_str_at(json, "error") : "refused");
    error_set(err, ERROR_FAILED, "%s: %s", what, words);
    err->code = (int)status;
    return false;
}

static bool read_text(const struct transfer *transfer, struct strings *text, struct error *err) {
    const char *bytes = transfer->text.data ? transfer->text.data : "";
    if (transfer->info.type == FILE_SYMLINK) {
        strings_add(text, bytes);
        return true;
    }
    _cleanup_json_ json_t *json = json_parse(bytes, transfer->text.size, "the directory", err);
    size_t index;
    const json_t *name;
    json_array_foreach(json_at(json, "metadata"), index, name) {
        strings_add(text, json_is_string(name) ? json_string_value(name) : "");
    }
    return json != NULL;
}

bool file_get(struct incus *client, const char *instance, const char *path, FILE *to,
              struct file_info *info, struct strings *text, struct error *err) {
    struct transfer transfer = {.to = to};
    _cleanup_free_ char *url = url_of(client, instance, path), *what = str_printf("%s:%s", instance, path);
    CURL *easy = incus_handle(client, url);
    bool good = run(client, easy, &transfer, what, err);
    curl_easy_cleanup(easy);
    *info = transfer.info;
    if (good && info->type != FILE_REGULAR)
        good = read_text(&transfer, text, err);
    buffer_done(&transfer.text);
    return good;
}

bool file_put(struct incus *client, const char *instance, const char *path, const struct file_info *info,
              FILE *from, const char *target, struct error *err) {
    static const char *const types[] = {"file", "directory", "symlink"};
    struct transfer transfer = {.from = from};
    _cleanup_free_ char *url = url_of(client, instance, path), *what = str_printf("%s:%s", instance, path),
                        *type = str_printf("X-Incus-type: %s", types[info->type]),
                        *mode = str_printf("X-Incus-mode: %04o", (unsigned int)info->mode),
                        *uid = str_printf("X-Incus-uid: %ld", info->uid),
                        *gid = str_printf("X-Incus-gid: %ld", info->gid);
    const char *const lines[] = {type, mode, uid, gid, "Content-Type: application/octet-stream", "Expect:"};
    struct curl_slist *headers = NULL;
    for (size_t i = 0; i < array_length(lines); i++)
        headers = curl_slist_append(headers, lines[i]);
    CURL *easy = incus_handle(client, url);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    if (from) {
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_body);
        curl_easy_setopt(easy, CURLOPT_READDATA, &transfer);
    } else {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, target ? target : "");
    }
    bool good = run(client, easy, &transfer, what, err);
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
    buffer_done(&transfer.text);
    return good;
}
