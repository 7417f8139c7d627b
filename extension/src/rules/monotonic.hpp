// The clock for everything but expiry: nobody can set it, and it says nothing of the time of day.
#pragma once

#include <time.h>

#include "rules/ttl.hpp"

namespace kvstore {

// Microseconds since some moment, the same for all processes of the server.
inline timestamp monotonic_now() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * microseconds_per_second + now.tv_nsec / 1000;
}

}  // namespace kvstore
