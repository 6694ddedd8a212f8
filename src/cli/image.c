/* `berth image …` and `berth images`. */
#include "incus/image.h"
#include "cli/command.h"
#include "cli/flags.h"
#include "cli/targets.h"
#include "incus/socket.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct image_row {
    const char *fingerprint, *alias, *description, *created;
    int64_t size;
};

static struct image_row read_row(const json_t *image) {
    return (struct image_row){json_str_at(image, "fingerprint"),
                              json_str_at(json_array_get(json_at(image, "aliases"), 0), "name"),
                              json_str_at(image, "properties.description"),
                              json_str_at(image, "created_at"), json_int_at(image, "size")};
}

/* What has no alias is somebody's leftover, or the daemon's cache: with --all alone. */
static bool is_listed(const struct cli *cli, const struct image_row *row) {
    return (cli->all || *row->alias) && (!cli->image_prefix || str_starts(row->alias, cli->image_prefix));
}

static json_t *row_json(const struct image_row *row) {
    return json_pack("{s:o, s:s, s:I, s:o, s:s}", "alias", json_text(row->alias), "fingerprint",
                     row->fingerprint, "size", (json_int_t)row->size, "description",
                     json_text(row->description), "created_at", row->created);
}

static int list(struct cli *cli, struct error *err) {
    _cleanup_json_ json_t *all = NULL, *out = json_array();
    _cleanup_(buffer_done) struct buffer text = {0};
    if (!cli_connect(cli, err) ||
        !incus_request(cli->client, "GET", "/1.0/images?recursion=1", NULL, &all, err))
        return -1;
    buffer_printf(&text, "Available Images:\n  %-24s %-13s %9s  %s\n", "ALIAS", "FINGERPRINT", "SIZE",
                  "DESCRIPTION");
    size_t index;
    const json_t *image;
    json_array_foreach(all, index, image) {
        struct image_row row = read_row(image);
        if (!is_listed(cli, &row))
            continue;
        _cleanup_free_ char *alias = str_shown(row.alias), *words = str_shown(row.description);
        buffer_printf(&text, "  %-24s %-13.12s %6.1f MB  %s\n", *alias ? alias : "-", row.fingerprint,
                      (double)row.size / 1e6, words);
        json_array_append_new(out, row_json(&row));
    }
    if (json_array_size(out) == 0)
        buffer_text(&text, "  (none)\n");
    bool good = cli_wants_json(cli) ? cli_print_json(out, err) : cli_print(text.data, err);
    return good ? 0 : -1;
}

static int exists(struct cli *cli, struct error *err) {
    _cleanup_(error_done) struct error looking = {0};
    if (!cli_connect(cli, err))
        return -1;
    if (image_check(cli->client, cli->arguments.items[0], &looking))
        return 0;
    if (looking.class == ERROR_FAILED)
        return 1;
    error_move(err, &looking);
    return -1;
}

static int copy(struct cli *cli, struct error *err) {
    const char *name = cli->arguments.items[0], *project = cli->to_project;
    bool copied = false;
    if (str_empty(project)) {
        error_set(err, ERROR_USAGE, "--to PROJECT is required: the project that gets the image");
        return -1;
    }
    if (!cli_connect(cli, err))
        return -1;
    if (socket_is_users(incus_address(cli->client))) {
        error_set(err, ERROR_REFUSED, "only an administrator copies images from one project to another");
        error_hint(err, "sudo berth image copy %s --to %s", name, project);
        return -1;
    }
    if (!image_copy(cli->client, name, project, &copied, err))
        return -1;
    _cleanup_free_ char *line = str_printf(
        copied ? "Image %s copied to project %s\n" : "Image %s is in project %s\n", name, project);
    return cli_print(line, err) ? 0 : -1;
}

