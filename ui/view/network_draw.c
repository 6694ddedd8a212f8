#include "ui/view/network_draw.h"

int network_draw(const struct rules *rules, const struct error *err, struct area area, int row) {
    _cleanup_(strings_done) struct strings lines = {0};
    if (!err->class) {
        rules_explain(rules, &lines);
        rules_warnings(rules, &lines);
    }
    if (area.rows - row > (int)lines.count + 1)
        row++;
    if (err->class)
        return draw_wrapped(area, row, 1, STYLE_BAD, err->message);
    draw_format(area, row++, 1, STYLE_STRONG, "network    %s", network_mode_name(rules->mode));
    for (size_t i = 0; i < lines.count; i++)
        row = draw_wrapped(area, row, 1, STYLE_PLAIN, lines.items[i]);
    return row;
}
