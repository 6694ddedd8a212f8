#include "incus/image.h"

#include "incus/await.h"
#include "incus/operation.h"
#include "incus/socket.h"
#include "incus/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>

bool image_aliases(struct incus *client, struct strings *aliases, struct error *err) {
    _cleanup_json_ json_t *urls = NULL;
    _cleanup_free_ char *path = incus_path("recursion=1", "images", "aliases", NULL);
    if (!incus_request(client, "GET", path, NULL, &urls, err))
        return false;
    size_t index;
    json_t *alias;
    json_array_foreach(urls, index, alias) {
        strings_take(aliases, str_shown(json_str_at(alias, "name")));
    }
    return true;
}

static bool is_fingerprint(const char *name) {
    size_t length = strlen(name);
    return length >= 12 && length <= 64 && strspn(name, "0123456789abcdef") == length;
}

/* The daemon answers for a project that does not exist as for one without images. */
static bool project_check(struct incus *client, struct error *err) {
    _cleanup_free_ char *path = incus_path(NULL, "projects", incus_project(client), NULL);
    if (incus_request(client, "GET", path, NULL, NULL, err))
        return true;
    if (err->code == 404) {
        _cleanup_free_ char *shown = str_shown(incus_project(client));
        error_set(err, ERROR_FAILED, "project \"%s\" not found", shown);
        error_hint(err, "incus project list shows the projects");
    }
    return false;
}

bool image_check(struct incus *client, const char *name, struct error *err) {
    _cleanup_(error_done) struct error answer = {0};
    _cleanup_free_ char *path = incus_path(NULL, "images", "aliases", name, NULL);
    if (incus_request(client, "GET", path, NULL, NULL, &answer))
        return true;
    if (answer.code == 404 && is_fingerprint(name)) {
        _cleanup_free_ char *by_print = incus_path(NULL, "images", name, NULL);
        error_done(&answer);
        if (incus_request(client, "GET", by_print, NULL, NULL, &answer))
            return true;
    }
    if (answer.code != 404) {
        error_move(err, &answer);
        return false;
    }
    if (!project_check(client, err))
        return false;
    _cleanup_free_ char *shown = str_shown(name);
    error_set(err, ERROR_FAILED, "image \"%s\" not found", shown);
    _cleanup_(strings_done) struct strings aliases = {0};
    if (socket_is_users(incus_address(client)))
        error_hint(err, "an administrator brings one in: sudo berth image copy %s --to %s", shown,
                   incus_project(client));
    if (!image_aliases(client, &aliases, &answer) || aliases.count == 0) {
        error_hint(err, "there is no image at all: berth build %s --base debian:12 makes one", shown);
        error_hint(err, "berth image import FILE %s brings one in", shown);
        return false;
    }
    _cleanup_free_ char *list = strings_join(&aliases, ", ");
    error_hint(err, "images here: %s", list);
    return false;
}

/* Of one alias; NULL: there is none, or an error. Caller owns. */
static char *alias_target(struct incus *client, const char *name, struct error *err) {
    _cleanup_json_ json_t *alias = NULL;
    _cleanup_free_ char *path = incus_path(NULL, "images", "aliases", name, NULL);
    if (incus_request(client, "GET", path, NULL, &alias, err))
        return str_copy(json_str_at(alias, "target"));
    if (err->code == 404)
        error_done(err);
    return NULL;
}

/* The answer's type says how its parts are divided. */
static void take_type(struct transfer *transfer, const char *name, const char *value) {
    if (strcasecmp(name, "Content-Type") != 0)
        return;
    str_set(transfer->data, value);
    transfer->to_file = !str_starts(value, "application/json");
}

/* All of the image, one file or several in one, as the daemon takes it back; its type is the caller's. */
static bool fetch(struct incus *client, const char *fingerprint, FILE *to, char **type, struct error *err) {
    _cleanup_(transfer_done) struct transfer transfer = {.to = to, .header = take_type, .data = type};
    _cleanup_free_ char *path = incus_path(NULL, "images", fingerprint, "export", NULL),
                        *url = incus_with_project(client, path);
    CURL *easy = incus_handle(client, url);
    bool good = transfer_run(client, easy, &transfer, "the image", err);
    curl_easy_cleanup(easy);
    return good && (fflush(to) == 0 || error_errno(err, errno, "cannot write the image"));
}

