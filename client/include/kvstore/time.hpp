/// @file
/// The time that an entry lives, and the moment at which it ends.
#pragma once

#include <algorithm>
#include <chrono>
#include <ratio>

#pragma GCC visibility push(default)
namespace kvstore {

namespace detail {
/// @param time  in any unit
/// @return      rounded; the most or the fewest if there are not so many, the fewest for NaN
template <class Rep, class Period>
constexpr std::chrono::microseconds in_microseconds(std::chrono::duration<Rep, Period> time) {
    using std::chrono::microseconds;
    using approximate = std::chrono::duration<long double, std::micro>;
    const approximate about(time);
    if (about >= approximate(microseconds::max()))
        return microseconds::max();
    if (!(about > approximate(microseconds::min())))
        return microseconds::min();
    if constexpr (!std::chrono::treat_as_floating_point_v<Rep> &&
                  std::ratio_divide<Period, std::micro>::den == 1)
        return std::chrono::duration_cast<microseconds>(time);  // all of its digits
    else
        return std::chrono::round<microseconds>(about);
}
}  // namespace detail

/// How long an entry lives, from now on by the server's clock, in whole microseconds. Any
/// std::chrono duration is one: `1h`, `500ms`, `std::chrono::duration<double>(0.5)`. The server
/// refuses one that is not positive, or longer than its calendar (sql_error 22023).
class time_to_live {
  public:
    /// @param time  a duration of any unit; what is finer than microseconds is rounded
    template <class Rep, class Period>
    constexpr time_to_live(std::chrono::duration<Rep, Period> time)  // NOLINT: implicit
        : time_(std::max(detail::in_microseconds(time), std::chrono::microseconds(0))) {}

    /// @return the time
    constexpr std::chrono::microseconds count() const noexcept { return time_; }

  private:
    // What does not fit has become what the server refuses: NaN is no time, and what is too long
    // for us is too long for it.
    std::chrono::microseconds time_;
};

/// A moment as the server keeps it, in microseconds.
using time_point = std::chrono::sys_time<std::chrono::microseconds>;

/// The moment at which an entry without expiry expires.
inline constexpr time_point never = time_point::max();

}  // namespace kvstore
#pragma GCC visibility pop
