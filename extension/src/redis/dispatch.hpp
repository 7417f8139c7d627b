// From a command's arguments to the function that carries it out.
#pragma once

#include "redis/execution.hpp"

namespace kvstore::redis {

// Writes one reply; or x.would_wait() and nothing was done and nothing written.
void carry_out(execution &x, arguments given);

}  // namespace kvstore::redis
