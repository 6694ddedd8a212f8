/* A row of the list of sessions, and what is above the rows: its columns, as many as there is room for. */
#pragma once

#include "ui/view/host.h"

struct columns {
    bool mapping, stats, work;
    bool machine;  /* there is more than one */
    int workspace; /* its width */
};
/* Those that so wide a list has: `stats` are asked for by who draws it, and what `work` shows. */
struct columns columns_arrange(int width, bool several_machines);

void columns_draw(const struct list *list, const struct columns *columns, struct area area);
/* The row at `index` of the list, in line `at` of the area. */
void sessions_row_draw(const struct host *host, const struct columns *columns, size_t index,
                       struct area area, int at);
/* The lines that it takes: two where what it says does not fit into one word. */
size_t sessions_row_lines(const struct store_row *row);
