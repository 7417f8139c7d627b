// The size that a store may have, and who goes first when it has become larger.
//
// A limit is kept as a trigger of the store: one that is fired by TRUNCATE alone, does
// nothing, and has the limit for its arguments. So it takes no more than owning the
// store, \d shows it, pg_dump keeps it, and it goes when the store goes.
#pragma once

#include <cstdint>
#include <optional>

#include "server/postgres.hpp"

namespace kvstore {

enum class eviction_order : std::uint8_t {
    soonest,  // to expire
    oldest    // written
};

struct size_limit {
    std::int64_t bytes;
    eviction_order order;

    bool operator==(const size_limit &) const = default;
};

// Nothing if the store has none. A limit that cannot be read is error 22023.
std::optional<size_limit> limit_of(Relation store);

bool has_limit(Relation store);

// From what users write: a size such as "100 MB", and "soonest" or "oldest".
size_limit parse_limit(const char *size, const char *order);

constexpr const char *limit_trigger = "kv_limit";
constexpr const char *limit_function = "kv_limit_trigger";

}  // namespace kvstore
