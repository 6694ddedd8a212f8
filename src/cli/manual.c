/* The manual page, in roff's man macros, from the tables that help is made from. */
#include "cli/manual.h"

#include "base/version.h"
#include "cli/flags.h"

/* A hyphen is a minus in a manual, and a dot or a quote at the line's begin is none of roff's. */
static void text(struct buffer *out, const char *words) {
    for (const char *at = words; *at; at++) {
        bool begin = at == words || at[-1] == '\n';
        if (begin && (*at == '.' || *at == '\''))
            buffer_text(out, "\\&");
        if (*at == '-')
            buffer_text(out, "\\-");
        else if (*at == '\\')
            buffer_text(out, "\\e");
        else
            buffer_add(out, at, 1);
    }
}

static void flag(struct buffer *out, const struct flag *flag) {
    buffer_text(out, ".TP\n");
    if (flag->letter)
        buffer_printf(out, "\\fB\\-%c\\fR, ", flag->letter);
    buffer_text(out, "\\fB\\-\\-");
    text(out, flag->name);
    buffer_text(out, "\\fR");
    if (flag->argument) {
        buffer_text(out, flag->optional ? "[=\\fI" : " \\fI");
        text(out, flag->argument);
        buffer_text(out, flag->optional ? "\\fR]" : "\\fR");
    }
    buffer_text(out, "\n");
    text(out, flag->words);
    buffer_text(out, "\n");
}

static void command(struct buffer *out, const struct command *command) {
    buffer_text(out, ".SS \"");
    text(out, command->name);
    buffer_text(out, " ");
    text(out, command->arguments);
    buffer_text(out, "\"\n");
    text(out, command->summary);
    buffer_text(out, ".\n");
    if (command->help) {
        buffer_text(out, "\n");
        text(out, command->help);
        buffer_text(out, "\n");
    }
    for (const struct flag *const *flags = command->flags; flags && *flags; flags++)
        flag(out, *flags);
}

static void key(void *data, const char *label, const char *words) {
    struct buffer *out = data;
    buffer_text(out, ".TP\n\\fB");
    text(out, label);
    buffer_text(out, "\\fR\n");
    text(out, words);
    buffer_text(out, "\n");
}

void manual_page(const struct cli_screen *screen, struct buffer *out) {
    buffer_printf(out, ".TH BERTH 1 \"\" \"berth %s\" \"User Commands\"\n", BERTH_VERSION);
    buffer_text(out,
                ".SH NAME\nberth \\- sessions in Incus containers, whose files come out with the right "
                "owner\n.SH SYNOPSIS\n.B berth\n[FLAGS] [COMMAND [ARGUMENTS]]\n.SH DESCRIPTION\nWithout a "
                "command, on a terminal, berth is a full\\-screen session manager: the list of sessions, "
                "their mapping, and the way into them.\n.SH KEYS\n");
    screen->keys(key, out);
    buffer_text(out, ".SH COMMANDS\n");
    for (size_t i = 0; commands[i]; i++)
        command(out, commands[i]);
    buffer_text(out, ".SH FLAGS OF EVERY COMMAND\n");
    for (const struct flag *const *flags = global_flags; *flags; flags++)
        flag(out, *flags);
    buffer_text(out,
                ".SH EXIT STATUS\n0 done; of run and exec it is the command's own, 128+N for signal N; 1 "
                "failed; 2 wrong usage; 3 the daemon cannot be reached; 4 refused before anything was "
                "created.\n.SH FILES\n.TP\n~/.config/berth/config.ini\nthe settings; berth config prints "
                "those in force\n.TP\n~/.coi/sessions\\-TOOL/ID/metadata.json\nsaved sessions, shared with "
                "coi\n");
}
