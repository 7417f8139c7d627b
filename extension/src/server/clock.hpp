// What time it is for entries: it tells which of them are live, and TTLs count from it.
#pragma once

#include <optional>

#include "rules/ttl.hpp"
#include "server/postgres.hpp"

namespace kvstore {

// The clock's, but for a clock that is stopped.
timestamp current_time();

// Has it stay what it is until the memory context is reset or deleted, which errors do too: so what
// is done meanwhile is done at one moment.
void stop_clock(MemoryContext until);

// The moment at which the clock is stopped, for statements of SQL.
std::optional<timestamp> stopped_clock();

}  // namespace kvstore
