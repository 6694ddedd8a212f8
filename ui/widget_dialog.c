#include "ui/widget.h"

void dialog_draw(const struct dialog *dialog, struct area area) {
    int columns = area.columns < 100 ? area.columns : 100;
    int lines = (draw_width(dialog->text) + columns - 5) / (columns > 5 ? columns - 4 : 1);
    int details = (int)dialog->details.count, most = area.rows - lines - 6;
    int shown = details < most ? details : most < 0 ? 0 : most;
    int rows = lines + shown + 5 + (details > shown);
    struct area box = {area.row + (area.rows - rows) / 2, area.column + (area.columns - columns) / 2, rows,
                       columns};
    if (box.row < area.row)
        box.row = area.row;
    if (box.rows > area.rows)
        box.rows = area.rows;
    struct area inside = draw_box(box);
    int row = draw_wrapped(inside, 0, 1, STYLE_WARNING, dialog->text);
    for (int i = 0; i < shown; i++) {
        _cleanup_free_ char *line = draw_shorten(dialog->details.items[i], inside.columns - 3);
        draw_text(inside, row++, 2, STYLE_PLAIN, line);
    }
    if (details > shown)
        draw_format(inside, row++, 2, STYLE_DIM, "and %d more", details - shown);
    int column = draw_text(inside, inside.rows - 1, 1, STYLE_KEY, "y");
    column = draw_text(inside, inside.rows - 1, column + 1, STYLE_PLAIN, "yes");
    column = draw_text(inside, inside.rows - 1, column + 3, STYLE_KEY, "n");
    column = draw_text(inside, inside.rows - 1, column + 1, STYLE_STRONG, "no");
    draw_text(inside, inside.rows - 1, column + 1, STYLE_DIM, "(enter, esc)");
}
