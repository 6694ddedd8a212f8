#include "tests/harness/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <regex.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <utmp.h>

#define PATIENCE_MS 20000

static void answer(const char *bytes, size_t size, void *data) {
    const struct terminal *terminal = data;
    if (write(terminal->fd, bytes, size) < 0)
        return; /* the program has gone */
}

void terminal_open(struct terminal *terminal, const struct how *how, int columns, int rows,
                   const char *const *argv) {
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    char slave_name[64];
    *terminal = (struct terminal){.columns = columns, .rows = rows};
    assert_int_equal(openpty(&terminal->fd, &terminal->slave, slave_name, NULL, &size), 0);
    fcntl(terminal->fd, F_SETFD, FD_CLOEXEC);
    fcntl(terminal->slave, F_SETFD, FD_CLOEXEC);
    tcgetattr(terminal->slave, &terminal->before);
    terminal->pid = fork();
    assert_true(terminal->pid >= 0);
    if (terminal->pid == 0) {
        int fd = dup(terminal->slave);
        login_tty(fd);
        setenv("TERM", "xterm-256color", 1);
        setenv("LANG", "C.UTF-8", 1);
        child_become(how);
        execvp(str_equal(argv[0], "berth") ? getenv("BERTH") : argv[0], (char *const *)argv);
        _exit(97);
    }
    buffer_text(&terminal->raw, "");
    terminal->vterm = vterm_new(rows, columns);
    vterm_set_utf8(terminal->vterm, 1);
    vterm_output_set_callback(terminal->vterm, answer, terminal);
    terminal->screen = vterm_obtain_screen(terminal->vterm);
    vterm_screen_enable_altscreen(terminal->screen, 1);
    vterm_screen_reset(terminal->screen, 1);
}

/* False when nothing came in time, or nothing will ever. */
static bool take_in(struct terminal *terminal, int milliseconds) {
    char bytes[16384];
    struct pollfd now = {.fd = terminal->fd, .events = POLLIN};
    if (poll(&now, 1, milliseconds) <= 0)
        return false;
    ssize_t got = read(terminal->fd, bytes, sizeof bytes);
    if (got <= 0)
        return false;
    buffer_add(&terminal->raw, bytes, (size_t)got);
    vterm_input_write(terminal->vterm, bytes, (size_t)got);
    vterm_screen_flush_damage(terminal->screen);
    return true;
}

void terminal_read(struct terminal *terminal, int milliseconds) {
    int64_t end = loop_now() + milliseconds;
    do {
        int64_t left = end - loop_now();
        if (!take_in(terminal, left > 0 ? (int)left : 0))
            break;
    } while (loop_now() < end || milliseconds == 0);
}

static int end(struct terminal *terminal, bool restored) {
    int status = 0;
    int64_t patience = loop_now() + PATIENCE_MS;
    /* our own descriptor keeps the terminal from hanging up: the process is asked */
    while (waitpid(terminal->pid, &status, WNOHANG) == 0) {
        take_in(terminal, 20);
        if (loop_now() > patience) {
            _cleanup_free_ char *text = terminal_text(terminal);
            kill(terminal->pid, SIGKILL);
            waitpid(terminal->pid, &status, 0);
            fprintf(stderr, "it does not end; its screen:\n%s", text);
            fail();
        }
    }
    while (take_in(terminal, 0))
        ;
    struct termios after;
    tcgetattr(terminal->slave, &after);
    close(terminal->fd);
    close(terminal->slave);
    vterm_free(terminal->vterm);
    buffer_done(&terminal->raw);
    if (restored) {
        assert_int_equal(terminal->before.c_lflag, after.c_lflag);
        assert_int_equal(terminal->before.c_iflag, after.c_iflag);
        assert_int_equal(terminal->before.c_oflag, after.c_oflag);
        assert_int_equal(terminal->before.c_cflag, after.c_cflag);
        assert_memory_equal(terminal->before.c_cc, after.c_cc, sizeof after.c_cc);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int terminal_close(struct terminal *terminal) {
    return end(terminal, false);
}

int terminal_close_restored(struct terminal *terminal) {
    return end(terminal, true);
}

void terminal_type(struct terminal *terminal, const char *keys) {
    for (size_t at = 0, size = strlen(keys); at < size;) {
        struct pollfd now = {.fd = terminal->fd, .events = POLLOUT};
        /* what comes meanwhile is taken in: a full pty would hold both sides up */
        while (poll(&now, 1, 10) == 0)
            take_in(terminal, 0);
        ssize_t written = write(terminal->fd, keys + at, size - at < 512 ? size - at : 512);
        assert_true(written > 0);
        at += (size_t)written;
        take_in(terminal, 0);
    }
}

void terminal_click(struct terminal *terminal, int row, int column) {
    vterm_mouse_move(terminal->vterm, row, column, VTERM_MOD_NONE);
    vterm_mouse_button(terminal->vterm, 1, true, VTERM_MOD_NONE);
    vterm_mouse_button(terminal->vterm, 1, false, VTERM_MOD_NONE);
}

void terminal_resize(struct terminal *terminal, int columns, int rows) {
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    terminal->columns = columns;
    terminal->rows = rows;
    vterm_set_size(terminal->vterm, rows, columns);
    assert_int_equal(ioctl(terminal->fd, TIOCSWINSZ, &size), 0);
}

VTermScreenCell terminal_cell(const struct terminal *terminal, int row, int column) {
    VTermScreenCell cell = {0};
    vterm_screen_get_cell(terminal->screen, (VTermPos){.row = row, .col = column}, &cell);
    return cell;
}

static void add_character(struct buffer *out, uint32_t c) {
    unsigned char bytes[4];
    size_t size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = size; i-- > 1; c >>= 6)
        bytes[i] = (unsigned char)(0x80 | (c & 0x3f));
    bytes[0] = (unsigned char)(first[size] | c);
    buffer_add(out, bytes, size);
}

static void add_row(const struct terminal *terminal, int row, struct buffer *out) {
    size_t kept = out->size;
    for (int column = 0; column < terminal->columns; column++) {
        VTermScreenCell cell = terminal_cell(terminal, row, column);
        if (cell.chars[0] == (uint32_t)-1)
            continue; /* the second half of a wide character */
        if (cell.chars[0] == 0)
            buffer_text(out, " ");
        for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i]; i++)
            add_character(out, cell.chars[i]);
        if (cell.chars[0] && cell.chars[0] != ' ')
            kept = out->size;
    }
    if (out->data) {
        out->size = kept;
        out->data[kept] = 0;
    }
}

