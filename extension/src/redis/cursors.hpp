// Where a SCAN stands: the number that the client has, and the key behind which it goes on. A pool
// of clients sends the next SCAN on another connection, to another backend: so they are kept in a
// table, for ten minutes, each for a role and a store.
#pragma once

#include "redis/execution.hpp"

namespace kvstore::redis {

constexpr std::uint64_t no_cursor = 0;  // the beginning, and the end

// The number for `last`, which is the same again for the same key; no_cursor if it would wait.
// The store is open.
std::uint64_t keep_cursor(execution &x, const store &of, Datum last);

// The key behind which to go on; nothing if the number is not known, or no more.
std::optional<Datum> find_cursor(execution &x, const store &of, std::uint64_t cursor);

}  // namespace kvstore::redis
