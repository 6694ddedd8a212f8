#include "launch/hook.h"

#include "base/process.h"

bool hook_run(struct loop *loop, const char *program, const char *name, struct error *err) {
    char *argv[] = {(char *)program, (char *)name, NULL};
    int status = -1;
    if (!process_run(loop, argv, &status, err)) {
        error_prefix(err, "pre_start");
        return false;
    }
    return process_status(status) == 0 ||
           error_set(err, ERROR_FAILED, "pre_start %s ended with status %d: %s was not started", program,
                     process_status(status), name);
}
