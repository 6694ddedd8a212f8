/* `berth build`. */
#include "build/build.h"
#include "base/path.h"
#include "build/base.h"
#include "cli/command.h"
#include "cli/flags.h"
#include "cli/launching.h"
#include "launch/trust.h"
#include "workspace/workspace.h"

#include <string.h>

static void step(void *data, const char *words) {
    cli_notice(data, "%s", words);
}

static void progress(void *data, const char *words) {
    if (isatty(STDERR_FILENO))
        cli_notice(data, "%s", words);
}

/* All but characters and the ends of lines becomes "?": no command to the terminal is left (ECMA-48). */
static void make_harmless(unsigned char *text, size_t size) {
    for (size_t i = 0; i < size;) {
        size_t length = str_utf8_length(text + i);
        bool control = length == 2 && text[i] == 0xc2 && text[i + 1] < 0xa0, /* C1 */
            line = text[i] == '\n' || text[i] == '\r' || text[i] == '\t';
        if (length == 0 || control || text[i] == 0x7f || (text[i] < ' ' && !line))
            text[i++] = '?';
        else
            i += length;
    }
}

/* What runs in the container may write what it likes: to a terminal goes what is none of its commands. */
static void output(void *data, const void *bytes, size_t size) {
    const struct cli *cli = data;
    if (cli->quiet)
        return;
    _cleanup_free_ char *text = mem_new(size + 1); /* there may be any bytes, NUL too */
    memcpy(text, bytes, size);
    if (isatty(STDERR_FILENO))
        make_harmless((unsigned char *)text, size);
    fwrite(text, 1, size, stderr);
}

/* ~/.config/berth/images/NAME.ini, beside the settings. Caller owns. */
static char *own_recipe(const struct cli *cli, const char *name) {
    const char *file = cli->settings.file, *slash = file ? strrchr(file, '/') : NULL;
    return slash ? str_printf("%.*s/images/%s.ini", (int)(slash - file), file, name) : NULL;
}

/* A repository's recipe is run only with the user's word for it, as it is now. */
static bool ask_trust(struct cli *cli, const struct recipe *recipe, const char *workspace,
                      struct error *err) {
    _cleanup_free_ char *digest = recipe_digest(recipe, &cli->settings, "", err),
                        *key = str_printf("%s/" RECIPE_FILE, workspace);
    _cleanup_(buffer_done) struct buffer text = {0};
    struct launch_watcher watcher = cli_watcher(cli);
    if (!digest)
        return false;
    if (trust_knows(key, digest))
        return true;
    if (cli->trust)
        return trust_remember(key, digest, err);
    if (!cli->quiet && path_read(key, &text, err)) {
        _cleanup_free_ char *copy = str_copy(text.data ? text.data : "");
        char *rest = copy;
        for (char *line; (line = strsep(&rest, "\n"));) {
            _cleanup_free_ char *shown = str_shown(line);
            fprintf(stderr, "  %s\n", shown);
        }
    }
    error_done(err);
    if (watcher.ask(watcher.data, "this comes from the workspace: build it, and trust it as it is now?"))
        return trust_remember(key, digest, err);
    error_set(err, ERROR_REFUSED, "the recipe of %s is not trusted, or has changed since", workspace);
    error_hint(err, "berth build --trust builds it, and trusts it as it is now");
    return false;
}

/* The workspace's own; *there is false if it has none. */
static bool load_workspace(struct cli *cli, struct recipe *recipe, bool *there, struct error *err) {
    _cleanup_(workspace_done) struct workspace workspace = {0};
    return workspace_find(cli->request.workspace ? cli->request.workspace : ".", &workspace, err) &&
           recipe_load_workspace(recipe, workspace.source, there, err) &&
           (!*there || ask_trust(cli, recipe, workspace.source, err));
}

/* --file, one of that name beside the settings, the flags alone, the workspace's, the settings'. */
static bool find_recipe(struct cli *cli, const char *name, struct recipe *recipe, struct error *err) {
    const char *set = settings_text(&cli->settings, SETTING_RECIPE);
    _cleanup_free_ char *own = name ? own_recipe(cli, name) : NULL, *expanded = path_expand_home(set);
    bool there = false;
    if (cli->recipe)
        return recipe_load(recipe, cli->recipe, err);
    if (own && access(own, F_OK) == 0)
        return recipe_load(recipe, own, err);
    if (cli->base)
        return true;
    if (!load_workspace(cli, recipe, &there, err))
        return false;
    if (there)
        return true;
    if (*set)
        return recipe_load(recipe, expanded, err);
    error_set(err, ERROR_USAGE, "there is no recipe");
    error_hint(err,
               "--file FILE, a file " RECIPE_FILE " in the workspace, [container] recipe in the settings,");
    error_hint(err, "or --base IMAGE with --script FILE");
    return false;
}

