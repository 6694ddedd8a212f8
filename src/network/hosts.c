#include "network/hosts.h"

#include "incus/file.h"

#include <errno.h>
#include <string.h>

#define HOSTS_PATH "/etc/hosts"
#define MARK_BEGIN "# berth: what this session may reach\n"
#define MARK_END   "# berth: end\n"

char *hosts_text(const char *before, const char *lines) {
    struct buffer text = {0};
    const char *begin = strstr(before, MARK_BEGIN), *end = begin ? strstr(begin, MARK_END) : NULL;
    buffer_text(&text, "");
    if (end) {
        buffer_add(&text, before, (size_t)(begin - before));
        buffer_text(&text, end + strlen(MARK_END));
    } else {
        buffer_text(&text, before);
    }
    if (!*lines)
        return text.data;
    if (text.size && text.data[text.size - 1] != '\n')
        buffer_text(&text, "\n");
    buffer_printf(&text, MARK_BEGIN "%s" MARK_END, lines);
    return text.data;
}

static bool read_file(struct incus *client, const char *instance, char **content, size_t *size,
                      struct file_info *info, struct error *err) {
    _cleanup_(strings_done) struct strings names = {0};
    _cleanup_(error_done) struct error reading = {0};
    FILE *to = open_memstream(content, size);
    if (!to)
        return error_errno(err, errno, "cannot read " HOSTS_PATH);
    bool there = file_get(client, instance, HOSTS_PATH, to, info, &names, &reading);
    fclose(to);
    if (there || reading.code != 404) {
        error_move(err, &reading);
        return there;
    }
    *info = (struct file_info){.type = FILE_REGULAR, .mode = 0644};
    return true;
}

bool hosts_write(struct incus *client, const char *instance, const struct answers *answers,
                 struct error *err) {
    _cleanup_free_ char *before = NULL, *lines = answers_hosts(answers);
    size_t size = 0;
    struct file_info info = {0};
    if (!read_file(client, instance, &before, &size, &info, err)) {
        error_prefix(err, HOSTS_PATH " in %s", instance);
        return false;
    }
    if (info.type != FILE_REGULAR || strlen(before) != size)
        return error_set(err, ERROR_FAILED,
                         HOSTS_PATH " in %s is no text file: names cannot be listed there", instance);
    _cleanup_free_ char *after = hosts_text(before, lines);
    if (str_equal(before, after))
        return true;
    _cleanup_fclose_ FILE *from = fmemopen(after, strlen(after), "r");
    if (!from)
        return error_errno(err, errno, "cannot write " HOSTS_PATH);
    if (file_put(client, instance, HOSTS_PATH, &info, from, NULL, err))
        return true;
    error_prefix(err, HOSTS_PATH " in %s", instance);
    return false;
}
