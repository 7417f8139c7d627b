// What was done with each store, counted in shared memory by all sessions.
//
// There is shared memory for it if the server is of version 17 or later, or if the
// library is preloaded; where there is none, or when more stores are in use than it
// has room for, nothing is counted.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "rules/ttl.hpp"
#include "server/postgres.hpp"

namespace kvstore {

enum class counter : std::uint8_t { hits, misses, sets, deletes, swept, evicted };
constexpr std::size_t number_of_counters = 6;

// What the sweeper last did with a store.
struct sweep_record {
    timestamp at;        // when it ended, 0 for never
    std::int64_t took;   // microseconds
    std::int64_t pages;  // looked at
    std::int64_t removed;
    std::int64_t left;   // expired, but others were busy with them
    std::int64_t bytes;  // of the entries that remain, -1 if not known
};
constexpr std::size_t numbers_of_a_sweep = 6;

struct store_statistics {
    std::array<std::int64_t, number_of_counters> counts;
    sweep_record last_sweep;
};

namespace statistics {

// With shared_preload_libraries: has the server reserve the memory.
void reserve();

// Counts for a store of this database.
void count(Oid store, counter what, std::int64_t how_many = 1);
void record_sweep(Oid store, const sweep_record &record);

// Of a store of this database; nothing if it is not counted.
std::optional<store_statistics> of(Oid store);

// Sets the counts of all stores of this database to zero.
void reset();

// Gives up what is counted of tables of this database that are no longer there, and
// of databases. Within a transaction.
void forget_dropped_tables();
void forget_dropped_databases();

// To disk, when the server stops, from where the next start takes it; and the
// removal of what is there, so that a crash is followed by zeros.
void save();
void discard_saved();

}  // namespace statistics
}  // namespace kvstore
