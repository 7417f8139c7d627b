// One command as a person types it.
#pragma once

#include <string_view>

#include "server/postgres.hpp"

namespace kvstore::redis {

// Carries it out in the transaction there is, waiting where it must; its reply as redis-cli prints
// it, a text. Errors: those that no command foresees.
Datum carry_out_typed(std::string_view line);

}  // namespace kvstore::redis
