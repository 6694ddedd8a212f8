/* One look at what sessions are at, without watching them: their tmux is asked, all at once. */
#pragma once

#include "session/list.h"
#include "watch/activity.h"

/*
 * activities[i] becomes what sessions[i] is at; of those that cannot be watched (watches_can()), have no
 * tmux session, or do not answer within two seconds, it stays empty. Each costs the daemon a process.
 */
bool glance(struct incus *client, const struct settings *settings, const struct session_list *sessions,
            struct activity *activities, struct error *err) nodiscard;
