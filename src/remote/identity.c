#include "remote/identity.h"

#include "base/path.h"
#include "incus/tls.h"
#include "remote/file.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

void identity_files(const struct settings *settings, char **certificate, char **key) {
    const char *file = settings->remotes_file, *slash = strrchr(file, '/');
    *certificate = str_printf("%.*s/client.crt", (int)(slash - file), file);
    *key = str_printf("%.*s/client.key", (int)(slash - file), file);
}

/* "dev@laptop": what an administrator there sees in the list of those whom the daemon trusts. */
static char *own_name(void) {
    char host[65] = "";
    const struct passwd *account = getpwuid(getuid());
    gethostname(host, sizeof host - 1);
    return str_printf("%.30s@%.30s", account ? account->pw_name : "somebody", host);
}

bool identity_make(const struct settings *settings, struct error *err) {
    _cleanup_free_ char *certificate = NULL, *key = NULL, *name = own_name();
    identity_files(settings, &certificate, &key);
    if (access(certificate, F_OK) == 0 && access(key, F_OK) == 0)
        return identity_check(certificate, key, err);
    _cleanup_(buffer_done) struct buffer public = {0}, private = {0};
    bool good = tls_make_identity(name, &public, &private, err) &&
                file_replace(key, private.data, private.size, 0600, err) &&
                file_replace(certificate, public.data, public.size, 0644, err);
    if (private.data)
        explicit_bzero(private.data, private.size);
    return good;
}

bool identity_check(const char *certificate, const char *key, struct error *err) {
    _cleanup_(buffer_done) struct buffer content = {0};
    struct stat info;
    if (!path_read(certificate, &content, err))
        return false;
    if (!tls_in_force(content.data, content.size, certificate, err)) {
        error_hint(err,
                   "move it and its key away: berth remote add makes a new one, which has to be trusted "
                   "anew");
        return false;
    }
    if (stat(key, &info) < 0)
        return error_errno(err, errno, "our own key %s", key);
    if ((info.st_mode & 077) == 0)
        return true;
    error_set(err, ERROR_REFUSED, "the key %s may be read by others: it is not used", key);
    error_hint(err, "chmod 600 %s", key);
    return false;
}
