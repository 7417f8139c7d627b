// What sweepers, which are short-lived, leave for one another and for the launcher: a
// segment of shared memory that lasts as long as the launcher does.
//
// It has room for 64 stores, 1.6 MB. Of a store that finds no place, or whose place was
// given to another one meanwhile, nothing is remembered: it is looked at from end to end.
#pragma once

#include "postgres.hpp"
#include "sweep_map.hpp"

namespace kvstore {

// What one round over a store has done so far.
struct round_progress {
    bool under_way = false;
    timestamp began = 0;
    std::int64_t pages = 0;  // looked at
    std::int64_t removed = 0;
    std::int64_t evicted = 0;
    std::int64_t left = 0;  // expired, but others were busy with them
    timestamp longest = 0;  // transaction
};

struct store_memory {
    static constexpr int nobody = -1;

    Oid database = InvalidOid;
    Oid table = InvalidOid;
    pg::file_number file = 0;  // of the table: TRUNCATE gives it another one
    int user = nobody;         // the number of the sweeper that works on it
    timestamp used_at = 0;
    int last_error = 0;  // the SQLSTATE that was logged, 0 if the last round was without
    round_progress round;
    sweep_map map;
};

// How a sweeper has fared.
struct sweeper_report {
    bool found_extension;  // in its database
    bool unfinished;       // there is more to do than it had time for
    bool ended_well;       // not by an error
};

constexpr int most_sweepers = 2;  // at the same time

struct sweep_memory {
    static constexpr int most_stores = 64;

    slock_t lock;  // of taking and giving back
    std::array<sweeper_report, most_sweepers> reports;
    std::array<store_memory, most_stores> stores;
};

// By the launcher, for the rest of its life.
sweep_memory *create_sweep_memory(dsm_handle *handle);

// By a sweeper; nullptr if the launcher has gone.
sweep_memory *attach_sweep_memory(dsm_handle handle);

// For sweeper `user`: the memory of a store of this database, or that of the store that was
// not worked on for longest, for a new beginning. To be given back before taking another.
store_memory *take_store_memory(sweep_memory *all, Oid table, int user);
void give_back(sweep_memory *all, store_memory *one);

// Whatever sweeper `user`, which has ended, did not give back.
void give_back_all(sweep_memory *all, int user);

}  // namespace kvstore
