/* berth's version, as `berth version` and the instances that it makes name it. */
#pragma once

#define BERTH_VERSION "0.1.0"
