// Whether keys that a client watches are what they were.
#pragma once

#include "redis/execution.hpp"
#include "rules/redis_batch.hpp"

namespace kvstore::redis {

// Nothing if the key cannot be looked at: then an error is answered, or it would wait.
std::optional<bool> is_unchanged(execution &x, const watched_key &watched);

}  // namespace kvstore::redis
