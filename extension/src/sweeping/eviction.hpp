// Which entries go although they live, when a store is larger than its limit.
#pragma once

#include "rules/ttl.hpp"
#include "store/limit.hpp"
#include "store/store.hpp"

namespace kvstore {

// Entries whose rank is up to a threshold, until so many bytes are gone.
struct eviction {
    bool is_due = false;
    eviction_order order = {};
    std::int64_t bytes = 0;
    std::uint64_t threshold = 0;
    std::uint64_t least = 0;  // those of lower ranks were tried before
    int tries = 0;            // before this one

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
eviction choose_eviction(const store &in, eviction_order order, std::int64_t excess,
                         std::int64_t all);

// What besides, when too little of it could be removed. Each time it is twice as much as is
// missing, then four times, as who knows how much cannot be removed; it ends when enough is gone.
eviction choose_further(const store &in, const eviction &before, std::int64_t all);

}  // namespace kvstore
