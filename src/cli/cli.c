/* The frame of the command line: parsing by the tables, errors, and the way to the daemon. */
#include "cli/flags.h"
#include "incus/socket.h"
#include "remote/known.h"
#include "workspace/workspace.h"

#include "base/tty.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

/* getopt_long's numbers for flags: above every letter. */
#define FLAG_BASE 256
#define FLAGS_MAX 60

struct parser {
    const struct flag *flags[FLAGS_MAX];
    struct option options[FLAGS_MAX + 2];
    char letters[2 * FLAGS_MAX + 4];
    int count;
    bool help;
};

#define HELP_VALUE (FLAG_BASE + FLAGS_MAX)

static void add_flags(struct parser *parser, const struct flag *const *flags) {
    for (; flags && *flags && parser->count < FLAGS_MAX; flags++) {
        const struct flag *flag = *flags;
        parser->options[parser->count] = (struct option){flag->name,
                                                         !flag->argument  ? no_argument
                                                         : flag->optional ? optional_argument
                                                                          : required_argument,
                                                         NULL, FLAG_BASE + parser->count};
        parser->flags[parser->count++] = flag;
        size_t length = strlen(parser->letters);
        if (flag->letter)
            snprintf(parser->letters + length, sizeof parser->letters - length, "%c%s", flag->letter,
                     flag->argument ? ":" : "");
    }
}

static const struct flag *flag_of(const struct parser *parser, int value) {
    for (int i = 0; i < parser->count; i++)
        if (value == FLAG_BASE + i || value == parser->flags[i]->letter)
            return parser->flags[i];
    return NULL;
}

static bool bad_flag(int value, char **argv, const struct command *command, struct error *err) {
    _cleanup_free_ char *shown = str_shown(argv[optind > 0 ? optind - 1 : 0]);
    const char *of = command ? command->name : "";
    if (value == ':')
        error_set(err, ERROR_USAGE, "flag needs an argument: %s", shown);
    else if (optopt > 0 && optopt < 128)
        error_set(err, ERROR_USAGE, "unknown flag: -%c", optopt);
    else
        error_set(err, ERROR_USAGE, "unknown flag: %s", shown);
    error_hint(err, "berth %s%s--help lists the flags", of, *of ? " " : "");
    return false;
}

/*
 * Takes the flags of argv, from 1 on; *first is then the first argument that is none. `stop`: the
 * first word that is no flag ends it, as it belongs to a command.
 */
static bool parse(struct cli *cli, const struct command *command, bool stop, int argc, char **argv,
                  int *first, bool *help, struct error *err) {
    struct parser parser = {.letters = ""};
    snprintf(parser.letters, sizeof parser.letters, "%s:h", stop ? "+" : "");
    add_flags(&parser, global_flags);
    add_flags(&parser, command ? command->flags : NULL);
    parser.options[parser.count] = (struct option){"help", no_argument, NULL, HELP_VALUE};
    optind = 0; /* glibc: begin anew */
    opterr = 0;
    for (int value; (value = getopt_long(argc, argv, parser.letters, parser.options, NULL)) != -1;) {
        const struct flag *flag = flag_of(&parser, value);
        if (value == 'h' || value == HELP_VALUE)
            *help = true;
        else if (!flag)
            return bad_flag(value, argv, command, err);
        else if (!flag->take(cli, optarg, err))
            return false;
    }
    *first = optind;
    return true;
}

const struct command *command_find(const char *name) {
    for (size_t i = 0; commands[i]; i++)
        if (str_equal(commands[i]->name, name))
            return commands[i];
    return NULL;
}

static bool unknown_command(const char *name, struct error *err) {
    _cleanup_free_ char *shown = str_shown(name);
    error_set(err, ERROR_USAGE, "unknown command \"%s\"", shown);
    for (size_t i = 0; commands[i]; i++)
        if (strncmp(commands[i]->name, name, 2) == 0 && !strchr(commands[i]->name, ' '))
            error_hint(err, "did you mean %s?", commands[i]->name);
    error_hint(err, "berth help lists the commands");
    return false;
}

int cli_group(struct cli *cli, struct error *err) {
    const struct command *group = cli->command;
    _cleanup_free_ char *begin = str_printf("%s ", group->name),
                        *shown = str_shown(cli->arguments.count ? cli->arguments.items[0] : "");
    if (*shown)
        error_set(err, ERROR_USAGE, "unknown command \"%s\" for \"berth %s\"", shown, group->name);
    else
        error_set(err, ERROR_USAGE, "berth %s needs a command", group->name);
    for (size_t i = 0; commands[i]; i++)
        if (str_starts(commands[i]->name, begin))
            error_hint(err, "berth %s %s", commands[i]->name, commands[i]->arguments);
    return -1;
}

