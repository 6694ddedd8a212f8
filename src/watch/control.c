#include "watch/control.h"

#include <string.h>

#define LINE_LIMIT  (1u << 20)
#define REPLY_LIMIT (8u << 20)

void control_done(struct control *control) {
    buffer_done(&control->line);
    buffer_done(&control->reply);
    free(control->guard);
    control->guard = NULL;
}

/* Bytes below 32 and the backslash are written as \NNN. In place; the size of what that was. */
static size_t decode(char *text) {
    char *to = text;
    for (const char *from = text; *from;) {
        bool escaped = from[0] == '\\' && strspn(from + 1, "01234567") >= 3;
        if (!escaped) {
            *to++ = *from++;
            continue;
        }
        *to++ = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
        from += 4;
    }
    *to = 0;
    return (size_t)(to - text);
}

/* The word at *rest, which is then behind it and the blank. */
static char *next_word(char **rest) {
    char *word = strsep(rest, " ");
    if (!*rest)
        *rest = word + strlen(word);
    return word;
}

/* "%extended-output %0 120 : …" once pause-after is asked for; "%output %0 …" else. */
static void take_output(struct control *control, char *rest, bool extended) {
    const char *pane = next_word(&rest);
    char *bytes = rest;
    if (extended) {
        bytes = strstr(rest, ": ");
        if (!bytes)
            return;
        bytes += 2;
    }
    control->handler->output(control->data, pane, bytes, decode(bytes));
}

/* "%subscription-changed NAME $SESSION @WINDOW INDEX %PANE … : VALUE" */
static void take_value(struct control *control, char *rest) {
    const char *name = next_word(&rest), *pane = "-";
    char *value = strstr(rest, " : ");
    if (!value)
        return;
    *value = 0;
    for (char *word; *rest;) {
        word = next_word(&rest);
        if (*word == '%')
            pane = word;
    }
    control->handler->value(control->data, pane, name, value + 3);
}

static void take_notification(struct control *control, char *line) {
    static const char *const changes[] = {"%layout-change",          "%window-pane-changed",
                                          "%session-window-changed", "%window-add",
                                          "%window-close",           "%session-changed"};
    char *rest = line;
    const char *word = next_word(&rest);
    if (str_equal(word, "%output") || str_equal(word, "%extended-output"))
        take_output(control, rest, str_equal(word, "%extended-output"));
    else if (str_equal(word, "%subscription-changed"))
        take_value(control, rest);
    else if (str_equal(word, "%pause"))
        control->handler->paused(control->data, next_word(&rest));
    else if (str_equal(word, "%exit"))
        control->handler->left(control->data, rest);
    for (size_t i = 0; i < array_length(changes); i++)
        if (str_equal(word, changes[i]))
            control->handler->changed(control->data);
}

/* "%begin TIME NUMBER FLAGS"; the lowest flag says that the command is this client's. */
static void begin_reply(struct control *control, const char *guard) {
    const char *flags = strrchr(guard, ' ');
    buffer_drop_end(&control->reply, 0);
    str_set(&control->guard, guard);
    control->ours = flags && flags[1] && (flags[strlen(flags) - 1] - '0') % 2 == 1;
}

/* Whether the line is the end of the answer that is coming in. */
static bool end_reply(struct control *control, const char *line) {
    bool good = str_starts(line, "%end ");
    const char *guard = line + (good ? strlen("%end ") : strlen("%error "));
    if ((!good && !str_starts(line, "%error ")) || !str_equal(guard, control->guard))
        return false;
    str_set(&control->guard, NULL);
    if (control->ours)
        control->handler->reply(control->data, good, control->reply.data ? control->reply.data : "",
                                control->reply.size);
    buffer_drop_end(&control->reply, 0);
    return true;
}

static bool take_line(struct control *control, char *line) {
    if (!control->guard) {
        if (str_starts(line, "%begin "))
            begin_reply(control, line + strlen("%begin "));
        else if (*line == '%')
            take_notification(control, line);
        return true;
    }
    if (end_reply(control, line))
        return true;
    buffer_text(&control->reply, line);
    buffer_text(&control->reply, "\n");
    return control->reply.size <= REPLY_LIMIT;
}

bool control_feed(struct control *control, const void *bytes, size_t size) {
    const char *rest = bytes;
    while (size > 0) {
        const char *end = memchr(rest, '\n', size);
        size_t length = end ? (size_t)(end - rest) : size;
        buffer_add(&control->line, rest, length);
        if (control->line.size > LINE_LIMIT)
            return false;
        rest += length + (end != NULL);
        size -= length + (end != NULL);
        if (!end)
            return true;
        /* the handler may end all this: what it is called with is its own */
        struct buffer line = control->line;
        control->line = (struct buffer){0};
        bool good = !line.data || take_line(control, line.data);
        buffer_drop_end(&line, 0);
        buffer_done(&control->line);
        control->line = line;
        if (!good)
            return false;
    }
    return true;
}
