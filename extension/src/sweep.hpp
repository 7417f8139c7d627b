// Removing entries from one store, a part of it at a time: those that have expired, and,
// if the store has become too large, those that are to go first.
#pragma once

#include "limit.hpp"
#include "store.hpp"
#include "sweep_map.hpp"

namespace kvstore {

// What sweeping is to a store, for open_store().
constexpr intent sweeping{"kv_sweep()", ACL_SELECT | ACL_DELETE};

// Entries that go although they live: those whose rank is up to a threshold, until so
// many bytes are gone.
struct eviction {
    bool is_due = false;
    eviction_order order = {};
    std::uint64_t threshold = 0;
    std::int64_t bytes = 0;

    bool is_done() const { return is_due && bytes <= 0; }
};

// For the order `soonest`, ranks are expiries, made unsigned.
constexpr std::uint64_t rank_of_expiry(timestamp expires) {
    return static_cast<std::uint64_t>(expires) ^ (std::uint64_t{1} << 63);
}
constexpr timestamp expiry_of_rank(std::uint64_t rank) {
    return static_cast<timestamp>(rank ^ (std::uint64_t{1} << 63));
}

// A range of pages, and how much of it may be done.
struct sweep_part {
    BlockNumber first = 0;
    BlockNumber pages = MaxBlockNumber;
    std::int64_t most_rows = INT64_MAX;  // to be removed
    timestamp deadline = INT64_MAX;      // ends with the page that is being looked at then
    eviction evict = {};
};

struct sweep_result {
    std::int64_t removed = 0;  // expired
    std::int64_t evicted = 0;  // live
    std::int64_t evicted_bytes = 0;
    std::int64_t left = 0;  // that should have gone, but others were busy with them
    BlockNumber next = 0;   // where to go on; InvalidBlockNumber at the end of the store
    remains there = {};     // what remains on the pages up to `next`
};

// Removes entries of a part of the store, in the current transaction. Entries that
// another transaction has locked or changed are left for another time.
sweep_result sweep(const store &in, const sweep_part &part);

// Whether the store is one table with pages that sweep() goes through. Of other stores it
// removes what SQL finds, so many rows at a time, and knows nothing of what remains.
bool has_pages(const store &in);

// What must be evicted to get rid of `excess` bytes of `all`: found by looking at some
// pages all over the store, at all if there are few.
eviction choose_eviction(const store &in, eviction_order order, std::int64_t excess,
                         std::int64_t all);

}  // namespace kvstore
