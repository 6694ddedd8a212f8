/*
 * What a workspace asks for of itself, in a file .berth.ini of the form of the configuration file. It comes
 * with a repository from somewhere: what makes a session less is taken, what lets it reach more needs the
 * user's word, which holds for the file as it is and no longer than that.
 */
#pragma once

#include "config/settings.h"

#define TRUST_FILE ".berth.ini"

/* What it came to: a line for each thing that it asks for, as it stands there. */
struct asked {
    bool there;   /* there is such a file */
    bool trusted; /* this one, as it is */
    struct strings taken, refused;
};
void asked_done(struct asked *asked);

/*
 * Reads the file of a workspace (its resolved path) and puts into `settings` what is taken; the environment
 * and flags win over it. A file with a mistake, a link, and a key that no workspace may set are errors that
 * name it.
 */
bool trust_apply(const char *workspace, struct settings *settings, struct asked *asked,
                 struct error *err) nodiscard;

/* Remembers the file as it is now, or forgets it. An error if there is none. */
bool trust_set(const char *workspace, bool trusted, struct error *err) nodiscard;
/*
 * The same of something else, called `key`, whose digest is `digest`: whether it is trusted as it is, and
 * that it is from now on.
 */
bool trust_knows(const char *key, const char *digest);
bool trust_remember(const char *key, const char *digest, struct error *err) nodiscard;
/* The file's text; "" if there is none. */
bool trust_read(const char *workspace, struct buffer *text, struct error *err) nodiscard;
