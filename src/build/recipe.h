/*
 * Recipes: what an image is made of. An ini file of its own:
 *
 *   [image]
 *   name = agent              ; the alias that it gets
 *   base = coi                ; an image that is there, or debian:12, ubuntu:24.04, ./rootfs
 *   packages = ripgrep, jq
 *   script = setup.sh         ; run as root inside; paths are relative to the recipe
 *   run = npm install -g x    ; a line for sh, run as root behind it; may stand several times
 *   user = code               ; is there in the end, with the ids of the settings
 *   sudo = yes                ; who may become root inside without a password
 *   requires = tmux, git      ; commands that have to be there in the end
 *   description = …
 *   compression = zstd        ; of the image: gzip, …; none where it is not said
 *
 *   [files]
 *   motd = /etc/motd          ; of the host, and where to; ":0755" behind it is its mode
 */
#pragma once

#include "config/settings.h"

#include <sys/types.h>

#define RECIPE_FILE ".berth.image.ini" /* of a workspace */

struct recipe_file {
    char *source, *path;
    mode_t mode;
};

struct recipe {
    char *file;      /* its name, for errors; NULL: it was made of flags alone */
    char *directory; /* what its paths are relative to */
    int root;        /* of a workspace, which nothing of it may be outside; -1: it is the user's own */
    char *name, *base, *script, *user, *description, *compression;
    struct strings packages, requires, run;
    struct recipe_file *files;
    size_t file_count;
    bool sudo;
};
/* An empty one. */
void recipe_init(struct recipe *recipe);
void recipe_done(struct recipe *recipe);

/* Reads a recipe's text; an error says where a mistake is. */
bool recipe_parse(struct recipe *recipe, const char *file, const char *content,
                  struct error *err) nodiscard;
/* The same of a file, which may be anywhere. */
bool recipe_load(struct recipe *recipe, const char *file, struct error *err) nodiscard;
/* The same of a workspace's RECIPE_FILE; *there is false, and nothing an error, if it has none. */
bool recipe_load_workspace(struct recipe *recipe, const char *workspace, bool *there,
                           struct error *err) nodiscard;

/* Adds what a session is used to: its user, who may become root, tmux and git. */
void recipe_usual(struct recipe *recipe, const char *user);
/* Whether it can be built: a base, names that are some. */
bool recipe_check(const struct recipe *recipe, struct error *err) nodiscard;
/* A file of the recipe, to be read; -1 with an error. The caller closes it. */
int recipe_open(const struct recipe *recipe, const char *path, struct error *err) nodiscard;
/*
 * SHA-256 of all that goes into the image: the recipe, the contents of what it names, the ids of its user,
 * and `base`, what its base is just now (an image's fingerprint). Caller owns; NULL with an error.
 */
char *recipe_digest(const struct recipe *recipe, const struct settings *settings, const char *base,
                    struct error *err) nodiscard;
