/// @file
/// The time that an entry lives, and the moment at which it ends.
#pragma once

#include <chrono>

#pragma GCC visibility push(default)
namespace kvstore {

/// How long an entry lives, from now on by the server's clock, in whole microseconds. Any
/// std::chrono duration is one: `1h`, `500ms`, `std::chrono::duration<double>(0.5)`. The server
/// refuses one that is not positive, or longer than its calendar (sql_error 22023).
class time_to_live {
  public:
    /// @param time  a duration of any unit; what is finer than microseconds is rounded
    template <class Rep, class Period>
    constexpr time_to_live(std::chrono::duration<Rep, Period> time)  // NOLINT: implicit
        : time_(in_microseconds(time)) {}

    /// @return the time
    constexpr std::chrono::microseconds count() const noexcept { return time_; }

  private:
    // What does not fit becomes what the server refuses: NaN is no time, and what is too long for
    // us is too long for it.
    template <class Rep, class Period>
    static constexpr std::chrono::microseconds in_microseconds(
        std::chrono::duration<Rep, Period> time) {
        using std::chrono::microseconds;
        using approximate = std::chrono::duration<long double, std::micro>;
        const approximate about(time);
        if (about >= approximate(microseconds::max()))
            return microseconds::max();
        if (!(about > approximate(0)))
            return microseconds(0);
        return std::chrono::round<microseconds>(time);
    }

    std::chrono::microseconds time_;
};

/// A moment as the server keeps it, in microseconds.
using time_point = std::chrono::sys_time<std::chrono::microseconds>;

/// The moment at which an entry without expiry expires.
inline constexpr time_point never = time_point::max();

}  // namespace kvstore
#pragma GCC visibility pop
