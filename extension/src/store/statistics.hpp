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

// All that is kept of a store, in the order of the columns of kv_counters(): what is counted, and
// of the last sweep when it ended (0: never), the microseconds it took, the pages it looked at, the
// expired entries that it removed and those it left, and the bytes of what remains (-1: not known).
#define KV_COUNTERS(FIELD) \
    FIELD(hits) FIELD(misses) FIELD(sets) FIELD(deletes) FIELD(swept) FIELD(evicted)
#define KV_SWEEP_NUMBERS(FIELD) \
    FIELD(at) FIELD(took) FIELD(pages) FIELD(removed) FIELD(left) FIELD(bytes)

#define KV_ENUMERATOR(name) name,
#define KV_NUMBER(name) std::int64_t name;
#define KV_ONE(name) +1  // NOLINT: a term of a sum

enum class counter : std::uint8_t { KV_COUNTERS(KV_ENUMERATOR) };
struct sweep_record {
    KV_SWEEP_NUMBERS(KV_NUMBER)
};

constexpr std::size_t number_of_counters = KV_COUNTERS(KV_ONE);
constexpr std::size_t numbers_of_a_sweep = KV_SWEEP_NUMBERS(KV_ONE);

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
