/* The images that there are: age, size, who uses them; and keys that delete them or begin a command. */
#include "base/time.h"
#include "incus/image.h"
#include "ui/view/cursor.h"
#include "ui/view/host.h"

#include <string.h>

struct image_row {
    char *alias, *fingerprint, *description;
    int64_t made; /* seconds of the epoch */
    int64_t size; /* bytes */
};

struct images {
    struct host *host;
    struct image_row *rows;
    size_t count, cursor, first;
    struct error err; /* why there are none */
    bool loaded, closed;
    char *doomed; /* the fingerprint of what is to be deleted; NULL: the task only looks */
    char *doomed_name;
    struct task *task;
};

static void forget(struct images *images) {
    for (size_t i = 0; i < images->count; i++) {
        free(images->rows[i].alias);
        free(images->rows[i].fingerprint);
        free(images->rows[i].description);
    }
    free(images->rows);
    images->rows = NULL;
    images->count = 0;
    error_done(&images->err);
}

static void images_free(struct images *images) {
    forget(images);
    free(images->doomed);
    free(images->doomed_name);
    free(images);
}

static int by_alias(const void *a, const void *b) {
    const struct image_row *one = a, *other = b;
    /* those without a name last */
    return !*one->alias != !*other->alias ? !*one->alias - !*other->alias
                                          : strcmp(one->alias, other->alias);
}

static void load(struct images *images) {
    _cleanup_json_ json_t *all = NULL;
    _cleanup_free_ char *path = incus_path("recursion=1", "images", NULL);
    struct error err = {0};
    bool good = incus_request(images->host->client, "GET", path, NULL, &all, &err);
    size_t index;
    const json_t *image;
    forget(images);
    images->err = err;
    images->loaded = true;
    if (!good)
        return;
    images->rows = mem_new((json_array_size(all) + 1) * sizeof *images->rows);
    json_array_foreach(all, index, image) {
        images->rows[images->count++] = (struct image_row){
            .alias = str_shown(json_str_at(json_array_get(json_at(image, "aliases"), 0), "name")),
            .fingerprint = str_copy(json_str_at(image, "fingerprint")),
            .description = str_shown(json_str_at(image, "properties.description")),
            .made = time_epoch(json_str_at(image, "created_at")),
            .size = json_int_at(image, "size")};
    }
    qsort(images->rows, images->count, sizeof *images->rows, by_alias);
    if (images->cursor >= images->count)
        images->cursor = images->count ? images->count - 1 : 0;
}

static bool delete_it(const struct images *images, struct error *err) {
    struct host *host = images->host;
    _cleanup_free_ char *question = str_printf("Delete the image %s?", images->doomed_name);
    _cleanup_(strings_done) struct strings details = {0};
    strings_add(&details, "  containers that were made of it stay as they are");
    if (!host->ask(host, question, &details))
        return true;
    if (!image_delete(host->client, images->doomed, err))
        return false;
    host->say(host, STYLE_GOOD, "image %s deleted", images->doomed_name);
    return true;
}

static void work(void *data) {
    struct images *images = data;
    _cleanup_(error_done) struct error err = {0};
    if (images->doomed && !delete_it(images, &err))
        images->host->error(images->host, &err);
    str_set(&images->doomed, NULL);
    if (!images->closed)
        load(images);
    images->task = NULL;
    if (images->closed)
        images_free(images);
    else
        images->host->redraw(images->host);
}

static void *enter(struct host *host, const void *argument) {
    struct images *images = mem_new(sizeof *images);
    (void)argument;
    images->host = host;
    images->task = task_start(host->loop, work, images);
    return images;
}

static void leave(void *state) {
    struct images *images = state;
    images->closed = true;
    if (!images->task)
        images_free(images);
}

/* Sessions that were made of it, as they say themselves. */
static void find_users(const struct host *host, const struct image_row *row, struct strings *users) {
    for (size_t i = 0; i < host->store->count; i++) {
        const struct session *session = &host->store->rows[i]->session;
        if ((*row->alias && str_equal(session->image, row->alias)) ||
            (strlen(session->image) >= 12 && str_starts(row->fingerprint, session->image)))
            strings_add(users, session->name);
    }
}

static char *say_age(int64_t made) {
    long long seconds = (long long)(time_now_ms() / 1000 - made);
    return made <= 0         ? str_copy("")
           : seconds < 3600  ? str_printf("%lldm", seconds / 60)
           : seconds < 86400 ? str_printf("%lldh", seconds / 3600)
                             : str_printf("%lldd", seconds / 86400);
}

