/// @file
/// The time that an entry lives, and the moment at which it ends.
#pragma once

#include <chrono>

#pragma GCC visibility push(default)
namespace kvstore {

/// How long an entry lives, from now on by the server's clock. Any std::chrono duration is
/// one: `1h`, `500ms`, `std::chrono::duration<double>(0.5)`. The server refuses one that is
/// not positive (sql_error 22023).
class ttl {
  public:
    /// @param time  a duration of any unit; the server rounds it to microseconds
    template <class Rep, class Period>
    constexpr ttl(std::chrono::duration<Rep, Period> time)  // NOLINT: implicit, that is its point
        : seconds_(std::chrono::duration<double>(time).count()) {}

    /// @return the time in seconds
    constexpr double seconds() const noexcept { return seconds_; }

  private:
    double seconds_;
};

/// A moment as the server keeps it, in microseconds.
using time_point = std::chrono::sys_time<std::chrono::microseconds>;

/// The moment at which an entry without expiry expires.
inline constexpr time_point never = time_point::max();

}  // namespace kvstore
#pragma GCC visibility pop
