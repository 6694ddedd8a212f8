#include "launch/failure.h"

#include <string.h>

/* Beginnings and parts of Incus' (6.0) and the kernel's words. */
static const struct {
    const char *words, *sentence, *hint;
} known[] = {
    {"No space left on device", "the storage pool is full",
     "incus storage list shows the pools; berth clean, or incus image delete, makes room"},
    {"no space left on device", "the storage pool is full",
     "incus storage list shows the pools; berth clean, or incus image delete, makes room"},
    {"Reached maximum number of instances", "its project may have no more instances",
     "berth list --all shows them; an administrator raises the limit: incus project set PROJECT "
     "limits.instances=N"},
    {"Disk quota exceeded", "the storage pool's quota is used up", "incus storage list shows the pools"},
    {"Failed to start device \"eth0\"", "its network device eth0 cannot be started: is the bridge gone?",
     "incus network list shows the bridges; a restart of the daemon makes its own again"},
    {"unavailable on this server", "its network is not there: the daemon could not start the bridge",
     "incus network list shows the bridges; the daemon tries again each minute"},
    {"Missing source path", "a directory that is to be mounted is not there any more",
     "was it moved, or unmounted, while the container was made?"},
    {"Image not found", "its image was deleted in the meantime", "berth images lists those that there are"},
    {"Image not provided for instance creation", "its image was deleted in the meantime",
     "berth images lists those that there are"},
    {"Image alias", "its image was deleted in the meantime", "berth images lists those that there are"},
    {"Failed to find image", "its image was deleted in the meantime",
     "berth images lists those that there are"},
};

bool failure_is_busy(const struct error *err) {
    return err->class == ERROR_FAILED && strstr(err->message, "Instance is busy running a");
}

bool failure_is_undelegated(const struct idmap_facts *facts, const struct idmap_decision *decision,
                            struct error *err) {
    struct idmap_ids host = facts->host;
    if (err->class != ERROR_FAILED || !*facts->machine || decision->method != IDMAP_RAW ||
        (!strstr(err->message, "id mapping") && !strstr(err->message, "uid range") &&
         !strstr(err->message, "gid range")))
        return false;
    _cleanup_free_ char *words = str_copy(err->message);
    error_done(err);
    error_set(err, ERROR_REFUSED, "%s may not map uid %u, gid %u: they are not delegated there (%s)",
              facts->machine, host.uid, host.gid, words);
    error_hint(err, "on %s: echo root:%u:1 | sudo tee -a /etc/subuid", facts->machine, host.uid);
    if (decision->group_mapped)
        error_hint(err, "on %s: echo root:%u:1 | sudo tee -a /etc/subgid", facts->machine, host.gid);
    error_hint(err, "then a restart of the Incus daemon on %s", facts->machine);
    return true;
}

bool failure_is_shift(const struct error *err) {
    return err->class == ERROR_FAILED && strstr(err->message, "idmapping abilities are required");
}

void failure_explain(const struct plan *plan, struct error *err) {
    for (size_t i = 0; i < array_length(known) && err->class == ERROR_FAILED; i++) {
        if (!strstr(err->message, known[i].words))
            continue;
        char *message =
            str_printf("%s cannot be launched: %s (%s)", plan->name, known[i].sentence, err->message);
        free(err->message);
        err->message = message;
        error_hint(err, "%s", known[i].hint);
        return;
    }
}