/* *fingerprint, unless NULL, gets what the daemon calls it; caller owns. */
static bool upload(struct incus *client, FILE *from, const char *type, char **fingerprint,
                   struct error *err) {
    _cleanup_(transfer_done) struct transfer transfer = {.from = from};
    _cleanup_free_ char *path = incus_path(NULL, "images", NULL), *url = incus_with_project(client, path),
                        *line = str_printf("Content-Type: %s", type);
    _cleanup_json_ json_t *answer = NULL, *operation = NULL;
    struct curl_slist *headers = curl_slist_append(curl_slist_append(NULL, line), "Expect:");
    off_t size = fseeko(from, 0, SEEK_END) == 0 ? ftello(from) : -1;
    rewind(from);
    CURL *easy = incus_handle(client, url);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
    bool good = transfer_run(client, easy, &transfer, "the image", err);
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
    if (!good)
        return false;
    answer = json_parse(transfer.text.data, transfer.text.size, "the answer", err);
    if (!answer || !await_operation(client, json_str_at(answer, "operation"), &operation, err))
        return false;
    const char *words = json_str_at(operation, "err");
    if (fingerprint)
        *fingerprint = str_copy(json_str_at(operation, "metadata.fingerprint"));
    return !*words || error_set(err, ERROR_FAILED, "the image was not taken: %s", words);
}

/* A file without a name, where there is more room than in /tmp. */
static FILE *scratch_file(struct error *err) {
    const char *dir = getenv("TMPDIR");
    int fd = open(str_empty(dir) ? "/var/tmp" : dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "w+") : tmpfile();
    if (!file)
        error_errno(err, errno, "cannot make a file for the image");
    return file;
}

char *image_fingerprint(struct incus *client, const char *name, struct error *err) {
    char *target = alias_target(client, name, err);
    if (target || err->class)
        return target;
    _cleanup_json_ json_t *image = is_fingerprint(name) ? image_get(client, name, err) : NULL;
    if (image)
        return str_copy(json_str_at(image, "fingerprint"));
    if (err->class == ERROR_NONE) {
        error_set(err, ERROR_FAILED, "image not found");
        err->code = 404;
    }
    return NULL;
}

json_t *image_get(struct incus *client, const char *fingerprint, struct error *err) {
    json_t *image = NULL;
    _cleanup_free_ char *path = incus_path(NULL, "images", fingerprint, NULL);
    return incus_request(client, "GET", path, NULL, &image, err) ? image : NULL;
}

bool image_set_alias(struct incus *client, const char *alias, const char *fingerprint, char **old,
                     struct error *err) {
    _cleanup_free_ char *has = alias_target(client, alias, err),
                        *path = incus_path(NULL, "images", "aliases", has ? alias : NULL, NULL);
    if (err->class)
        return false;
    _cleanup_json_ json_t *body =
        json_pack("{s:o, s:s, s:s}", "name", json_text(alias), "target", fingerprint, "description", "");
    if (!incus_request(client, has ? "PUT" : "POST", path, body, NULL, err))
        return false;
    if (old) {
        *old = has;
        has = NULL;
    }
    return true;
}

bool image_delete(struct incus *client, const char *fingerprint, struct error *err) {
    _cleanup_free_ char *path = incus_path(NULL, "images", fingerprint, NULL);
    return operation_run(client, "DELETE", path, NULL, NULL, NULL, NULL, err);
}

#define BOUNDARY "berth-c4a1f9d07e5b"

