#include "base/task.h"

#include "base/loop_private.h"
#include "base/str.h"

#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>

#define STACK_SIZE (512u << 10)
#define GUARD_SIZE 4096u

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif

/* ASan follows stacks; it has to be told of each change (sanitizer/common_interface_defs.h). */
#ifdef WITH_ASAN
#include <sanitizer/common_interface_defs.h>
#else
#define __sanitizer_start_switch_fiber(save, bottom, size)  ((void)0)
#define __sanitizer_finish_switch_fiber(save, bottom, size) ((void)0)
#endif

struct task {
    struct task *next;
    struct loop *loop;
    task_fn *function;
    void *data;
    ucontext_t here;  /* where it goes on */
    ucontext_t there; /* where the loop goes on */
    char *stack;
    const bool *waits_for; /* what loop_run() in it was given; true before it begins */
    bool interruptible;
    bool cancelled;
    bool over;
    const void *loop_stack; /* of the loop, for ASan */
    size_t loop_stack_size;
};

static void enter(struct task *task) {
    void *kept = NULL;
    (void)kept;
    task->loop->current = task;
    __sanitizer_start_switch_fiber(&kept, task->stack + GUARD_SIZE, STACK_SIZE);
    swapcontext(&task->there, &task->here);
    __sanitizer_finish_switch_fiber(kept, NULL, NULL);
    task->loop->current = NULL;
}

static void leave(struct task *task) {
    void *kept = NULL;
    (void)kept;
    __sanitizer_start_switch_fiber(task->over ? NULL : &kept, task->loop_stack, task->loop_stack_size);
    swapcontext(&task->here, &task->there);
    __sanitizer_finish_switch_fiber(kept, &task->loop_stack, &task->loop_stack_size);
}

/* makecontext() hands over ints alone: the pointer comes in halves. */
static void begin(unsigned int high, unsigned int low) {
    struct task *task = (struct task *)(((uintptr_t)high << 32) | low); /* NOLINT(performance-*) */
    __sanitizer_finish_switch_fiber(NULL, &task->loop_stack, &task->loop_stack_size);
    task->function(task->data);
    task->over = true;
    leave(task);
}

struct task *task_start(struct loop *loop, task_fn *function, void *data) {
    static const bool at_once = true;
    struct task *task = mem_new(sizeof *task);
    *task = (struct task){.loop = loop, .function = function, .data = data, .waits_for = &at_once};
    task->stack = mmap(NULL, GUARD_SIZE + STACK_SIZE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (task->stack == MAP_FAILED || mprotect(task->stack, GUARD_SIZE, PROT_NONE) < 0)
        abort(); /* as when malloc fails: nobody could do better */
    getcontext(&task->here);
    task->here.uc_stack.ss_sp = task->stack + GUARD_SIZE;
    task->here.uc_stack.ss_size = STACK_SIZE;
    task->here.uc_link = NULL;
    uintptr_t self = (uintptr_t)task;
    makecontext(&task->here, (void (*)(void))begin, 2, (unsigned int)(self >> 32), (unsigned int)self);
    struct task **link = &loop->tasks;
    while (*link)
        link = &(*link)->next;
    *link = task;
    return task;
}

static void task_free(struct task *task) {
    munmap(task->stack, GUARD_SIZE + STACK_SIZE);
    free(task);
}

static bool is_due(const struct task *task) {
    return *task->waits_for || (task->cancelled && task->interruptible);
}

/* One that is due may make another one due, or start one. */
void tasks_run(struct task **tasks) {
    for (struct task **link = tasks; *link;) {
        struct task *task = *link;
        if (!is_due(task)) {
            link = &task->next;
            continue;
        }
        enter(task);
        if (task->over) {
            for (link = tasks; *link != task;)
                link = &(*link)->next;
            *link = task->next;
            task_free(task);
        }
        link = tasks;
    }
}

bool task_wait(struct task *task, const bool *done) {
    task->waits_for = done;
    while (!*done) {
        if (task->cancelled && task->interruptible)
            return false;
        leave(task);
    }
    return true;
}

void task_cancel(struct task *task) {
    task->cancelled = true;
}

void tasks_cancel(struct task *tasks) {
    for (; tasks; tasks = tasks->next)
        tasks->cancelled = true;
}

bool task_is_cancelled(const struct task *task) {
    return task->cancelled;
}

void task_interruptible(struct task *task, bool on) {
    task->interruptible = on;
}

void tasks_free(struct task **tasks) {
    while (*tasks) {
        struct task *task = *tasks;
        *tasks = task->next;
        task_free(task);
    }
}
