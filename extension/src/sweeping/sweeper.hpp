// What the launcher tells a sweeper that it starts.
#pragma once

#include "sweeping/sweep_memory.hpp"

// Another number for whatever changes the meaning or the layout of what a launcher and its
// sweepers share: they may be of two versions of the library, if it was replaced without a restart.
#ifndef KV_SWEEP_LAYOUT
#define KV_SWEEP_LAYOUT 1
#endif

namespace kvstore {

constexpr const char *sweeper_name = "kvstore sweeper";

struct sweep_layout {
    // In the first layout the OID of the database stood here: this is none that a database has.
    std::uint32_t number = 0x6b770000 + KV_SWEEP_LAYOUT;
    std::uint32_t size_of_memory = sizeof(sweep_memory);
    std::uint32_t size_of_store = sizeof(store_memory);

    friend bool operator==(const sweep_layout &, const sweep_layout &) = default;
};

struct sweeper_job {
    sweep_layout layout;
    Oid database;
    dsm_handle memory;   // shared_sweep_memory
    int number;          // of the sweeper, and of its report
    std::int64_t round;  // every store that had none in it is to have one
};
static_assert(sizeof(sweeper_job) <= BGW_EXTRALEN);

}  // namespace kvstore
