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
