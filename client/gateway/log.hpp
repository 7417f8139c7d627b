// Lines for people, on standard error. Under systemd, which adds the time, without it.
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

namespace kvstore::gateway {

void log(std::string_view line);

// What strangers may cause as often as they like: a line in a second, with how many were left out
// before it.
class rare_log {
  public:
    void add(std::string_view line);

  private:
    std::chrono::steady_clock::time_point next_{};
    std::size_t left_out_ = 0;
};

}  // namespace kvstore::gateway
