#include "launch/fit.h"

#include "incus/file.h"

#include <pwd.h>
#include <string.h>

#define PASSWD_LIMIT (1u << 20)

/* What the container's file says of the code uid, and of the code user. */
struct found {
    char *name; /* of the uid; NULL: nobody has it */
    char *home;
    bool has_user;         /* somebody is called as the settings say … */
    struct idmap_ids user; /* … with these ids */
};

static void found_done(struct found *found) {
    free(found->name);
    free(found->home);
}

static void read_passwd(FILE *file, const struct plan *plan, const char *user, struct found *found) {
    for (const struct passwd *entry; (entry = fgetpwent(file));) {
        if (entry->pw_uid == plan->code.uid && !found->name) {
            found->name = str_shown(entry->pw_name);
            found->home = str_shown(entry->pw_dir);
        }
        if (str_equal(entry->pw_name, user) && !found->has_user) {
            found->has_user = true;
            found->user = (struct idmap_ids){entry->pw_uid, entry->pw_gid};
        }
    }
}

static bool look(struct incus *client, const struct plan *plan, const char *user, struct found *found) {
    _cleanup_(error_done) struct error ignored = {0};
    _cleanup_(strings_done) struct strings text = {0};
    _cleanup_free_ char *content = NULL;
    struct file_info info;
    size_t size = 0;
    FILE *into = open_memstream(&content, &size);
    bool good = into && file_get(client, plan->name, "/etc/passwd", into, &info, &text, &ignored) &&
                info.type == FILE_REGULAR;
    if (into)
        fclose(into);
    if (!good || size == 0 || size > PASSWD_LIMIT)
        return false;
    _cleanup_fclose_ FILE *file = fmemopen(content, size, "r");
    if (file)
        read_passwd(file, plan, user, found);
    return file != NULL;
}

void fit_check(struct incus *client, const struct plan *plan, const struct launch_watcher *watcher) {
    _cleanup_(found_done) struct found found = {0};
    const char *user = json_get_str(plan->environment, "USER");
    _cleanup_free_ char *image = str_shown(plan_image(plan));
    if (!look(client, plan, user, &found) || str_equal(found.name, user))
        return;
    if (found.has_user)
        watcher_notice(
            watcher,
            "%s has uid %u in the image %s, not %u: what runs is not that user, and its home is not its "
            "own; BERTH_CODE_UID=%u BERTH_CODE_GID=%u, or code_uid and code_gid in the configuration, "
            "make it so",
            user, found.user.uid, image, plan->code.uid, found.user.uid, found.user.gid);
    else if (found.name)
        watcher_notice(
            watcher,
            "in the image %s uid %u is %s, with %s as its home: BERTH_CODE_USER=%s, or code_user "
            "in the configuration, makes it so here",
            image, plan->code.uid, found.name, found.home, found.name);
    else
        watcher_notice(watcher,
                       "the image %s has no user with uid %u: what runs has no name and no home there; "
                       "code_uid in the configuration names another",
                       image, plan->code.uid);
}
