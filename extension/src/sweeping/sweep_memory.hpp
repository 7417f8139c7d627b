// What sweepers, which are short-lived, leave for one another and for the launcher.
//
// The launcher creates a segment of shared memory that lasts as long as it does. In it there is
// a memory for each database: how far its stores are swept. At most one sweeper works in a
// database, and the launcher takes its report when it has gone, so nobody waits for a lock: a
// sweeper takes the memory of its database away, works on what it has copied of it, and, when it
// ends, however it ends, leaves a new one.
//
// A store takes about 200 bytes, and 24 for every 16 pages of it, 24 kB at most (sweep_map.hpp).
// 10,000 small stores take 2.3 MB. Of more than fits into 64 MB the maps are not kept: the rounds
// go on, but what they come to is looked at from end to end.
#pragma once

#include <array>

#include "rules/monotonic.hpp"
#include "server/postgres.hpp"
#include "sweeping/sweep.hpp"

namespace kvstore {

// What one round over a store has done so far.
struct round_progress {
    bool under_way = false;
    bool expired_are_gone = false;  // what is left to do is to evict
    bool has_failed = false;        // with an entry
    eviction evict = {};
    int looks = 0;           // from the beginning
    timestamp began = 0;     // by the monotonic clock, like the rest here
    std::int64_t pages = 0;  // looked at
    std::int64_t removed = 0;
    std::int64_t evicted = 0;
    std::int64_t left = 0;                 // expired, but others were busy with them
    timestamp longest = 0;                 // transaction
    OffsetNumber row = FirstOffsetNumber;  // to go on with, of the page that the map tells
};

struct store_memory {
    Oid table;
    bool exists = false;       // in the life of this sweeper
    pg::file_number file = 0;  // of the table: TRUNCATE gives it another one
    int last_error = 0;        // the SQLSTATE that was logged, 0 if the last round was without
    int timeouts = 0;          // since a round was finished
    statement_pace pace = {};
    // By the launcher's count of rounds:
    std::int64_t last_round = 0;  // in which the store had, or began, its last round
    std::int64_t rest_until = 0;  // before that one, it is left alone
    round_progress round = {};
    text *after = nullptr;  // the key that the round has come to, in a store without pages
    sweep_map map = {};
};

// Of all stores of a database, in the memory of a process.
class database_memory {
  public:
    // Takes what is in shared memory away, or begins with nothing.
    void take(dsa_area *area, dsa_pointer *from);

    // Puts it back, if it was taken; leaves nothing if there is no room.
    void leave(dsa_area *area, dsa_pointer *to);

    // Lasts as long as the process does, or until it is forgotten.
    store_memory &of(Oid table);

    // Those of which `exists` is not set.
    void forget_dropped();

    // Those that had a turn last: of those that began a round, and of those that went on with one.
    Oid last_to_begin = InvalidOid;
    Oid last_to_go_on = InvalidOid;

  private:
    Size saved_size(bool with_maps) const;
    void read(const char *from);
    void write(char *to, bool with_maps) const;

    HTAB *stores_ = nullptr;
};

// Memory for the map of a store, for sweep_map.
sweep_map::range *resize_ranges(sweep_map::range *ranges, std::uint32_t count);

// Remembers a copy of `key`, nullptr for none.
void set_after(store_memory &memory, const text *key);

// How a sweeper has fared.
struct sweeper_report {
    bool found_extension = false;            // in its database
    bool unfinished = false;                 // there is more to do than it had time for
    bool ended_well = false;                 // not by an error
    dsa_pointer memory = InvalidDsaPointer;  // of the database, before and afterwards
};

constexpr int most_sweepers = 2;  // at the same time

struct sweep_memory {
    std::array<sweeper_report, most_sweepers> reports;
};

struct shared_sweep_memory {
    sweep_memory *all;  // nullptr if the launcher has gone
    dsa_area *area;     // of the databases' memories
};

// By the launcher, for the rest of its life.
shared_sweep_memory create_sweep_memory(dsm_handle *handle);

// By a sweeper.
shared_sweep_memory attach_sweep_memory(dsm_handle handle);

}  // namespace kvstore
