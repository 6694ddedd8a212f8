#include "cli/commands.h"
#include "cli/flags.h"

static void flag_line(const struct flag *flag, struct buffer *out) {
    _cleanup_free_ char *name = !flag->argument  ? str_printf("--%s", flag->name)
                                : flag->optional ? str_printf("--%s[=%s]", flag->name, flag->argument)
                                                 : str_printf("--%s %s", flag->name, flag->argument);
    if (flag->letter)
        buffer_printf(out, "  -%c, %-28s %s\n", flag->letter, name, flag->words);
    else
        buffer_printf(out, "      %-28s %s\n", name, flag->words);
}

static void flag_lines(const char *heading, const struct flag *const *flags, struct buffer *out) {
    if (!flags || !*flags)
        return;
    buffer_printf(out, "\n%s:\n", heading);
    for (; *flags; flags++)
        flag_line(*flags, out);
}

static void one_command(const struct command *command, struct buffer *out) {
    buffer_printf(out, "berth %s %s\n\n%s\n", command->name, command->arguments, command->summary);
    if (command->help)
        buffer_printf(out, "\n%s\n", command->help);
    flag_lines("flags", command->flags, out);
    flag_lines("flags of every command", global_flags, out);
}

static void all_commands(struct buffer *out) {
    buffer_text(out, "berth: sessions in Incus containers, whose files come out with the right owner\n\n"
                     "usage: berth [FLAGS] COMMAND [ARGUMENTS]\n\ncommands:\n");
    for (size_t i = 0; commands[i]; i++)
        buffer_printf(out, "  %-9s %s\n", commands[i]->name, commands[i]->summary);
    flag_lines("flags of every command", global_flags, out);
    buffer_text(out, "\nexit status: 0 done; run's is the command's own (128+N for a signal); 1 failed;\n"
                     "2 wrong usage; 3 the daemon cannot be reached; 4 refused, nothing was created\n"
                     "\nberth help COMMAND says more of one.\n");
}

static int run(struct cli *cli, struct error *err) {
    _cleanup_(buffer_done) struct buffer out = {0};
    if (!cli_at_most(cli, 1, err))
        return -1;
    if (cli->arguments.count == 0) {
        all_commands(&out);
        return cli_print(out.data, err) ? 0 : -1;
    }
    const struct command *command = command_find(cli->arguments.items[0]);
    if (!command) {
        error_set(err, ERROR_USAGE, "no command \"%s\"", cli->arguments.items[0]);
        error_hint(err, "berth help lists the commands");
        return -1;
    }
    one_command(command, &out);
    return cli_print(out.data, err) ? 0 : -1;
}

const struct command command_help = {
    .name = "help", .arguments = "[COMMAND]", .summary = "what there is, and how to use it", .run = run};
