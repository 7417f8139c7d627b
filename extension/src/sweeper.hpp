// What the launcher tells a sweeper that it starts.
#pragma once

#include "sweep_memory.hpp"

namespace kvstore {

constexpr const char *sweeper_name = "kvstore sweeper";

struct sweeper_job {
    Oid database;
    dsm_handle memory;  // of sweep_memory
    int number;         // of the sweeper, and of its report
};
static_assert(sizeof(sweeper_job) <= BGW_EXTRALEN);

}  // namespace kvstore
