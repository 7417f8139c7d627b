/// @file
/// The time that an entry lives.
#pragma once

#include <chrono>

namespace kvstore {

/// How long an entry lives, from now on by the server's clock. Any std::chrono duration is
/// one: `1h`, `500ms`, `std::chrono::duration<double>(0.5)`. The server refuses one that is
/// not positive (sql_error 22023).
class ttl {
  public:
    template <class Rep, class Period>
    constexpr ttl(std::chrono::duration<Rep, Period> time)  // NOLINT: implicit, that is its point
        : seconds_(std::chrono::duration<double>(time).count()) {}

    constexpr double seconds() const noexcept { return seconds_; }

  private:
    double seconds_;
};

}  // namespace kvstore