static bool build_one(struct cli *cli, struct recipe *recipe, const char *alias, struct error *err) {
    const struct build_watcher watcher = {step, progress, output, cli};
    const struct build_request request = {recipe, &cli->settings, alias, cli->force, cli->keep_failed};
    enum build_outcome outcome = BUILD_MADE;
    _cleanup_free_ char *fingerprint = NULL;
    if (!build_image(cli->client, &request, &watcher, &outcome, &fingerprint, err))
        return false;
    _cleanup_free_ char *line =
        str_printf(outcome == BUILD_MADE ? "Image %s built: %.12s\n" : "Image %s is unchanged: %.12s\n",
                   alias, fingerprint);
    return cli_print(line, err);
}

static void take_flags(struct cli *cli, struct recipe *recipe) {
    if (cli->base)
        str_set(&recipe->base, cli->base);
    if (!recipe->file && base_is_release(cli->base))
        recipe_usual(recipe, settings_text(&cli->settings, SETTING_CODE_USER));
    if (cli->compression)
        str_set(&recipe->compression, cli->compression);
    if (!cli->script)
        return;
    _cleanup_(error_done) struct error ignored = {0};
    _cleanup_free_ char *path = path_absolute(cli->script, &ignored);
    str_set(&recipe->script, path ? path : cli->script);
}

/* Of a profile: its recipe, under the name of its image. */
static bool build_profile(struct cli *cli, const char *profile, const char *file, struct error *err) {
    _cleanup_(recipe_done) struct recipe recipe;
    _cleanup_free_ char *expanded = path_expand_home(file);
    const char *alias = NULL;
    recipe_init(&recipe);
    for (size_t i = 0; i < cli->settings.profile_count; i++)
        if (str_equal(cli->settings.profiles[i].profile, profile) &&
            cli->settings.profiles[i].which == SETTING_IMAGE)
            alias = cli->settings.profiles[i].text;
    if (!recipe_load(&recipe, expanded, err))
        return false;
    if (!alias)
        alias = recipe.name;
    return alias ? build_one(cli, &recipe, alias, err)
                 : error_set(err, ERROR_USAGE, "%s: neither it nor the profile %s names the image", file,
                             profile);
}

static int build_all(struct cli *cli, struct error *err) {
    size_t bad = 0, count = 0;
    for (size_t i = 0; i < cli->settings.profile_count; i++) {
        const struct profile_value *value = &cli->settings.profiles[i];
        _cleanup_(error_done) struct error failed = {0};
        if (value->which != SETTING_RECIPE)
            continue;
        count++;
        if (build_profile(cli, value->profile, value->text, &failed))
            continue;
        if (failed.class == ERROR_CANCELLED) {
            error_move(err, &failed);
            return -1;
        }
        bad++;
        fprintf(stderr, "berth: profile %s: %s\n", value->profile, failed.message);
    }
    if (count && !bad)
        return 0;
    error_set(err, count ? ERROR_FAILED : ERROR_USAGE,
              count ? "%zu of %zu images were not built" : "no profile has a recipe", bad, count);
    return -1;
}

static int build(struct cli *cli, struct error *err) {
    _cleanup_(recipe_done) struct recipe recipe;
    const char *name = cli->arguments.count ? cli->arguments.items[0] : NULL;
    recipe_init(&recipe);
    if (!cli_connect(cli, err) || !cli_catch_signals(cli, err))
        return -1;
    if (cli->all)
        return build_all(cli, err);
    if (!find_recipe(cli, name, &recipe, err))
        return -1;
    take_flags(cli, &recipe);
    const char *alias = name          ? name
                        : recipe.name ? recipe.name
                                      : settings_text(&cli->settings, SETTING_IMAGE);
    return build_one(cli, &recipe, alias, err) ? 0 : -1;
}

const struct command command_build = {
    .name = "build",
    .most = 1,
    .completes = COMPLETES_IMAGES,
    .arguments = "[NAME]",
    .summary = "make an image from a recipe; nothing is done where nothing has changed",
    .help =
        "A recipe is an ini file: [image] name, base, packages, script, run, user, sudo, requires,\n"
        "description, compression; [files] HOST = PATH[:MODE]. It is --file, images/NAME.ini beside the\n"
        "settings, " RECIPE_FILE " of the workspace (which is asked about first), or [container] recipe.\n"
        "The base is an image that is there, a directory with a root filesystem, or a distribution: by "
        "mmdebstrap from apt's mirror where\n"
        "that is installed, else from images.linuxcontainers.org. The image is built in a container\n"
        "without a workspace, on the default profile's network. The old one keeps its name until the\n"
        "new one is good.",
    .flags =
        (const struct flag *const[]){&flag_base, &flag_script, &flag_file, &flag_rebuild, &flag_compression,
                                     &flag_keep_failed, &flag_every_recipe, &flag_trust, NULL},
    .run = build};
