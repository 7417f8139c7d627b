// The program as it runs: comes up, serves until it is told to stop, and ends well.
#pragma once

#include "settings.hpp"

namespace kvstore::gateway {

// SIGHUP is no order to end, as it otherwise would be before run() listens to signals, which lets
// it through. Who starts the program may hold it back already.
void hold_back_hangup(bool is_held);

// The exit status. Throws std::runtime_error for what cannot be as it was told.
int run(const settings &told);

}  // namespace kvstore::gateway
