#include "cli/command.h"
#include "cli/flags.h"
#include "incus/image.h"
#include "record/record.h"
#include "workspace/name.h"

#include <string.h>

/* The scripts only hand the words over; what fits is found here, from the tables and the daemon. */
static const char bash_script[] =
    "_berth() {\n"
    "    local IFS=$'\\n'\n"
    "    COMPREPLY=($(berth completion words -- \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null))\n"
    "    [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
    "}\n"
    "complete -o filenames -F _berth berth\n";
static const char zsh_script[] =
    "#compdef berth\n"
    "_berth() {\n"
    "    local -a found\n"
    "    found=(${(f)\"$(berth completion words -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)\"})\n"
    "    if (( ${#found} )); then compadd -- \"${found[@]}\"; else _files; fi\n"
    "}\n"
    "compdef _berth berth\n";
static const char fish_script[] = "function __berth_words\n"
                                  "    set -l words (commandline -opc) (commandline -ct)\n"
                                  "    berth completion words -- $words[2..-1] 2>/dev/null\n"
                                  "end\n"
                                  "complete -c berth -a '(__berth_words)'\n";

struct completing {
    struct cli *cli;             /* to ask the daemon through; NULL: it is not asked */
    const struct strings *names; /* of sessions; NULL: the daemon knows them */
    const char *current;         /* the word that is being typed */
    struct strings *found;
};

static void offer(struct completing *completing, const char *word) {
    if (str_starts(word, completing->current))
        strings_add(completing->found, word);
}

static void offer_flags(struct completing *completing, const struct flag *const *flags) {
    for (; flags && *flags; flags++) {
        _cleanup_free_ char *word = str_printf("--%s", (*flags)->name);
        offer(completing, word);
    }
}

/* The commands below `group` ("" for those at the top). */
static void offer_commands(struct completing *completing, const char *group) {
    size_t length = strlen(group);
    for (size_t i = 0; commands[i]; i++) {
        const char *name = commands[i]->name;
        if (length ? !str_starts(name, group) || name[length] != ' ' : strchr(name, ' ') != NULL)
            continue;
        offer(completing, length ? name + length + 1 : name);
    }
}

static void offer_all(struct completing *completing, const struct strings *words) {
    for (size_t i = 0; i < words->count; i++)
        offer(completing, words->items[i]);
}

/* A daemon that is away offers nothing, and says nothing in the middle of a line. */
static void offer_sessions(struct completing *completing) {
    _cleanup_(strings_done) struct strings names = {0};
    _cleanup_(error_done) struct error ignored = {0};
    const char *prefix = name_prefix(&ignored);
    if (completing->names)
        offer_all(completing, completing->names);
    if (!prefix || !completing->cli || !cli_connect(completing->cli, &ignored) ||
        !instance_names(completing->cli->client, &names, &ignored))
        return;
    for (size_t i = 0; i < names.count; i++)
        if (name_parse(prefix, names.items[i], NULL))
            offer(completing, names.items[i]);
}

static void offer_images(struct completing *completing) {
    _cleanup_(strings_done) struct strings names = {0};
    _cleanup_(error_done) struct error ignored = {0};
    if (completing->cli && cli_connect(completing->cli, &ignored) &&
        image_aliases(completing->cli->client, &names, &ignored))
        offer_all(completing, &names);
}

static void offer_records(struct completing *completing, bool workspaces) {
    _cleanup_(records_done) struct records records = {0};
    _cleanup_(strings_done) struct strings words = {0};
    records_load(&records);
    for (size_t i = 0; i < records.count; i++) {
        const char *word = workspaces ? records.items[i].workspace : records.items[i].id;
        if (!strings_has(&words, word) && !strpbrk(word, "\n\r"))
            strings_add(&words, word);
    }
    offer_all(completing, &words);
}

static void offer_kind(struct completing *completing, const struct command *command) {
    switch (command->completes) {
    case COMPLETES_NOTHING:
        break;
    case COMPLETES_SESSIONS:
        offer_sessions(completing);
        break;
    case COMPLETES_IMAGES:
        offer_images(completing);
        break;
    case COMPLETES_RECORDS:
        offer_records(completing, false);
        break;
    case COMPLETES_COMMANDS:
        offer_commands(completing, "");
        break;
    }
}