static void draw_row(const struct images *images, size_t i, struct area area, int row) {
    const struct image_row *image = &images->rows[i];
    _cleanup_(strings_done) struct strings users = {0};
    find_users(images->host, image, &users);
    _cleanup_free_ char *age = say_age(image->made),
                        *name = *image->alias ? draw_shorten(image->alias, 26)
                                              : str_printf("%.12s", image->fingerprint),
                        *used = users.count ? str_printf("%zu", users.count) : str_copy("");
    draw_text(area, row, 1,
              i == images->cursor ? STYLE_SELECTED
              : *image->alias     ? STYLE_PLAIN
                                  : STYLE_DIM,
              name);
    draw_format(area, row, 29, STYLE_PLAIN, "%6s", age);
    draw_format(area, row, 36, STYLE_PLAIN, "%8.1f MB", (double)image->size / 1e6);
    draw_format(area, row, 48, users.count ? STYLE_GOOD : STYLE_DIM, "%8s", used);
    draw_text(area, row, 58, STYLE_DIM, image->description);
}

/* By name, of the one under the cursor, in the last row. */
static void draw_users(const struct images *images, struct area area) {
    _cleanup_(strings_done) struct strings users = {0};
    if (images->cursor >= images->count)
        return;
    find_users(images->host, &images->rows[images->cursor], &users);
    _cleanup_free_ char *all = users.count ? strings_join(&users, ", ") : NULL,
                        *shown = all ? draw_shorten(all, area.columns - 11) : NULL;
    if (shown)
        draw_format(area, area.rows - 1, 1, STYLE_DIM, "used by %s", shown);
}

static void draw(void *state, struct area area) {
    struct images *images = state;
    struct area box = {area.row + 1, area.column, area.rows - 2, area.columns}, inside = draw_box(box);
    size_t rows = inside.rows > 3 ? (size_t)inside.rows - 2 : 1;
    draw_text(box, 0, 2, STYLE_STRONG, "Images");
    if (images->err.class) {
        draw_wrapped(inside, 0, 1, STYLE_WARNING, images->err.message);
        return;
    }
    draw_format(inside, 0, 1, STYLE_DIM, "%-28s%6s %11s %8s  %s", "NAME", "AGE", "SIZE", "SESSIONS",
                "DESCRIPTION");
    if (images->cursor < images->first)
        images->first = images->cursor;
    if (images->cursor >= images->first + rows)
        images->first = images->cursor - rows + 1;
    for (size_t i = images->first; i < images->count && i < images->first + rows; i++)
        draw_row(images, i, inside, 1 + (int)(i - images->first));
    draw_users(images, inside);
    if (images->loaded && !images->count)
        draw_text(inside, 1, 1, STYLE_DIM, "no image yet: b builds one");
}

/* A command line with the image's name in it, which is the user's to end. */
static void type(struct images *images, const char *before, const char *behind) {
    struct host *host = images->host;
    const struct image_row *row = images->cursor < images->count ? &images->rows[images->cursor] : NULL;
    const char *name = !row ? "" : *row->alias ? row->alias : row->fingerprint;
    _cleanup_free_ char *quoted = str_quoted(name),
                        *text = str_printf("%s %s%s", before, *name ? quoted : "", behind);
    host->close(host, images);
    host->command(host, text);
}

static void key(void *state, const struct key *key) {
    struct images *images = state;
    struct host *host = images->host; /* the state goes with its layer */
    enum action action = keys_action(key);
    bool chosen = images->cursor < images->count;
    if (key->pasted)
        return;
    if (cursor_move(&images->cursor, images->count, action))
        return;
    if (key->code == 'd' && chosen && !images->task) {
        const struct image_row *row = &images->rows[images->cursor];
        str_set(&images->doomed, row->fingerprint);
        str_set(&images->doomed_name, *row->alias ? row->alias : row->fingerprint);
        images->task = task_start(host->loop, work, images);
    } else if (key->code == 'b') {
        type(images, "build", "");
    } else if (key->code == 'c' && chosen) {
        type(images, "image copy", " --to ");
    } else if (key->code == 'e' && chosen) {
        type(images, "image export", " ");
    } else if (key->code == 'i') {
        host->close(host, images);
        host->command(host, "image import ");
    } else if (key->code != 'd') {
        host->close(host, images);
    }
}

const struct view view_images = {
    .footer = "b build   d delete   e export   i import   c copy to a project   esc close",
    .enter = enter,
    .leave = leave,
    .draw = draw,
    .key = key};