/* A part of a form (RFC 7578). */
static bool add_part(FILE *to, const char *name, const char *path, struct error *err) {
    char bytes[65536];
    _cleanup_fclose_ FILE *from = fopen(path, "re");
    if (!from)
        return error_errno(err, errno, "cannot read %s", path);
    fprintf(to,
            "--" BOUNDARY "\r\nContent-Disposition: form-data; name=\"%s\"; filename=\"%s.tar\"\r\n"
            "Content-Type: application/octet-stream\r\n\r\n",
            name, name);
    for (size_t size; (size = fread(bytes, 1, sizeof bytes, from)) > 0;)
        if (fwrite(bytes, 1, size, to) != size)
            return error_errno(err, errno, "cannot write the image");
    fputs("\r\n", to);
    return true;
}

char *image_import(struct incus *client, const char *metadata, const char *rootfs, struct error *err) {
    _cleanup_fclose_ FILE *file = scratch_file(err);
    char *fingerprint = NULL;
    if (!file || !add_part(file, "metadata", metadata, err) || !add_part(file, "rootfs", rootfs, err))
        return NULL;
    fputs("--" BOUNDARY "--\r\n", file);
    if (fflush(file) != 0) {
        error_errno(err, errno, "cannot write the image");
        return NULL;
    }
    if (upload(client, file, "multipart/form-data; boundary=" BOUNDARY, &fingerprint, err))
        return fingerprint;
    free(fingerprint);
    return NULL;
}

bool image_export(struct incus *client, const char *name, FILE *to, bool *divided, struct error *err) {
    _cleanup_free_ char *fingerprint = image_fingerprint(client, name, err), *type = NULL;
    if (!fingerprint || !fetch(client, fingerprint, to, &type, err))
        return false;
    *divided = type && str_starts(type, "multipart/");
    return true;
}

/* A form begins with its boundary (RFC 2046, 5.1.1); a tar file, compressed or not, never does. */
static char *type_of(FILE *from) {
    char line[128] = "";
    bool form = fgets(line, sizeof line, from) && str_starts(line, "--") && strchr(line, '\r');
    rewind(from);
    line[strcspn(line, "\r\n")] = 0;
    return form ? str_printf("multipart/form-data; boundary=%s", line + 2)
                : str_copy("application/octet-stream");
}

char *image_import_file(struct incus *client, FILE *from, struct error *err) {
    _cleanup_free_ char *type = type_of(from);
    char *fingerprint = NULL;
    if (upload(client, from, type, &fingerprint, err))
        return fingerprint;
    free(fingerprint);
    return NULL;
}

static bool is_there(struct incus *client, const char *fingerprint) {
    _cleanup_(error_done) struct error ignored = {0};
    _cleanup_free_ char *path = incus_path(NULL, "images", fingerprint, NULL);
    return incus_request(client, "GET", path, NULL, NULL, &ignored);
}

static bool relay(struct incus *from, struct incus *to, const char *fingerprint, struct error *err) {
    _cleanup_fclose_ FILE *file = scratch_file(err);
    _cleanup_free_ char *type = NULL;
    return file && fetch(from, fingerprint, file, &type, err) &&
           upload(to, file, type ? type : "", NULL, err);
}

bool image_copy(struct incus *client, const char *name, const char *project, bool *copied,
                struct error *err) {
    _cleanup_(incus_cleanup) struct incus *there =
        incus_new(incus_loop(client), incus_endpoint(client), project);
    *copied = false;
    if (!image_check(client, name, err) || !project_check(there, err))
        return false;
    _cleanup_free_ char *source = alias_target(client, name, err), *has = NULL;
    if (!source)
        return err->class == ERROR_NONE && error_set(err, ERROR_FAILED, "image \"%s\" has no alias", name);
    has = alias_target(there, name, err);
    if (err->class)
        return false;
    if (has && !str_equal(has, source)) {
        error_set(err, ERROR_FAILED, "project %s has another image called %s", project, name);
        error_hint(err, "berth --project %s image delete %s", project, name);
        return false;
    }
    if (has)
        return true;
    _cleanup_json_ json_t *alias = json_pack("{s:s, s:s}", "name", name, "target", source);
    *copied = true;
    return (is_there(there, source) || relay(client, there, source, err)) &&
           incus_request(there, "POST", "/1.0/images/aliases", alias, NULL, err);
}
