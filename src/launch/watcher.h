/* Who is told, and asked, on the way from a plan to an instance. */
#pragma once

#include "incus/client.h"

struct plan;

/* Any function may be NULL. */
struct launch_watcher {
    /* A fallback was taken, or something else that the user has to know. */
    void (*notice)(void *data, const char *words);
    /* The daemon's progress, in its own words. */
    void (*progress)(void *data, const char *words);
    /*
     * Between creation and first start, for what cannot be in the creating call; called again when an
     * instance had to be made a second time. False with an error undoes the launch.
     */
    bool (*pre_start)(void *data, struct incus *client, const char *name, struct error *err);
    /*
     * A standby container was claimed, and its workspace is just coming: who has a command to be run may
     * start it early (incus/exec.h); and it was lost again.
     */
    void (*claimed)(void *data, const struct plan *plan);
    void (*lost)(void *data);
    /* A question that is answered with yes or no; without this function: no. */
    bool (*ask)(void *data, const char *question);
    void *data;
};

/* Calls watcher->notice, if there is one. */
void watcher_notice(const struct launch_watcher *watcher, const char *format, ...) printf_like(2, 3);
