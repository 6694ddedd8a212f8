#include "cli/command.h"
#include "cli/flags.h"
#include "incus/instance.h"
#include "record/record.h"

static int run(struct cli *cli, struct error *err) {
    _cleanup_(records_done) struct records records = {0};
    _cleanup_(instance_done) struct instance instance = {0};
    _cleanup_(error_done) struct error looking = {0};
    if (!cli_connect(cli, err))
        return -1;
    records.remote = incus_remote(cli->client);
    records_load(&records);
    if (!records.count) {
        error_set(err, ERROR_FAILED, "no saved sessions found");
        error_hint(err, "berth shell starts a session; it is saved by itself");
        return -1;
    }
    const struct record *record =
        cli->arguments.count ? records_of_id(&records, cli->arguments.items[0], err) : &records.items[0];
    if (!record)
        return -1;
    const char *status = instance_get(cli->client, record->container, &instance, &looking) ? instance.status
                         : looking.code == 404                                             ? "gone"
                                                                                           : "unknown";
    if (cli_wants_json(cli)) {
        _cleanup_json_ json_t *json = record_json(record);
        json_object_set_new(json, "container_status", json_text(status));
        return cli_print_json(json, err) ? 0 : -1;
    }
    _cleanup_free_ char *id = str_shown(record->id), *workspace = str_shown(record->workspace),
                        *saved = str_shown(record->saved_at), *container = str_shown(record->container),
                        *tool = str_shown(record->tool), *folder = str_shown(record->folder),
                        *data = record_data_words(record),
                        *text = str_printf("Session ID: %s\nTool: %s\nContainer: %s (%s)\nPersistent: %s\n"
                                           "Workspace: %s\nSaved: %s\nFolder: %s\nData: %s\n\n"
                                           "Resume with: berth shell --resume=%s\n",
                                           id, tool, container, status, record->persistent ? "yes" : "no",
                                           workspace, saved, folder, data, id);
    return cli_print(text, err) ? 0 : -1;
}

static const struct flag *const flags[] = {&flag_format, NULL};

const struct command command_info = {.name = "info",
                                     .most = 1,
                                     .completes = COMPLETES_RECORDS,
                                     .arguments = "[ID]",
                                     .summary = "a saved session; without ID the one saved last",
                                     .flags = flags,
                                     .run = run};
