/*
 * What a session's terminal shows, with the escape sequences that tmux keeps of it: nothing but
 * characters and looks is drawn.
 */
/* Covers: sgr_draw skip apply one extended */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/screen.h"

#include "ui/terminal/sgr.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    _cleanup_free_ char *text = fuzz_text(bytes, size);
    struct sgr sgr = {0};
    char *rest = text;
    int row = 0;
    (void)screen_master();
    for (char *line; (line = strsep(&rest, "\n")); row++)
        sgr_draw(&sgr, (struct area){0, 0, 24, 80}, row % 30, line);
    assert(sgr.foreground >= 0 && sgr.foreground <= 256 && sgr.background >= 0 && sgr.background <= 256);
    return 0;
}
