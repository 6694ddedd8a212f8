#include "build/build.h"

#include "base/lock.h"
#include "build/base.h"
#include "build/steps.h"
#include "incus/image.h"
#include "incus/instance.h"
#include "incus/server.h"
#include "launch/label.h"
#include "launch/owner.h"
#include "launch/plan.h"
#include "session/halt.h"
#include "workspace/name.h"

#include <errno.h>
#include <string.h>

#define LABEL_BUILD  "user.berth.build" /* the alias that the container is built for */
#define STOP_SECONDS 30

struct build {
    struct incus *client;
    const struct build_request *request;
    const struct build_watcher *watcher;
    struct base base;
    char *digest, *name; /* the container's */
    struct owner *owner;
    bool made; /* the container */
};

static void say(const struct build *build, const char *words) {
    build->watcher->step(build->watcher->data, words);
}

static void progress(void *data, const char *words) {
    const struct build *build = data;
    build->watcher->progress(build->watcher->data, words);
}

static bool stop(const struct build *build, struct error *err) {
    say(build, "stop");
    if (halt_can_be_heard(build->client, build->name) &&
        instance_change(build->client, build->name, "stop", false, STOP_SECONDS, err))
        return true;
    error_done(err);
    return instance_change(build->client, build->name, "stop", true, -1, err);
}

static char *publish(const struct build *build, struct error *err) {
    const struct recipe *recipe = build->request->recipe;
    _cleanup_free_ char *description = recipe->description
                                           ? str_copy(recipe->description)
                                           : str_printf("%s, built by berth", build->request->alias);
    _cleanup_json_ json_t *made = NULL,
                          *body = json_pack("{s:{s:s, s:s}, s:{s:o, s:s}}", "source", "type", "instance",
                                            "name", build->name, "properties", "description",
                                            json_text(description), IMAGE_RECIPE, build->digest);
    /* the image stays here, where it is unpacked again at once */
    json_object_set_new(body, "compression_algorithm",
                        json_text(recipe->compression ? recipe->compression : "none"));
    say(build, "publish");
    if (!operation_run(build->client, "POST", "/1.0/images", body, progress, (void *)build, &made, err))
        return NULL;
    return str_copy(json_str_at(made, "fingerprint"));
}

/* One that berth made and that nothing is called any more; somebody else's stays. */
static void drop_old(const struct build *build, const char *old) {
    _cleanup_(error_done) struct error ignored = {0};
    _cleanup_json_ json_t *image = image_get(build->client, old, &ignored);
    if (image && json_array_size(json_at(image, "aliases")) == 0 &&
        *json_get_str(json_at(image, "properties"), IMAGE_RECIPE) &&
        !image_delete(build->client, old, &ignored))
        error_done(&ignored);
}

/* The moment in which the new image takes the place of the old one is one call. */
static bool replace(const struct build *build, const char *fingerprint, struct error *err) {
    _cleanup_free_ char *old = NULL;
    _cleanup_(error_done) struct error ignored = {0};
    if (!image_set_alias(build->client, build->request->alias, fingerprint, &old, err)) {
        if (!image_delete(build->client, fingerprint, &ignored))
            error_also(err, &ignored);
        return false;
    }
    if (old && !str_equal(old, fingerprint))
        drop_old(build, old);
    return true;
}

/* One of this name was left by a build whose reaper has died, too: the lock says that it is nobody's. */
static bool remove_left_over(const struct build *build, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    if (!instance_get(build->client, build->name, &instance, err)) {
        bool none = err->code == 404;
        if (none)
            error_done(err);
        return none;
    }
    if (!*instance_config(&instance, LABEL_BUILD))
        return error_set(err, ERROR_FAILED, "%s is there, and is not a build's", build->name);
    return instance_destroy(build->client, build->name, err);
}

static bool launch(struct build *build, struct error *err) {
    _cleanup_(server_done) struct server server = {0};
    if (!server_get(build->client, NULL, &server, err) || !remove_left_over(build, err))
        return false;
    _cleanup_free_ char *path = instance_create_path(server.member);
    _cleanup_json_ json_t *body = plan_bare(build->name, "", false);
    json_object_set_new(body, "source", base_source(&build->base));
    json_object_set_new(json_at(body, "config"), LABEL_OWNER, json_string(owner_label(build->owner)));
    json_object_set_new(json_at(body, "config"), LABEL_BUILD, json_text(build->request->alias));
    say(build, "launch");
    build->made = true;
    return operation_run(build->client, "POST", path, body, progress, build, NULL, err);
}

/* What was asked about, and what the image will be known by, is what went in: nobody wrote to it meanwhile.
 */
