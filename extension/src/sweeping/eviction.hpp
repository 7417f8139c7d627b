// Which entries go although they live, when a store is larger than its limit.
#pragma once

#include "rules/ttl.hpp"
#include "store/limit.hpp"
#include "store/store.hpp"

namespace kvstore {

// Entries whose rank is up to a threshold, until so many bytes are gone.
struct eviction {
    bool is_due = false;
    size_limit limit = {};  // that it is for
    std::int64_t bytes = 0;
    std::int64_t bytes_at_first = 0;  // as it was chosen
    std::uint64_t threshold = 0;
    std::uint64_t least = 0;        // those of lower ranks were tried before
    std::int64_t bytes_before = 0;  // this try
    int vain_tries = 0;             // of which nothing went

    bool is_done() const { return is_due && bytes <= 0; }
    bool has_tried_all() const { return threshold == UINT64_MAX; }
};

// For the order `soonest`, ranks are expiries, made unsigned.
constexpr std::uint64_t rank_of_expiry(timestamp expires) {
    return static_cast<std::uint64_t>(expires) ^ (std::uint64_t{1} << 63);
}

constexpr timestamp expiry_of_rank(std::uint64_t rank) {
    return static_cast<timestamp>(rank ^ (std::uint64_t{1} << 63));
}

// What must be evicted to get rid of `excess` bytes of `all`: found by looking at some
// pages all over the store, at all if there are few.
eviction choose_eviction(const store &in, const size_limit &limit, std::int64_t all);

// What besides, when too little of it could be removed: as much as is missing of those that come
// next, so that they go in their order. When nothing went several times, it is twice as much, then
// four times, as who knows how much cannot be removed; it ends when enough is gone.
eviction choose_further(const store &in, const eviction &before, std::int64_t all);

// Whether to look anew how much is to go, since a part of it has gone: of what was in the store
// when it was chosen, others may have removed much meanwhile.
bool is_outdated(const eviction &evict);

}  // namespace kvstore
