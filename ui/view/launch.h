/* What view_launch is opened with. */
#pragma once

#include "launch/request.h"

struct launch_order {
    struct launch_request *take_request;
    struct settings *take_settings;
    bool shell; /* a session to go into; else one command, whose output goes to the log */
};
