/* A daemon that says what the fuzzer wants: each connection gets the next answer, and its end. */
#pragma once

#include "incus/client.h"

/* A client of it, new for each input. */
struct incus *fake_client(void);
struct loop *fake_loop(void);
/*
 * What the next connections will be answered, behind their requests: `before` (may be NULL), then the
 * input, cut into several answers where it has "\n----\n".
 */
void fake_answers(const char *before, const uint8_t *bytes, size_t size);
/* Runs the loop until *done; an answer that never ends it is found by libFuzzer's own timeout. */
void fake_run(const bool *done);
