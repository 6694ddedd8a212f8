#include "incus/file.h"

#include "incus/transfer.h"

#include <string.h>
#include <strings.h>

static void take_header(struct transfer *transfer, const char *name, const char *value) {
    struct file_info *info = transfer->data;
    if (strcasecmp(name, "X-Incus-Type") == 0) {
        info->type = str_equal(value, "directory") ? FILE_DIRECTORY
                     : str_equal(value, "symlink") ? FILE_SYMLINK
                                                   : FILE_REGULAR;
        transfer->to_file = str_equal(value, "file");
    } else if (strcasecmp(name, "X-Incus-Mode") == 0) {
        info->mode = (mode_t)strtoul(value, NULL, 8) & 07777;
    } else if (strcasecmp(name, "X-Incus-Uid") == 0) {
        info->uid = strtol(value, NULL, 10);
    } else if (strcasecmp(name, "X-Incus-Gid") == 0) {
        info->gid = strtol(value, NULL, 10);
    }
}

static char *url_of(const struct incus *client, const char *instance, const char *path) {
    _cleanup_free_ char *escaped = incus_escape(path), *query = str_printf("path=%s", escaped),
                        *plain = incus_path(query, "instances", instance, "files", NULL);
    return incus_with_project(client, plain);
}

static bool read_text(const struct transfer *transfer, enum file_type type, struct strings *text,
                      struct error *err) {
    const char *bytes = transfer->text.data ? transfer->text.data : "";
    if (type == FILE_SYMLINK) {
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
    *info = (struct file_info){.type = FILE_REGULAR};
    _cleanup_(transfer_done) struct transfer transfer = {.to = to, .header = take_header, .data = info};
    _cleanup_free_ char *url = url_of(client, instance, path), *what = str_printf("%s:%s", instance, path);
    CURL *easy = incus_handle(client, url);
    bool good = transfer_run(client, easy, &transfer, what, err);
    curl_easy_cleanup(easy);
    return good && (info->type == FILE_REGULAR || read_text(&transfer, info->type, text, err));
}

bool file_put(struct incus *client, const char *instance, const char *path, const struct file_info *info,
              FILE *from, const char *target, struct error *err) {
    static const char *const types[] = {"file", "directory", "symlink"};
    _cleanup_(transfer_done) struct transfer transfer = {.from = from};
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
    if (!from)
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, target ? target : "");
    bool good = transfer_run(client, easy, &transfer, what, err);
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
    return good;
}
