/*
 * Costs of whole processes, and ratios of them. Absolute times mean little on a busy machine: what is
 * compared runs turn by turn, and the median of the turns' ratios is held against a limit.
 */
#pragma once

#include "tests/harness/harness.h"

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
/* Prints the figure with its limit, and fails the test above it. */
void bench_verdict(const char *what, double value, const char *unit, double limit);
