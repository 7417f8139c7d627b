// How long to wait: whatever duration a caller names, none overflows.
#pragma once

#include <algorithm>
#include <chrono>

namespace kvstore::detail {

// Longer than anybody waits, and within what every clock can count.
inline constexpr std::chrono::milliseconds forever = std::chrono::hours(24 * 365 * 100);

inline std::chrono::milliseconds bounded(std::chrono::milliseconds time,
                                         std::chrono::milliseconds most = forever) {
    return std::clamp(time, std::chrono::milliseconds(0), most);
}

inline std::chrono::steady_clock::time_point deadline_after(std::chrono::milliseconds wait) {
    return std::chrono::steady_clock::now() + bounded(wait);
}

}  // namespace kvstore::detail
