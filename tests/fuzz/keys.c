/* Keys, clicks and pastes as they come from the terminal, into the line that is typed. */
/* Covers: term_read translate translate_character read_mouse field_key insert before behind cut */
/* Covers: word_before */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/screen.h"

#include "ui/keys.h"
#include "ui/terminal/field.h"

/* Curses waits for the rest of a mouse's report that has begun, which no terminal leaves out: ESC [ < 0;1;1
 * M. */
static bool are_reports_whole(const uint8_t *bytes, size_t size) {
    _cleanup_free_ char *text = mem_new(size + 1);
    memcpy(text, bytes, size);
    for (size_t i = 0; i < size; i++) {
        if (!str_starts(text + i, "\033[<") && !str_starts(text + i, "\033[M"))
            continue;
        size_t length = strspn(text + i + 3, "0123456789;");
        if (text[i + 2] == 'M' || !length || !strchr("Mm", text[i + 3 + length]) || !text[i + 3 + length])
            return false;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    _cleanup_(field_done) struct field field = {0};
    struct key key;
    int master = screen_master();
    if (size > 1024 || !are_reports_whole(bytes, size)) /* what a pseudo-terminal takes at once */
        return 0;
    field_set(&field, "a b/c");
    if (size && write(master, bytes, size) < 0)
        return 0;
    while (term_read(&key)) {
        assert(!key.pasted || keys_action(&key) == ACTION_NONE);
        field_key(&field, &key);
        assert(field.at <= field.text.size && field.text.size <= FIELD_LIMIT);
        assert(str_is_utf8(field_text(&field)));
        field_draw_line(&field, ":", (struct area){0, 0, 24, 80});
    }
    return 0;
}
