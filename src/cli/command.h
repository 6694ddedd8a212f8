/*
 * Commands: each file of this room holds one, as a value: its words, its flags, its function. The
 * parser, the help and the list of commands are made from these values and nothing else.
 */
#pragma once

#include "config/settings.h"
#include "incus/client.h"
#include "incus/instance.h"
#include "launch/request.h"

struct command;
struct cli;

/* What main.c hands in, for this room does not know the screen. */
struct cli_screen {
    /* berth without a command, on a terminal: the exit status; errors are left in err. */
    int (*open)(struct cli *cli, struct error *err);
    /* The screen's keys, one after the other, for the manual. */
    void (*keys)(void (*each)(void *data, const char *label, const char *words), void *data);
};

/* What the command line said, and what commands share. */
struct cli {
    struct settings settings;
    bool settled;         /* they could be loaded */
    struct error mistake; /* why not, for a command that bears it; the built-in ones are in force then */
    struct launch_request request;
    char *socket;
    char *remote;              /* NULL: this machine's daemon */
    char *token, *fingerprint; /* of remote add */
    char *format;              /* "text", "json" */
    bool quiet;
    bool verbose;
    bool no_color;
    bool all;
    bool dry_run;
    bool force;
    bool background;
    bool debug;
    bool bash;
    bool ephemeral;
    bool capture;
    bool recursive;
    bool shift;
    bool fix, fix_owners, apply, remove;
    char *description;
    char *image_prefix;
    char *to_project;
    bool manual;
    long user, group; /* -1: not given */
    long keep;
    char *cwd;
    char *resume; /* the id, "" for the last one; NULL: not asked for */
    bool sessions;
    bool probe;
    bool stateful;
    bool keep_failed, trust;
    char *base, *script, *recipe, *compression; /* of build */
    long timeout;                               /* seconds; 0: none */
    long wait;                                  /* seconds for a free slot */
    char *wait_for, *install;
    struct strings arguments;
    const struct command *command;
    struct loop *loop;
    struct incus *client; /* after cli_connect() */
    bool json_errors;
    const struct cli_screen *screen;
    struct stream *early;  /* of a run's command that waits for its workspace; NULL: none */
    struct stream *stream; /* that runs now, and gets the signals; NULL: none */
};

struct flag {
    const char *name;     /* without dashes */
    char letter;          /* 0: none */
    const char *argument; /* what it takes, for the help; NULL: nothing */
    const char *words;
    bool optional; /* the argument is: --resume[=ID] */
    bool (*take)(struct cli *cli, const char *value, struct error *err);
};

#define MANY SIZE_MAX

/* What a command's arguments are, for completion. */
enum completes {
    COMPLETES_NOTHING,
    COMPLETES_SESSIONS,
    COMPLETES_IMAGES,
    COMPLETES_RECORDS,
    COMPLETES_COMMANDS,
};

struct command {
    const char *name;
    const char *arguments;           /* "[PATH|NAME]" */
    size_t least, most;              /* how many of them; MANY: no limit */
    const char *summary;             /* one line */
    const char *help;                /* what more there is to say; may be NULL */
    const struct flag *const *flags; /* beside the global ones; ends with NULL */
    enum completes completes;
    bool bears_mistake; /* it runs although the settings could not be loaded */
    bool takes_command; /* the first word that is no flag begins a command of its own */
    /* The exit status; errors are left in err. */
    int (*run)(struct cli *cli, struct error *err);
};

/* The function of a command that has others under it ("container"): says which there are. Its `most` is
 * MANY. */
int cli_group(struct cli *cli, struct error *err);

/* Ends with NULL. "container exec" is a command under "container". */
extern const struct command *const commands[];
const struct command *command_find(const char *name);

/* berth's main: parses, runs, prints the error. Returns the exit status. */
int cli_main(int argc, char **argv, const struct cli_screen *screen);

/*
 * What may stand at the end of a command line, its last word unfinished; `names` are the sessions that
 * there are. The daemon is not asked.
 */
void completion_find(const struct strings *words, const struct strings *names, struct strings *found);

/* The daemon that is meant: --remote, --socket, or where it is found; a remote's settings are in force
 * then. */
bool cli_find_daemon(struct cli *cli, struct endpoint *endpoint, struct error *err) nodiscard;
/* Makes cli->loop and cli->client, once; asks the daemon nothing. */
bool cli_connect(struct cli *cli, struct error *err) nodiscard;
/* The instance of this name; an error says that it was not found, and what to do. */
bool cli_get_session(struct cli *cli, const char *name, struct instance *instance,
                     struct error *err) nodiscard;
/* A line on stderr, unless -q. */
void cli_notice(const struct cli *cli, const char *format, ...) printf_like(2, 3);
/* Prints an error as one line and its hints, or as JSON; returns the exit status. */
int cli_report(const struct cli *cli, struct error *err);
bool cli_wants_json(const struct cli *cli);
/* Prints to stdout, and says so if that fails (a full disk). */
bool cli_print(const char *text, struct error *err) nodiscard;
bool cli_print_json(const json_t *value, struct error *err) nodiscard;
