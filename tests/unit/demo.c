/* The recorded session (assets/record) is played back: the README's pictures are what it shows. */
#include "base/json.h"
#include "base/path.h"
#include "tests/harness/unit.h"

#include <stdio.h>
#include <string.h>
#include <vterm.h>

#define MARK "<!-- assets/demo.cast at "

struct playback {
    VTerm *vterm;
    VTermScreen *screen;
    int rows, columns;
    char *rest;
    double waiting; /* when the next line is due; below 0: none is */
    char *next;     /* its bytes */
};

static char *read_whole(const char *path) {
    _cleanup_(error_done) struct error err = {0};
    struct buffer content = {0};
    if (!path_read(path, &content, &err))
        fail_msg("%s", err.message);
    return content.data;
}

static json_t *next_line(struct playback *playback) {
    _cleanup_(error_done) struct error err = {0};
    char *line = strsep(&playback->rest, "\n");
    return line && *line ? json_parse(line, strlen(line), "a line of the recording", &err) : NULL;
}

static void read_next(struct playback *playback) {
    _cleanup_json_ json_t *line = next_line(playback);
    free(playback->next);
    playback->next = line ? str_copy(json_string_value(json_array_get(line, 2))) : NULL;
    playback->waiting = line ? json_number_value(json_array_get(line, 0)) : -1;
}

static void play_until(struct playback *playback, double seconds) {
    while (playback->next && playback->waiting <= seconds) {
        vterm_input_write(playback->vterm, playback->next, strlen(playback->next));
        read_next(playback);
    }
    vterm_screen_flush_damage(playback->screen);
}

static void start(struct playback *playback, char *recording) {
    playback->rest = recording;
    _cleanup_json_ json_t *header = next_line(playback);
    assert_int_equal(json_int_at(header, "version"), 2);
    playback->rows = (int)json_int_at(header, "height");
    playback->columns = (int)json_int_at(header, "width");
    playback->vterm = vterm_new(playback->rows, playback->columns);
    vterm_set_utf8(playback->vterm, 1);
    playback->screen = vterm_obtain_screen(playback->vterm);
    vterm_screen_enable_altscreen(playback->screen, 1);
    vterm_screen_reset(playback->screen, 1);
    read_next(playback);
}

/* The screen's lines, without blanks at their ends. Caller owns. */
static char *shown(const struct playback *playback) {
    struct buffer all = {0};
    for (int row = 0; row < playback->rows; row++) {
        char bytes[4096];
        VTermRect line = {row, row + 1, 0, playback->columns};
        size_t size = vterm_screen_get_text(playback->screen, bytes, sizeof bytes, line);
        while (size && bytes[size - 1] == ' ')
            size--;
        buffer_add(&all, bytes, size);
        buffer_text(&all, "\n");
    }
    return all.data;
}

static void test_pictures(void **state) {
    (void)state;
    _cleanup_free_ char *readme = read_whole("README.md"), *recording = read_whole("assets/demo.cast");
    struct playback playback = {0};
    int pictures = 0;
    start(&playback, recording);
    for (char *mark = readme; (mark = strstr(mark, MARK)); mark++, pictures++) {
        double seconds = strtod(mark + strlen(MARK), NULL);
        char *from = strstr(mark, "```\n");
        assert_non_null(from);
        from += 4;
        _cleanup_free_ char *picture = str_copy_n(from, (size_t)(strstr(from, "```") - from));
        play_until(&playback, seconds);
        _cleanup_free_ char *screen = shown(&playback);
        if (!str_equal(screen, picture))
            printf("at %g s the recording shows:\n%s", seconds, screen); /* longer than cmocka prints */
        assert_string_equal(screen, picture);
    }
    assert_in_range(pictures, 2, 9);
    play_until(&playback, 1000);
    vterm_free(playback.vterm);
    free(playback.next);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pictures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
