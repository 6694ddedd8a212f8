/*
 * Attention: which sessions want something, and telling whoever does not look: the outer terminal's bell
 * and notification, or a program of theirs ([screen] attention, attention_delay, on_attention).
 */
#pragma once

#include "ui/app.h"

/* How many want something; those that are muted are not counted. */
size_t attention_count(const struct app *app);
/* The name of the one that has waited longest, or of the next of them when the cursor is on that one; NULL:
 * nobody waits. */
const char *attention_next(const struct app *app);
/* What they are at is another: what is to be told is told, once, after the delay. */
void attention_refresh(struct app *app);
void attention_stop(struct app *app);
