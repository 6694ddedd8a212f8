/* On which machine a launch will be, asked for while its form is filled in. */
#pragma once

#include "ui/view/host.h"

struct where;

/* `place` is lent, NULL with an error. */
typedef void where_fn(void *data, const struct place *place, struct error *err);

/* Asks in a task; `done` is called once, unless it is left before. */
struct where *where_ask(struct host *host, const char *workspace, const char *target, where_fn *done,
                        void *data) nodiscard;
/* `done` will not be called any more. NULL is allowed. */
void where_leave(struct where *where);
