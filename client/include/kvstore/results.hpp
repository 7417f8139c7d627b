/// @file
/// What the calls return, where it is more than a value.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kvstore/time.hpp"

#pragma GCC visibility push(default)
namespace kvstore {

/// A value as bytes.
using byte_vector = std::vector<std::byte>;

/// A live entry, its value as text or as bytes.
template <class Value>
struct basic_entry {
    std::string key;     ///< its key
    Value value;         ///< its value
    time_point expires;  ///< when it expires; `never` if it does not

    /// @return whether all three are equal
    bool operator==(const basic_entry &) const = default;
};

/// A live entry, its value as text.
using entry = basic_entry<std::string>;

/// A live entry, its value as bytes.
using entry_bytes = basic_entry<byte_vector>;

/// The answer of operations::rate_limit().
struct rate_limit_result {
    bool allowed;            ///< whether the call is allowed, and counted
    std::int64_t count;      ///< what was counted in this period, this call included if allowed
    std::int64_t remaining;  ///< what is left of it
    std::optional<time_point> resets;  ///< when the period ends; no value if none has begun

    /// @return whether the call is allowed
    explicit operator bool() const noexcept { return allowed; }
};

/// The size of a store, and what was done with it since the counters were last reset. What
/// the server does not know (it has not counted, or may not) has no value.
struct store_stats {
    /// A number, if there is one.
    using number = std::optional<std::int64_t>;

    std::string name;                      ///< as SQL would write it, with the schema where needed
    number entries_estimated;              ///< entries, live or not, by the planner's estimate
    number live_tuples;                    ///< rows, by the statistics of PostgreSQL
    number dead_tuples;                    ///< rows to be vacuumed
    number table_bytes;                    ///< size of the table without TOAST
    number index_bytes;                    ///< size of its indexes
    number toast_bytes;                    ///< size of its large values
    std::optional<std::string> max_size;   ///< the limit that was set, such as "100 MB"
    number hits;                           ///< reads that found a live entry
    number misses;                         ///< reads that did not
    number sets;                           ///< entries stored
    number deletes;                        ///< entries removed by calls
    number expired_removed;                ///< expired entries removed
    number evicted;                        ///< live entries removed because of the limit
    std::optional<time_point> last_sweep;  ///< when it was last swept
    std::optional<std::chrono::microseconds> last_sweep_took;  ///< how long that took
    number last_sweep_pages;                                   ///< how many pages were looked at
    number last_sweep_removed;                                 ///< expired entries removed
    number last_sweep_left;  ///< expired entries left, because they were locked
    number entry_bytes;      ///< what the entries took then, as limit() counts
};

}  // namespace kvstore
#pragma GCC visibility pop
