/* Our own certificate, by which remotes know us: made once, for all of them. */
#pragma once

#include "config/settings.h"

/* Its PEM files, client.crt and client.key beside the settings. Caller owns both. */
void identity_files(const struct settings *settings, char **certificate, char **key);
/* Makes them where they are missing; the key is readable for its user alone. */
bool identity_make(const struct settings *settings, struct error *err) nodiscard;
/* Whether they can be used: there, in force, and the key nobody else's to read. */
bool identity_check(const char *certificate, const char *key, struct error *err) nodiscard;
