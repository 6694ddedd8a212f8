/* Every flag there is, once; commands name those that they take. */
#pragma once

#include "cli/command.h"

/* For every command; ends with NULL. */
extern const struct flag *const global_flags[];

extern const struct flag flag_format, flag_all, flag_dry_run, flag_cold, flag_probe, flag_timeout, flag_cpu,
    flag_memory, flag_disk_read, flag_disk_write, flag_processes, flag_every, flag_both, flag_force,
    flag_sessions, flag_patience, flag_background, flag_debug, flag_bash, flag_ephemeral, flag_capture,
    flag_capture_format, flag_user, flag_group, flag_cwd, flag_keep, flag_recursive, flag_manual,
    flag_shift, flag_description, flag_prefix, flag_every_image, flag_wait, flag_to, flag_fix,
    flag_fix_owners, flag_apply, flag_accept, flag_no_root, flag_strict, flag_remove, flag_for,
    flag_wait_timeout, flag_install, flag_stateful, flag_base, flag_script, flag_file, flag_compression,
    flag_keep_failed, flag_trust, flag_rebuild, flag_every_recipe, flag_token, flag_fingerprint;
