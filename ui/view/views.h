/* All views, for who composes them: a view does not know another one. */
#pragma once

#include "ui/view/view.h"

/* Panes. */
extern const struct view view_sessions, view_mapping, view_live, view_overview, view_log, view_processes,
    view_changes, view_snapshots;
/* Layers. */
extern const struct view view_help, view_idmap, view_form, view_launch, view_question, view_filter,
    view_command, view_network, view_guard, view_health, view_zoom, view_wall, view_talk,
    view_snapshot_keys, view_images, view_members;
