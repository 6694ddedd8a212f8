/* What an image is built from: one that is there, or a distribution that is fetched. */
#pragma once

#include "build/recipe.h"
#include "incus/client.h"
#include "incus/operation.h"

enum base_kind {
    BASE_IMAGE,     /* the daemon has it: `fingerprint` */
    BASE_BOOTSTRAP, /* made here by mmdebstrap(1), from the mirror that apt uses: `suite` */
    BASE_DIRECTORY, /* a root filesystem in a directory of the host: `directory` */
    BASE_SERVER,    /* fetched by the daemon from an image server: `alias` */
};

struct base {
    enum base_kind kind;
    char *fingerprint, *suite, *alias;
    char *directory, *directory_digest;
    bool made; /* `fingerprint` was made for this build, and goes when it is over */
};
void base_done(struct base *base);

/*
 * Finds out what the recipe's base is: a directory, where it has a slash ("./rootfs", relative to the
 * recipe): a root filesystem, or one that holds rootfs.tar; an image of that name; else "debian:12" and the
 * like by mmdebstrap where this machine has it, else from images.linuxcontainers.org, which the daemon must
 * reach. Nothing is made here. An error says what would be a base.
 */
bool base_find(struct incus *client, const struct recipe *recipe, struct base *base,
               struct error *err) nodiscard;
/* Whether this names a distribution: "debian:12". */
bool base_is_release(const char *name);
/* What stands for it in the recipe's digest. Lent. */
const char *base_identity(const struct base *base);

/*
 * Makes the image that a directory or a BASE_BOOTSTRAP needs, that with the recipe's packages in it, as
 * `base->fingerprint`; nothing for the others. `output` gets mmdebstrap's lines.
 */
bool base_make(struct incus *client, const struct recipe *recipe, struct base *base,
               struct error *err) nodiscard;
/* Removes what was made. */
void base_drop(struct incus *client, struct base *base);

/* The "source" of the creating call. A new reference. */
json_t *base_source(const struct base *base) nodiscard;
