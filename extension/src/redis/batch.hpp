// Batches of commands of many clients, as kvstore-redis sends them: docs/design.md has the
// contract.
#pragma once

#include <string_view>

#include "server/postgres.hpp"

namespace kvstore::redis {

// Carries out a batch; the replies, a bytea. Errors: 08P01 if it is malformed, 0A000 if it is of
// another version, 55P03 if a command of an EXEC would have to wait, and those that no command
// foresees.
Datum carry_out_batch(std::string_view batch);

}  // namespace kvstore::redis
