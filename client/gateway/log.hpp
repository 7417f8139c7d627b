// Lines for people, on standard error. Under systemd, which adds the time, without it.
#pragma once

#include <string_view>

namespace kvstore::gateway {

void log(std::string_view line);

}  // namespace kvstore::gateway
