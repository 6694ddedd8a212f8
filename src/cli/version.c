#include "base/version.h"
#include "cli/command.h"

static int run(struct cli *cli, struct error *err) {
    return cli_at_most(cli, 0, err) && cli_print("berth " BERTH_VERSION "\n", err) ? 0 : -1;
}

const struct command command_version = {
    .name = "version", .arguments = "", .summary = "print berth's version", .run = run};
