/*
 * Costs of whole processes, and ratios of them. Absolute times mean little on a busy machine: what is
 * compared runs turn by turn, and the median of the turns' ratios is held against a limit.
 */
#pragma once

#include "tests/harness/terminal.h"

struct bench_cost {
    double seconds; /* from start to end */
    double cpu;     /* seconds, of the user and the system */
    long peak_kb;
};

/* The workspace of a program of benches, 1001's; for cmocka's groups. */
extern char *bench_folder;
int bench_setup(void **state);
int bench_teardown(void **state);

/* Runs a program to its end in that folder, its output thrown away; it has to succeed. */
struct bench_cost bench_cost(char *const *argv);
/* Calls `work` with 0, 1, … in so many children at once, each of which has to end with status 0. */
void bench_at_once(int count, void (*work)(int number));
double bench_now(void); /* seconds */
/* Sorts the values. */
double bench_median(double *values, size_t count);
/*
 * The instance that berth would make for a run of true, from its own plan, as a body of POST
 * /1.0/instances; `workspace` NULL: the working directory. A new reference.
 */
json_t *bench_bare_body(const struct how *how, const char *name, const char *workspace) nodiscard;
/*
 * The bare API's side of a run: create at `path` with start, and exec with its streams; the calls alone, in
 * this process, the seconds that they take. The instance is gone then.
 */
double bench_bare_run(const char *path, const char *name, const json_t *body);
/* Reads until the screen shows `text`; the seconds since `begin`. */
double bench_until(struct terminal *terminal, const char *text, double begin);
/* A number of proc_pid_status(5) of the program in there; `key` is with its colon. */
long bench_status(const struct terminal *terminal, const char *key);
/* Prints the figure with its limit, and fails the test above it. */
void bench_verdict(const char *what, double value, const char *unit, double limit);
