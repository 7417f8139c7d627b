// The program as it runs: comes up, serves until it is told to stop, and ends well.
#pragma once

#include "settings.hpp"

namespace kvstore::gateway {

// The exit status. Throws std::runtime_error for what cannot be as it was told.
int run(const settings &told);

}  // namespace kvstore::gateway