static bool is_still(const struct build *build, struct error *err) {
    const struct build_request *request = build->request;
    _cleanup_free_ char *now =
        recipe_digest(request->recipe, request->settings, base_identity(&build->base), err);
    return now && (str_equal(now, build->digest) ||
                   error_set(err, ERROR_FAILED, "what the recipe names has changed while it was built"));
}

static bool go_through(struct build *build, char **fingerprint, struct error *err) {
    const struct recipe *recipe = build->request->recipe;
    if (build->base.kind == BASE_BOOTSTRAP)
        say(build, "mmdebstrap");
    else if (build->base.kind == BASE_DIRECTORY)
        say(build, "pack the directory");
    if (!base_make(build->client, recipe, &build->base, err) || !launch(build, err))
        return false;
    const struct steps steps = {build->client, build->request, build->watcher, build->name,
                                build->base.kind == BASE_BOOTSTRAP};
    if (!steps_take(&steps, err) || loop_cancelled(incus_loop(build->client), err) ||
        !is_still(build, err) || !stop(build, err))
        return false;
    *fingerprint = publish(build, err);
    return *fingerprint && replace(build, *fingerprint, err);
}

/* The container goes, but for one that failed and is to be looked at. */
static bool clean_up(struct build *build, bool good, struct error *err) {
    _cleanup_(error_done) struct error removing = {0};
    base_drop(build->client, &build->base);
    if (!build->made) {
        owner_release(build->owner);
        return good;
    }
    if (!good && build->request->keep && err->class == ERROR_FAILED) {
        error_hint(err, "%s was kept: berth container exec %s -- sh looks inside", build->name,
                   build->name);
        error_hint(err, "berth container delete %s removes it, and so does the next build", build->name);
        owner_release(build->owner);
        return false;
    }
    if (instance_destroy(build->client, build->name, &removing)) {
        owner_release(build->owner);
        return good;
    }
    owner_abandon(build->owner);
    if (good)
        error_move(err, &removing);
    else
        error_also(err, &removing);
    return false;
}

/* Whether the alias stands for what the recipe would make; then *fingerprint is its. */
static bool is_unchanged(const struct build *build, char **fingerprint) {
    _cleanup_(error_done) struct error ignored = {0};
    _cleanup_free_ char *has = image_fingerprint(build->client, build->request->alias, &ignored);
    _cleanup_json_ json_t *image = has ? image_get(build->client, has, &ignored) : NULL;
    if (!image || build->request->force ||
        !str_equal(json_get_str(json_at(image, "properties"), IMAGE_RECIPE), build->digest))
        return false;
    *fingerprint = str_copy(has);
    return true;
}

static bool build_it(struct build *build, enum build_outcome *outcome, char **fingerprint,
                     struct error *err) {
    const struct build_request *request = build->request;
    const char *prefix = name_prefix(err);
    if (!prefix || !base_find(build->client, request->recipe, &build->base, err))
        return false;
    build->digest = recipe_digest(request->recipe, request->settings, base_identity(&build->base), err);
    if (!build->digest)
        return false;
    if (str_equal(request->alias, request->recipe->base))
        return error_set(err, ERROR_USAGE, "image %s cannot be its own base", request->alias);
    *outcome = BUILD_UNCHANGED;
    if (is_unchanged(build, fingerprint))
        return true;
    *outcome = BUILD_MADE;
    _cleanup_free_ char *what = str_printf("%s %s %s", incus_address(build->client),
                                           incus_project(build->client), request->alias),
                        *key = lock_name("build", what);
    struct lock *lock = lock_take(key);
    if (!lock)
        return errno == EADDRINUSE ? error_set(err, ERROR_FAILED,
                                               "image %s is being built by somebody else", request->alias)
                                   : error_errno(err, errno, "cannot take a lock for %s", request->alias);
    build->name = str_printf("%sbuild-%.8s", prefix, key + strlen("build-"));
    build->owner = owner_new(build->client, prefix, err);
    loop_interruptible(incus_loop(build->client), false);
    bool good = build->owner && go_through(build, fingerprint, err);
    good = build->owner && clean_up(build, good, err);
    lock_release(lock);
    return good;
}

bool build_image(struct incus *client, const struct build_request *request,
                 const struct build_watcher *watcher, enum build_outcome *outcome, char **fingerprint,
                 struct error *err) {
    struct build build = {.client = client, .request = request, .watcher = watcher};
    *fingerprint = NULL;
    bool good = recipe_check(request->recipe, err) && build_it(&build, outcome, fingerprint, err);
    base_done(&build.base);
    free(build.digest);
    free(build.name);
    return good;
}
