/* berth: picks a command, or the screen. */
#include "cli/command.h"
#include "ui/ui.h"

#include <locale.h>

static int screen(struct cli *cli, struct error *err) {
    _cleanup_(endpoint_done) struct endpoint endpoint = {0};
    if (!cli_find_daemon(cli, &endpoint, err))
        return -1;
    struct ui_options options = {.settings = &cli->settings,
                                 .endpoint = &endpoint,
                                 .no_color = cli->no_color,
                                 .complete = completion_find};
    int signal = 0;
    if (!ui_run(&options, &signal, err))
        return -1;
    return signal ? 128 + signal : 0;
}

int main(int argc, char **argv) {
    static const struct cli_screen ours = {.open = screen, .keys = ui_keys};
    setlocale(LC_CTYPE, "");
    return cli_main(argc, argv, &ours);
}
