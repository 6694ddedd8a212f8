/* A terminal's contents as a container gives them: libvterm's cells are drawn, and nothing else. */
/* Covers: write_lines add_clean sgr_length other_length draw_row put_characters color_of look_of */
/* Covers: emulator_used */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/screen.h"

#include "ui/terminal/emulator.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static struct emulator *emulator;
    _cleanup_free_ char *text = fuzz_text(bytes, size);
    (void)screen_master();
    if (!emulator)
        emulator = emulator_new();
    emulator_show(emulator, text, size % 50, (int)(size % 170) - 3);
    emulator_draw(emulator, (struct area){0, 0, 24, 80}, (int)(size % 7), 3, (int)(size % 90));
    assert(emulator_used(emulator) >= 0);
    _cleanup_free_ char *line = emulator_text(emulator, (int)(size % 60));
    assert(str_is_utf8(line));
    return 0;
}