char *terminal_text(const struct terminal *terminal) {
    struct buffer out = {0};
    buffer_text(&out, "");
    for (int row = 0; row < terminal->rows; row++) {
        add_row(terminal, row, &out);
        buffer_text(&out, "\n");
    }
    return out.data;
}

int terminal_find(const struct terminal *terminal, const char *text, int *column) {
    for (int row = 0; row < terminal->rows; row++) {
        _cleanup_(buffer_done) struct buffer line = {0};
        buffer_text(&line, "");
        add_row(terminal, row, &line);
        const char *found = strstr(line.data, text);
        if (!found)
            continue;
        /* cells, not bytes: each character but a continuation byte's */
        int cells = 0;
        for (const char *at = line.data; at < found; at++)
            cells += ((unsigned char)*at & 0xc0) != 0x80;
        if (column)
            *column = cells;
        return row;
    }
    return -1;
}

/* Whether the program still runs; its status stays to be collected. */
static bool lives(const struct terminal *terminal) {
    siginfo_t info = {0};
    waitid(P_PID, (id_t)terminal->pid, &info, WEXITED | WNOHANG | WNOWAIT);
    return info.si_pid == 0;
}

void terminal_wait_for(struct terminal *terminal, const char *text, bool wanted, const char *file,
                       int line) {
    int64_t patience = loop_now() + PATIENCE_MS;
    terminal_read(terminal, 0);
    while ((terminal_find(terminal, text, NULL) >= 0) != wanted) {
        if (loop_now() <= patience && (take_in(terminal, 100) || lives(terminal)))
            continue;
        _cleanup_free_ char *screen = terminal_text(terminal);
        fprintf(stderr, "\"%s\" %s:\n%s\n", text, wanted ? "did not come" : "does not go", screen);
        kill(terminal->pid, SIGKILL);
        _fail(file, line);
    } /* the rest of the frame */
    while (take_in(terminal, 40))
        ;
}

void terminal_expect_raw(struct terminal *terminal, const char *text, size_t from) {
    int64_t patience = loop_now() + PATIENCE_MS;
    while (!strstr(terminal->raw.data + from, text)) {
        if (take_in(terminal, 100) || (loop_now() <= patience && lives(terminal)))
            continue;
        kill(terminal->pid, SIGKILL);
        fprintf(stderr, "\"%s\" was not written; this was: %s\n", text, terminal->raw.data + from);
        fail();
    }
}

#define BLANKS_TOO 'S' /* what stands right-aligned */

/* Replaces what matches by the mask, as long as it is, so that everything stays in its place. */
static void mask(char *text, const char *pattern, char with) {
    regex_t regex;
    regmatch_t found;
    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED), 0);
    for (char *at = text; regexec(&regex, at, 1, &found, 0) == 0; at += found.rm_eo)
        for (regoff_t i = found.rm_so; i < found.rm_eo; i++)
            if (at[i] != '\n' && (at[i] != ' ' || with == BLANKS_TOO))
                at[i] = with;
    regfree(&regex);
}

static void mask_all(char *text) {
    mask(text, "t[0-9]+-[0-9a-f]{8}", 'N');           /* names */
    mask(text, "berth-check\\.[0-9]+", 'C');          /* the tests' folder */
    mask(text, "w\\.[A-Za-z0-9]{6}", 'W');            /* a workspace */
    mask(text, " [0-9]+[smhd] ", 'T');                /* uptimes */
    mask(text, "[ 0-9]{3}% +[0-9]+M", BLANKS_TOO);    /* statistics */
    mask(text, "[0-9]+\\.[0-9]+ s", 'T');             /* durations */
    mask(text, "incus [0-9.]+", 'V');                 /* the daemon's version */
    mask(text, "10\\.[0-9]+\\.[0-9]+\\.[0-9]+", 'A'); /* addresses */
    mask(text, "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]+Z?", 'D');
}

void terminal_golden(struct terminal *terminal, const char *name) {
    _cleanup_free_ char *file = str_printf("tests/screen/golden/%s.txt", name);
    _cleanup_free_ char *text = terminal_text(terminal);
    _cleanup_(buffer_done) struct buffer wanted = {0};
    mask_all(text);
    if (str_equal(getenv("BERTH_GOLDEN"), "write")) {
        _cleanup_fclose_ FILE *out = fopen(file, "w");
        assert_non_null(out);
        fputs(text, out);
        return;
    }
    _cleanup_fclose_ FILE *in = fopen(file, "r");
    char bytes[4096];
    for (size_t got; in && (got = fread(bytes, 1, sizeof bytes, in)) > 0;)
        buffer_add(&wanted, bytes, got);
    if (str_equal(wanted.data, text))
        return;
    /* cmocka cuts its messages at 1,024 bytes */
    fprintf(stderr, "%s: the screen is\n%sand should be\n%s", name, text,
            wanted.data ? wanted.data : "(no file)");
    fail();
}
