// Whether keys that a client watches are what they were.
#pragma once

#include "redis/execution.hpp"
#include "rules/redis_batch.hpp"

namespace kvstore::redis {

enum class hold_keys : bool { no, yes };

// Nothing if the key cannot be looked at: then an error is answered, or it would wait. An entry
// that is there can be held: nobody changes it until this transaction is over. That takes the
// privilege UPDATE, without which it is not held.
std::optional<bool> is_unchanged(execution &x, const watched_key &watched, hold_keys holds);

}  // namespace kvstore::redis
