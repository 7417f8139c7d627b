// Runs kvstore-redis, the program that Redis clients connect to, beside the server: starts it,
// starts it again when it ends, and ends it with the server.
#pragma once

namespace kvstore {

// If kvstore.redis_listen is set when the server starts.
void register_gateway_worker();

}  // namespace kvstore
