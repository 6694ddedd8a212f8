#include "incus/image.h"

#include <string.h>

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
    if (!image_aliases(client, &aliases, &answer) || aliases.count == 0) {
        error_hint(err, "there is no image at all; incus image import FILE --alias %s imports one", shown);
        return false;
    }
    _cleanup_free_ char *list = strings_join(&aliases, ", ");
    error_hint(err, "images here: %s", list);
    return false;
}