/* "text|json": one of these; a slot; an image; a workspace of before. */
static void offer_values(struct completing *completing, const struct flag *flag) {
    if (str_equal(flag->name, "image"))
        offer_images(completing);
    else if (str_equal(flag->name, "workspace"))
        offer_records(completing, true);
    if (!strchr(flag->argument, '|') || flag->argument[0] < 'a')
        return;
    _cleanup_free_ char *words = str_copy(flag->argument);
    char *rest = words;
    for (char *word; (word = strsep(&rest, "|"));)
        offer(completing, word);
}

static const struct flag *flag_of_word(const char *word, const struct flag *const *flags) {
    for (; flags && *flags; flags++) {
        bool letter = word[0] == '-' && word[1] == (*flags)->letter && word[1] && !word[2];
        if (letter || (str_starts(word, "--") && str_equal(word + 2, (*flags)->name)))
            return *flags;
    }
    return NULL;
}

static const struct flag *waiting_flag(const char *word, const struct command *command) {
    const struct flag *flag = flag_of_word(word, global_flags);
    if (!flag && command)
        flag = flag_of_word(word, command->flags);
    return flag && flag->argument && !flag->optional ? flag : NULL;
}

/* What the words before the current one say; *flag: one that waits for its value. */
static const struct command *read_words(const struct strings *words, size_t last,
                                        const struct flag **flag) {
    const struct command *command = NULL;
    *flag = NULL;
    for (size_t i = 0; i < last; i++) {
        const char *word = words->items[i];
        if (*flag) {
            *flag = NULL;
        } else if (word[0] == '-') {
            *flag = waiting_flag(word, command);
        } else if (!command) {
            command = command_find(word);
        } else if (command->run == cli_group) {
            _cleanup_free_ char *both = str_printf("%s %s", command->name, word);
            const struct command *under = command_find(both);
            command = under ? under : command;
        }
    }
    return command;
}

static void find(struct completing *completing, const struct strings *typed) {
    const struct flag *flag;
    completing->current = typed->items[typed->count - 1];
    const struct command *command = read_words(typed, typed->count - 1, &flag);
    if (flag) {
        offer_values(completing, flag);
    } else if (completing->current[0] == '-') {
        offer_flags(completing, command ? command->flags : NULL);
        offer_flags(completing, global_flags);
    } else if (!command || command->run == cli_group) {
        offer_commands(completing, command ? command->name : "");
    } else {
        offer_kind(completing, command);
    }
}

void completion_find(const struct strings *words, const struct strings *names, struct strings *found) {
    struct completing completing = {.names = names, .found = found};
    if (words->count)
        find(&completing, words);
}

static int complete_words(struct cli *cli, struct error *err) {
    _cleanup_(strings_done) struct strings found = {0};
    const struct strings *words = &cli->arguments;
    if (words->count < 2)
        return 0;
    struct strings typed = {words->items + 1, words->count - 1};
    find(&(struct completing){.cli = cli, .found = &found}, &typed);
    strings_add(&found, ""); /* a newline behind the last one too */
    _cleanup_free_ char *lines = strings_join(&found, "\n");
    return cli_print(lines, err) ? 0 : -1;
}

static int run(struct cli *cli, struct error *err) {
    const char *shell = cli->arguments.count ? cli->arguments.items[0] : "";
    const char *script = str_equal(shell, "bash")   ? bash_script
                         : str_equal(shell, "zsh")  ? zsh_script
                         : str_equal(shell, "fish") ? fish_script
                                                    : NULL;
    if (str_equal(shell, "words"))
        return complete_words(cli, err);
    if (script && cli->arguments.count == 1)
        return cli_print(script, err) ? 0 : -1;
    error_set(err, ERROR_USAGE, "the shell must be bash, zsh or fish");
    error_hint(err, "bash: eval \"$(berth completion bash)\", in ~/.bashrc");
    return -1;
}

const struct command command_completion = {
    .name = "completion",
    .most = MANY,
    .arguments = "bash|zsh|fish",
    .summary = "the completion script for a shell",
    .help = "bash: eval \"$(berth completion bash)\"; zsh: source <(berth completion zsh);\n"
            "fish: berth completion fish | source.",
    .run = run};