/* A container that runs cannot be published; it is never stopped by surprise. */
static int publish(struct cli *cli, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    if (!cli_connect(cli, err) || !cli_get_session(cli, cli->arguments.items[0], &instance, err))
        return -1;
    if (instance_running(&instance)) {
        error_set(err, ERROR_FAILED, "%s is running, and only a stopped container can be published",
                  instance.name);
        error_hint(err, "berth container stop %s", instance.name);
        return -1;
    }
    _cleanup_json_ json_t *body =
        json_pack("{s:{s:s, s:s}, s:[{s:o}]}", "source", "type", "instance", "name", instance.name,
                  "aliases", "name", json_text(cli->arguments.items[1]));
    if (cli->description)
        json_object_set_new(body, "properties",
                            json_pack("{s:o}", "description", json_text(cli->description)));
    _cleanup_json_ json_t *made = NULL;
    if (!operation_run(cli->client, "POST", "/1.0/images", body, NULL, NULL, &made, err))
        return -1;
    _cleanup_free_ char *line = str_printf("%s\n", json_str_at(made, "fingerprint"));
    return cli_print(line, err) ? 0 : -1;
}

/* By its alias, else by its fingerprint. */
static bool remove_image(struct cli *cli, const char *name, struct error *err) {
    _cleanup_json_ json_t *target = NULL;
    _cleanup_free_ char *path = incus_path(NULL, "images", "aliases", name, NULL);
    if (!incus_request(cli->client, "GET", path, NULL, &target, err) && err->code != 404)
        return false;
    error_done(err);
    _cleanup_free_ char *image =
        incus_path(NULL, "images", target ? json_str_at(target, "target") : name, NULL);
    return operation_run(cli->client, "DELETE", image, NULL, NULL, NULL, NULL, err);
}

static int delete_it(struct cli *cli, struct error *err) {
    if (!cli_connect(cli, err) || !image_check(cli->client, cli->arguments.items[0], err))
        return -1;
    _cleanup_free_ char *question = str_printf("delete the image %s?", cli->arguments.items[0]);
    return targets_confirm(cli, question, NULL, true, err) &&
                   remove_image(cli, cli->arguments.items[0], err)
               ? 0
               : -1;
}

static bool write_image(struct incus *client, const char *name, const char *path, bool *divided,
                        struct error *err) {
    _cleanup_fclose_ FILE *file = fopen(path, "wxe");
    if (!file)
        return error_errno(err, errno, "cannot write %s", path);
    return image_export(client, name, file, divided, err) &&
           ((fflush(file) == 0 && fsync(fileno(file)) == 0) ||
            error_errno(err, errno, "cannot write %s", path));
}

/* Beside the file first: what was there is not lost to an export that fails. */
static int export_it(struct cli *cli, struct error *err) {
    const char *name = cli->arguments.items[0], *path = cli->arguments.items[1];
    _cleanup_free_ char *beside = str_printf("%s.%d", path, (int)getpid());
    bool divided = false;
    if (!cli_connect(cli, err) || !image_check(cli->client, name, err))
        return -1;
    bool good = write_image(cli->client, name, beside, &divided, err) &&
                (rename(beside, path) == 0 || error_errno(err, errno, "cannot write %s", path));
    if (!good)
        unlink(beside);
    else if (divided)
        cli_notice(
            cli, "the image is of two files: this one berth image import takes, and not the incus command");
    return good ? 0 : -1;
}

static int import_it(struct cli *cli, struct error *err) {
    const char *path = cli->arguments.items[0], *alias = cli->arguments.items[1];
    _cleanup_free_ char *old = NULL;
    if (!cli_connect(cli, err))
        return -1;
    _cleanup_fclose_ FILE *file = fopen(path, "re");
    _cleanup_free_ char *fingerprint = file ? image_import_file(cli->client, file, err) : NULL;
    if (!file)
        error_errno(err, errno, "cannot read %s", path);
    if (!fingerprint || !image_set_alias(cli->client, alias, fingerprint, &old, err))
        return -1;
    if (old && !str_equal(old, fingerprint))
        cli_notice(cli, "%s was %.12s, which is still there", alias, old);
    _cleanup_free_ char *line = str_printf("Image %s imported: %.12s\n", alias, fingerprint);
    return cli_print(line, err) ? 0 : -1;
}

