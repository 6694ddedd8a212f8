#include "incus/transfer.h"

#include <errno.h>
#include <string.h>

/* What is not asked for is short: names, a target, an error. */
#define TEXT_LIMIT (16u << 20)

void transfer_done(struct transfer *transfer) {
    buffer_done(&transfer->text);
}

static size_t take_header(char *bytes, size_t size, size_t count, void *data) {
    struct transfer *transfer = data;
    _cleanup_free_ char *line = str_copy_n(bytes, size * count);
    char *value = strchr(line, ':');
    if (!value || !transfer->header)
        return size * count;
    *value++ = 0;
    value += strspn(value, " ");
    value[strcspn(value, "\r\n")] = 0;
    transfer->header(transfer, line, value);
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

bool transfer_run(struct incus *client, CURL *easy, struct transfer *transfer, const char *what,
                  struct error *err) {
    long status = 0;
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    if (transfer->from) {
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_body);
        curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
    }
    loop_transfer(client->loop, easy, ended, transfer);
    bool good = loop_run(client->loop, &transfer->done, err);
    loop_transfer_stop(client->loop, easy);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (!good)
        return false;
    if (transfer->full)
        return error_errno(err, errno, "cannot write what came from %s", what);
    if (incus_is_unreachable(client, transfer->code))
        return incus_not_connected(client, easy, transfer->code, err);
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
