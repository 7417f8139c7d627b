// Removing entries from one store, a part of it at a time: those that have expired, and,
// if the store has become too large, those that are to go first.
#pragma once

#include "rules/monotonic.hpp"
#include "rules/sweep_map.hpp"
#include "store/store.hpp"
#include "sweeping/eviction.hpp"

namespace kvstore {

// What sweeping is to a store, for open_store().
constexpr intent sweeping{"kv_sweep()", ACL_SELECT | ACL_DELETE};

// How many keys a statement in SQL is to remove, as those before were quick with.
struct statement_pace {
    static constexpr timestamp unknown = -1;
    static constexpr timestamp wanted = -2;

    int keys = 1;
    timestamp empty = unknown;  // so long takes a statement without keys, by this process

    bool knows_empty() const { return empty >= 0; }
};

// A part of a store, and how much of it may be done.
struct sweep_part {
    static constexpr int any_error = -1;
    static constexpr timestamp no_deadline = INT64_MAX;
    static constexpr int most_keys_at_once = 1000;

    BlockNumber first = 0;
    OffsetNumber first_row = FirstOffsetNumber;  // of the first page
    BlockNumber pages = MaxBlockNumber;
    std::int64_t most_rows = INT64_MAX;  // to be removed
    timestamp deadline = no_deadline;    // by the monotonic clock: ends with the row of then
    statement_pace pace = {.keys = most_keys_at_once};
    eviction evict = {};
    const text *after = nullptr;  // in a store without pages: only keys beyond this one
    int known_error = 0;          // SQLSTATE of what need not be told again

    bool has_deadline() const { return deadline != no_deadline; }
    bool is_over() const { return has_deadline() && monotonic_now() >= deadline; }
};

struct sweep_result {
    std::int64_t removed = 0;  // expired
    std::int64_t evicted = 0;  // live
    std::int64_t evicted_bytes = 0;
    std::int64_t left = 0;  // that should have gone, but others were busy with them, or an error
    int error = 0;          // SQLSTATE of the first of these errors
    BlockNumber next = 0;   // where to go on; InvalidBlockNumber at the end of the store
    OffsetNumber next_row = FirstOffsetNumber;  // of that page
    text *after = nullptr;                      // the same for a store without pages
    statement_pace pace = {};                   // with a deadline: for the next part
    remains there = {};                         // what remains on what was looked at
};

// Removes entries of a part of the store, in the current transaction. Entries that
// another transaction has locked or changed are left for another time. So are those whose removal
// is an error, such as that of a trigger or a foreign key, which is told as a warning.
sweep_result sweep(const store &in, const sweep_part &part);

// Whether the store is one table with pages that sweep() goes through. Other stores it goes
// through by key, in SQL, and knows nothing of what remains.
bool has_pages(const store &in);

}  // namespace kvstore
