/* Images: whether one is there, what others are, and a copy of one into another project. */
#pragma once

#include "incus/client.h"

#include <stdio.h>

/*
 * Whether the daemon has an image of this alias or fingerprint (12 digits or more). If not: an error
 * that lists the aliases that there are.
 */
bool image_check(struct incus *client, const char *name, struct error *err) nodiscard;
/*
 * The whole fingerprint of the image of this alias or fingerprint; NULL if there is none (the error's code
 * is 404), or with an error. Caller owns.
 */
char *image_fingerprint(struct incus *client, const char *name, struct error *err) nodiscard;
/* The image, the daemon's object. A new reference; NULL with an error. */
json_t *image_get(struct incus *client, const char *fingerprint, struct error *err) nodiscard;
/*
 * Makes the alias stand for this image, whatever it stood for before; *old, unless NULL, gets that, NULL if
 * there was no such alias; caller owns.
 */
bool image_set_alias(struct incus *client, const char *alias, const char *fingerprint, char **old,
                     struct error *err) nodiscard;
bool image_delete(struct incus *client, const char *fingerprint, struct error *err) nodiscard;
/*
 * Writes the image into a file as the daemon gives it: one tar file; or, where the image is of two, a form
 * (RFC 7578) with both, which image_import_file() takes again and the incus command does not: *divided.
 */
bool image_export(struct incus *client, const char *name, FILE *to, bool *divided,
                  struct error *err) nodiscard;
/* Brings in what image_export() or `incus image export` wrote as one file. As image_import(). */
char *image_import_file(struct incus *client, FILE *from, struct error *err) nodiscard;
/* Brings in an image of two tar files; its fingerprint, NULL with an error. Caller owns. */
char *image_import(struct incus *client, const char *metadata, const char *rootfs,
                   struct error *err) nodiscard;

/*
 * Copies it, by its alias, into another project of the daemon's, with that alias: through a file of ours,
 * since the daemon copies between projects only when it listens on the network. *copied is false if the
 * project has this image under this alias already. An alias that is another image's there is an error.
 */
bool image_copy(struct incus *client, const char *name, const char *project, bool *copied,
                struct error *err) nodiscard;
bool image_aliases(struct incus *client, struct strings *aliases, struct error *err) nodiscard;