static int newest_last(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* PREFIX's images are versions, named so that the newest sorts last (PREFIX-20260131-120000). */
static int cleanup(struct cli *cli, struct error *err) {
    _cleanup_(strings_done) struct strings all = {0}, versions = {0}, details = {0};
    if (cli->keep < 1) {
        error_set(err, ERROR_USAGE, "--keep N is required: how many of the newest versions to keep");
        return -1;
    }
    if (!cli_connect(cli, err) || !image_aliases(cli->client, &all, err))
        return -1;
    for (size_t i = 0; i < all.count; i++)
        if (str_starts(all.items[i], cli->arguments.items[0]))
            strings_add(&versions, all.items[i]);
    if (versions.count <= (size_t)cli->keep) {
        return cli_print("Nothing to clean\n", err) ? 0 : -1;
    }
    qsort(versions.items, versions.count, sizeof *versions.items, newest_last);
    size_t old = versions.count - (size_t)cli->keep;
    for (size_t i = 0; i < old; i++)
        strings_printf(&details, "  %s", versions.items[i]);
    if (!targets_confirm(cli, "delete these images?", &details, true, err))
        return -1;
    for (size_t i = 0; i < old; i++)
        if (!remove_image(cli, versions.items[i], err))
            return -1;
    return 0;
}

static const struct flag *const list_flags[] = {&flag_format, &flag_every_image, &flag_prefix, NULL};

const struct command command_images = {
    .name = "images", .arguments = "", .summary = "list the images", .flags = list_flags, .run = list};
const struct command command_image = {.name = "image",
                                      .most = MANY,
                                      .arguments = "COMMAND",
                                      .summary = "images that sessions start from",
                                      .run = cli_group};
const struct command command_image_list = {
    .name = "image list", .arguments = "", .summary = "list the images", .flags = list_flags, .run = list};
const struct command command_image_exists = {.name = "image exists",
                                             .least = 1,
                                             .most = 1,
                                             .completes = COMPLETES_IMAGES,
                                             .arguments = "NAME",
                                             .summary = "exit status 0 if it exists, 1 if not",
                                             .run = exists};
const struct command command_image_copy = {
    .name = "image copy",
    .least = 1,
    .most = 1,
    .completes = COMPLETES_IMAGES,
    .arguments = "ALIAS --to PROJECT",
    .summary = "copy an image into another project, as that of a user (user-1000)",
    .flags = (const struct flag *const[]){&flag_to, NULL},
    .run = copy};
const struct command command_image_export = {.name = "image export",
                                             .least = 2,
                                             .most = 2,
                                             .completes = COMPLETES_IMAGES,
                                             .arguments = "ALIAS FILE",
                                             .summary = "write an image into a file",
                                             .run = export_it};
const struct command command_image_import = {.name = "image import",
                                             .least = 2,
                                             .most = 2,
                                             .completes = COMPLETES_NOTHING,
                                             .arguments = "FILE ALIAS",
                                             .summary = "bring in an image that was exported",
                                             .run = import_it};
const struct command command_image_publish = {.name = "image publish",
                                              .least = 2,
                                              .most = 2,
                                              .completes = COMPLETES_SESSIONS,
                                              .arguments = "CONTAINER ALIAS",
                                              .summary = "create an image from a stopped container",
                                              .flags =
                                                  (const struct flag *const[]){&flag_description, NULL},
                                              .run = publish};
const struct command command_image_delete = {.name = "image delete",
                                             .least = 1,
                                             .most = 1,
                                             .completes = COMPLETES_IMAGES,
                                             .arguments = "ALIAS",
                                             .summary = "delete an image; asks first on a terminal",
                                             .flags = (const struct flag *const[]){&flag_force, NULL},
                                             .run = delete_it};
const struct command command_image_cleanup = {
    .name = "image cleanup",
    .least = 1,
    .most = 1,
    .completes = COMPLETES_IMAGES,
    .arguments = "PREFIX --keep N",
    .summary = "delete all but the newest versions; asks first on a terminal",
    .flags = (const struct flag *const[]){&flag_keep, &flag_force, NULL},
    .run = cleanup};
