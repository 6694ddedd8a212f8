/* What loop.c and task.c share with each other and with nobody else. */
#pragma once

#include <curl/curl.h>
#include <signal.h>
#include <stdbool.h>

struct loop {
    CURLM *multi;
    struct watch *watches;
    struct timer *timers;
    struct curl_waitfd *polled; /* filled anew for each wait */
    struct watch **polled_for;
    unsigned int polled_room;
    int signal_fd;
    struct watch *signal_watch;
    void (*caught)(void *data, int signal);
    void *caught_data;
    int last_signal;
    int signals; /* how many asked for an end */
    bool interruptible;
    sigset_t old_signals;
    struct task *tasks;
    struct task *current; /* the one that runs; NULL: none */
};