/* "container exec": the words of argv from *first on; *first then is at the last word of the name. */
static const struct command *find_command(int argc, char **argv, int *first) {
    if (*first + 1 < argc) {
        _cleanup_free_ char *both = str_printf("%s %s", argv[*first], argv[*first + 1]);
        const struct command *command = command_find(both);
        if (command) {
            ++*first;
            return command;
        }
    }
    return command_find(argv[*first]);
}

/* Whether the output is to be JSON, for errors that come before the flags are read. */
static bool looks_like_json(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (str_equal(argv[i], "--"))
            return false;
        if (str_equal(argv[i], "--format=json") ||
            (str_equal(argv[i], "--format") && i + 1 < argc && str_equal(argv[i + 1], "json")))
            return true;
    }
    return false;
}

/* Without a command: the screen. */
static int open_screen(struct cli *cli, struct error *err) {
    if (tty_both())
        return cli->screen->open(cli, err);
    error_set(err, ERROR_USAGE, "the screen needs a terminal: stdin or stdout is not one");
    error_hint(err, "berth list prints the sessions; berth help lists the commands");
    return -1;
}

/* In the words of the field: those of the cobra library, which coi, docker and incus are made with. */
static bool check_count(const struct command *command, size_t count, struct error *err) {
    if (count < command->least && command->most == MANY)
        return error_set(err, ERROR_USAGE, "requires at least %zu arg(s), only received %zu",
                         command->least, count);
    if (count >= command->least && count <= command->most)
        return true;
    if (command->least == command->most)
        return error_set(err, ERROR_USAGE, "accepts %zu arg(s), received %zu", command->most, count);
    return error_set(err, ERROR_USAGE, "accepts between %zu and %zu arg(s), received %zu", command->least,
                     command->most, count);
}

/* A command that is there to say what is wrong runs with what is built in where the settings cannot be had.
 */
static bool load_settings(struct cli *cli, int argc, char **argv, struct error *err) {
    cli->settled = settings_load(&cli->settings, &cli->mistake);
    if (cli->settled)
        return true;
    bool bears = false;
    for (int i = 1; i < argc && !bears; i++) {
        const struct command *command = command_find(argv[i]);
        bears = command && command->bears_mistake;
    }
    if (!bears) {
        error_move(err, &cli->mistake);
        return false;
    }
    settings_done(&cli->settings);
    settings_defaults(&cli->settings);
    return cli->settled = true;
}

static int dispatch(struct cli *cli, int argc, char **argv, struct error *err) {
    int first = 1;
    bool help = false;
    if (!load_settings(cli, argc, argv, err))
        return -1;
    if (!parse(cli, NULL, true, argc, argv, &first, &help, err))
        return -1;
    if (first == argc && !help)
        return open_screen(cli, err);
    const struct command *command = first < argc ? find_command(argc, argv, &first) : command_find("help");
    if (first < argc && !command) {
        unknown_command(argv[first], err);
        return -1;
    }
    if (first < argc) {
        int shift = first;
        cli->command = command;
        if (!parse(cli, command, command->takes_command, argc - shift, argv + shift, &first, &help, err))
            return -1;
        first += shift;
    }
    if (help) {
        if (!str_equal(command->name, "help"))
            strings_add(&cli->arguments, command->name);
        command = command_find("help");
    }
    for (; first < argc && !help; first++)
        strings_add(&cli->arguments, argv[first]);
    cli->json_errors = cli_wants_json(cli);
    cli->command = command;
    return check_count(command, cli->arguments.count, err) ? command->run(cli, err) : -1;
}

int cli_main(int argc, char **argv, const struct cli_screen *screen) {
    struct cli cli = {
        .screen = screen, .user = -1, .group = -1, .wait = 60, .json_errors = looks_like_json(argc, argv)};
    _cleanup_(error_done) struct error err = {0};
    int status = dispatch(&cli, argc, argv, &err);
    if (err.class != ERROR_NONE) {
        int error = cli_report(&cli, &err);
        status = status > 0 ? status : error;
    }
    incus_free(cli.client);
    loop_free(cli.loop);
    request_done(&cli.request);
    settings_done(&cli.settings);
    error_done(&cli.mistake);
    strings_done(&cli.arguments);
    free(cli.socket);
    free(cli.remote);
    free(cli.token);
    free(cli.fingerprint);
    free(cli.format);
    free(cli.resume);
    free(cli.cwd);
    free(cli.description);
    free(cli.image_prefix);
    free(cli.to_project);
    free(cli.wait_for);
    free(cli.base);
    free(cli.script);
    free(cli.recipe);
    free(cli.compression);
    free(cli.install);
    return status;
}

static void trace(void *data, const char *line) {
    (void)data;
    fprintf(stderr, "berth: %s\n", line);
}

