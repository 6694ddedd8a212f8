/*
 * Tasks: functions on stacks of their own, so that code that waits in loop_run() holds up nobody
 * else. In a task loop_run() lets the loop go on and returns when its flag is true; everything that is
 * built on it (a launch, a question to the daemon) can be called there as it is. One thread all the
 * same: a task runs until it waits, and nothing else runs meanwhile.
 */
#pragma once

#include <stdbool.h>

struct loop;
struct task;

/*
 * Begins `function` at the loop's next turn. The task is gone when the function returns. Its stack is
 * small (512 KB): what is large belongs on the heap.
 */
typedef void task_fn(void *data);
struct task *task_start(struct loop *loop, task_fn *function, void *data);

/*
 * Asks it to end: a loop_run() in it that is interruptible (loop_interruptible(), called in the task)
 * fails with ERROR_CANCELLED from now on, and loop_cancelled() says so.
 */
void task_cancel(struct task *task);

/* For the loop alone: lets every task that is due run until it waits again. */
void tasks_run(struct task **tasks);
/* Waits in the task that runs now: false when it was cancelled, and may be. */
bool task_wait(struct task *task, const bool *done);
void tasks_cancel(struct task *tasks);
bool task_is_cancelled(const struct task *task);
void task_interruptible(struct task *task, bool on);
/* Drops tasks that never ended; what they own is lost. */
void tasks_free(struct task **tasks);
