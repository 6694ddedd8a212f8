#include "base/version.h"
#include "cli/command.h"

static int run(struct cli *cli, struct error *err) {
    (void)cli;
    return cli_print("berth " BERTH_VERSION "\n", err) ? 0 : -1;
}

const struct command command_version = {
    .name = "version", .arguments = "", .summary = "print berth's version", .run = run};