/* "lab:/home/dev/app" says which one it is on, if lab is a remote; NULL: it says none. Caller owns. */
static char *remote_of_workspace(const struct cli *cli) {
    _cleanup_(remotes_done) struct remotes remotes = {0};
    _cleanup_(error_done) struct error ignored = {0};
    _cleanup_free_ char *first = NULL, *second = NULL;
    const char *path = NULL;
    if (!cli->request.workspace ||
        !workspace_is_qualified(cli->request.workspace, &first, &second, &path) ||
        !remotes_load(&cli->settings, &remotes, &ignored))
        return NULL;
    for (size_t i = 0; i < remotes.count; i++)
        if (str_equal(remotes.items[i].endpoint.remote, first))
            return str_copy(first);
    return NULL;
}

bool cli_find_daemon(struct cli *cli, struct endpoint *endpoint, struct error *err) {
    _cleanup_free_ char *of_workspace = remote_of_workspace(cli);
    const char *name = cli->remote    ? cli->remote
                       : of_workspace ? of_workspace
                       : cli->socket  ? NULL
                                      : getenv("BERTH_REMOTE");
    _cleanup_(remote_done) struct remote remote = {0};
    if (str_empty(name)) {
        endpoint->socket = socket_find(cli->socket);
        return true;
    }
    if (cli->socket)
        return error_set(err, ERROR_USAGE, "--socket is of this machine, --remote of another: one of them");
    if (!remote_find(&cli->settings, name, &remote, err))
        return false;
    settings_remote(&cli->settings, remote.machine);
    *endpoint = remote.endpoint;
    remote.endpoint = (struct endpoint){0};
    return true;
}

bool cli_connect(struct cli *cli, struct error *err) {
    _cleanup_(endpoint_done) struct endpoint endpoint = {0};
    if (cli->client)
        return true;
    if (!cli_find_daemon(cli, &endpoint, err))
        return false;
    cli->loop = loop_new(err);
    if (!cli->loop)
        return false;
    cli->client = incus_new(cli->loop, &endpoint, settings_text(&cli->settings, SETTING_PROJECT));
    if (cli->verbose)
        incus_trace(cli->client, trace, NULL);
    return true;
}

bool cli_get_session(struct cli *cli, const char *name, struct instance *instance, struct error *err) {
    if (instance_get(cli->client, name, instance, err))
        return true;
    if (err->code == 404) {
        _cleanup_free_ char *shown = str_shown(name);
        error_done(err);
        error_set(err, ERROR_FAILED, "container %s not found", shown);
        error_hint(err, "berth list shows what there is");
    }
    return false;
}

void cli_notice(const struct cli *cli, const char *format, ...) {
    if (cli->quiet)
        return;
    va_list arguments;
    va_start(arguments, format);
    _cleanup_free_ char *words = str_vprintf(format, arguments);
    va_end(arguments);
    fprintf(stderr, "berth: %s\n", words);
}

/* Of a mistake in the settings the command line is not guilty. */
static void print_usage(const struct cli *cli) {
    const struct command *command = cli->command;
    if (!cli->settled)
        return;
    if (command)
        fprintf(stderr, "Usage: berth %s %s\n", command->name, command->arguments);
    else
        fprintf(stderr, "Usage: berth [FLAGS] [COMMAND [ARGUMENTS]]\n");
}

int cli_report(const struct cli *cli, struct error *err) {
    int status = error_status(err);
    _cleanup_free_ char *message = str_shown(err->message);
    if (!cli->json_errors) {
        fprintf(stderr, "berth: %s\n", message);
        for (size_t i = 0; i < err->hints.count; i++) {
            _cleanup_free_ char *hint = str_shown(err->hints.items[i]);
            fprintf(stderr, "hint: %s\n", hint);
        }
        if (err->class == ERROR_USAGE)
            print_usage(cli);
        return status;
    }
    json_t *hints = json_array();
    for (size_t i = 0; i < err->hints.count; i++)
        json_array_append_new(hints, json_text(err->hints.items[i]));
    _cleanup_json_ json_t *json =
        json_pack("{s:{s:s, s:o, s:o, s:i}}", "error", "class", error_class_name(err->class), "message",
                  json_text(message), "hints", hints, "status", status);
    _cleanup_free_ char *text = json_pretty(json);
    fprintf(stderr, "%s\n", text);
    return status;
}

bool cli_wants_json(const struct cli *cli) {
    return str_equal(cli->format, "json");
}

bool cli_print(const char *text, struct error *err) {
    if (fputs(text, stdout) < 0 || fflush(stdout) != 0)
        return error_errno(err, errno, "cannot write the output");
    return true;
}

bool cli_print_json(const json_t *value, struct error *err) {
    _cleanup_free_ char *text = json_pretty(value), *line = str_printf("%s\n", text);
    return cli_print(line, err);
}
