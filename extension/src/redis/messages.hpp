// What PUBLISH must know of the transaction it is in.
#pragma once

#include <string_view>

namespace kvstore::redis {

// Forgets what was sent: another transaction has begun.
void begin_messages();

}  // namespace kvstore::redis
