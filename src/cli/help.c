#include "cli/command.h"
#include "cli/flags.h"
#include "cli/manual.h"

#include <string.h>

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

static void under(const struct command *group, struct buffer *out) {
    _cleanup_free_ char *begin = str_printf("%s ", group->name);
    bool any = false;
    for (size_t i = 0; commands[i]; i++) {
        if (!str_starts(commands[i]->name, begin))
            continue;
        buffer_text(out, any ? "" : "\ncommands:\n");
        any = true;
        _cleanup_free_ char *usage = str_printf("%s %s", commands[i]->name, commands[i]->arguments);
        buffer_printf(out, "  %-36s %s\n", usage, commands[i]->summary);
    }
}

static void one_command(const struct command *command, struct buffer *out) {
    buffer_printf(out, "berth %s %s\n\n%s\n", command->name, command->arguments, command->summary);
    if (command->help)
        buffer_printf(out, "\n%s\n", command->help);
    under(command, out);
    flag_lines("flags", command->flags, out);
    flag_lines("flags of every command", global_flags, out);
}

static void all_commands(struct buffer *out) {
    buffer_text(out, "berth: sessions in Incus containers, whose files come out with the right owner\n\n"
                     "usage: berth [FLAGS]                       the full-screen session manager\n"
                     "       berth [FLAGS] COMMAND [ARGUMENTS]\n\ncommands:\n");
    for (size_t i = 0; commands[i]; i++)
        if (!strchr(commands[i]->name, ' '))
            buffer_printf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    flag_lines("flags of every command", global_flags, out);
    buffer_text(out, "\nexit status: 0 done; run's is the command's own (128+N for a signal); 1 failed;\n"
                     "2 wrong usage; 3 the daemon cannot be reached; 4 refused, nothing was created\n"
                     "\nberth help COMMAND says more of one.\n");
}

static int run(struct cli *cli, struct error *err) {
    _cleanup_(buffer_done) struct buffer out = {0};
    if (cli->manual) {
        manual_page(cli->screen, &out);
        return cli_print(out.data, err) ? 0 : -1;
    }
    if (cli->arguments.count == 0) {
        all_commands(&out);
        return cli_print(out.data, err) ? 0 : -1;
    }
    _cleanup_free_ char *name = strings_join(&cli->arguments, " ");
    const struct command *command = command_find(name);
    if (!command) {
        error_set(err, ERROR_USAGE, "unknown command \"%s\"", name);
        error_hint(err, "berth help lists the commands");
        return -1;
    }
    one_command(command, &out);
    return cli_print(out.data, err) ? 0 : -1;
}

static const struct flag *const flags[] = {&flag_manual, NULL};

const struct command command_help = {.flags = flags,
                                     .completes = COMPLETES_COMMANDS,
                                     .name = "help",
                                     .most = 2,
                                     .arguments = "[COMMAND]",
                                     .summary = "the commands, and how to use them",
                                     .run = run};
