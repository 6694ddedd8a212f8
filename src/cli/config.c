#include "cli/command.h"
#include "cli/flags.h"
#include "cli/launching.h"

static int run(struct cli *cli, struct error *err) {
    const struct settings *settings = &cli->settings;
    _cleanup_(buffer_done) struct buffer out = {0};
    _cleanup_json_ json_t *json = json_object();
    const char *section = "";
    _cleanup_(error_done) struct error no_workspace = {0};
    /* without a workspace there are settings all the same */
    if (!cli_ask_workspace(cli, &no_workspace) && no_workspace.class == ERROR_USAGE) {
        error_move(err, &no_workspace);
        return -1;
    }
    buffer_printf(&out, "# %s%s\n", settings->file,
                  access(settings->file, F_OK) == 0 ? "" : " (not there)");
    for (int i = 0; i < SETTINGS_COUNT; i++) {
        const struct setting_spec *spec = &setting_specs[i];
        const char *value = settings_text(settings, (enum setting)i);
        if (!str_equal(section, spec->section))
            buffer_printf(&out, "\n[%s]\n", spec->section);
        section = spec->section;
        _cleanup_free_ char *line = str_printf("%s = %s", spec->key, *value ? value : "(unset)");
        buffer_printf(&out, "%-32s # %s\n", line, settings->values[i].where);
        _cleanup_free_ char *key = str_printf("%s.%s", spec->section, spec->key);
        json_object_set_new(json, key,
                            json_pack("{s:o, s:o}", "value", json_text(value), "from",
                                      json_text(settings->values[i].where)));
    }
    return (cli_wants_json(cli) ? cli_print_json(json, err) : cli_print(out.data, err)) ? 0 : -1;
}

static const struct flag *const flags[] = {&flag_format, NULL};

const struct command command_config = {
    .name = "config",
    .arguments = "",
    .summary = "the settings in force, and where each came from",
    .help =
        "Flags beat the environment, the environment beats what the workspace's own .berth.ini asks for\n"
        "(berth trust), and that ~/.config/berth/config.ini.",
    .flags = flags,
    .run = run};
