// Arithmetic of expiry times: pure, so that it is tested without a server.
//
// Times are PostgreSQL's: microseconds since 2000-01-01 00:00 UTC.
#pragma once

#include <cmath>
#include <cstdint>
#include <initializer_list>

namespace kvstore {

using timestamp = std::int64_t;

constexpr timestamp never_expires = INT64_MAX;                // 'infinity'
constexpr timestamp end_of_time = 9'223'371'331'200'000'000;  // first one that is out of range
constexpr timestamp microseconds_per_second = 1'000'000;

// An entry is absent from the very microsecond in which it expires.
constexpr bool is_live(timestamp expires, timestamp now) {
    return expires > now;
}

// A wait that is shorter is not worth doing anything about: a TTL that counts from up to a
// millisecond before its write is none the worse for it.
constexpr timestamp shortest_wait = 1000;

// The times between two others.
struct expiry_range {
    timestamp after;
    timestamp before;

    constexpr bool contains(timestamp expires) const { return after < expires && expires < before; }
};

// The expiries that differ from `expires`, which is not never_expires, by less than `slack`: none
// if that is 0, and never_expires is never one.
constexpr expiry_range expiries_near(timestamp expires, timestamp slack) {
    return {expires - slack, expires < end_of_time - slack ? expires + slack : never_expires};
}

enum class ttl_fault : std::uint8_t { none, not_positive, not_finite, beyond_end_of_time };

struct expiry {
    timestamp at;
    ttl_fault fault = ttl_fault::none;
};

// The time `seconds` after `now`. A part of a microsecond counts as a whole one,
// so that every positive TTL gives an entry that lives.
inline expiry expiry_after(timestamp now, double seconds) {
    if (!std::isfinite(seconds))
        return {0, ttl_fault::not_finite};
    if (seconds <= 0)
        return {0, ttl_fault::not_positive};
    // Rounds to the nearest nanosecond before it rounds up: 1.1 s are 1100000 us,
    // though 1.1 * 1e6 is a little more.
    double microseconds = std::ceil(std::round(seconds * 1e9) / 1e3);
    if (microseconds < 1)
        microseconds = 1;
    // In floating point first: the sum must not overflow.
    if (microseconds >= static_cast<double>(end_of_time) - static_cast<double>(now))
        return {0, ttl_fault::beyond_end_of_time};
    timestamp at = now + static_cast<timestamp>(microseconds);
    return at < end_of_time ? expiry{at} : expiry{0, ttl_fault::beyond_end_of_time};
}

// Whether now + months + days + microseconds, added in this order with a calendar,
// stays within the range of timestamps all the way. Rough, but on the safe side:
// the last years before 294276 AD cannot be had.
inline ttl_fault fault_of_interval(timestamp now, std::int32_t months, std::int32_t days,
                                   std::int64_t microseconds) {
    constexpr double day = 86400e6;
    constexpr double year = 365.2425 * day;
    const double most = static_cast<double>(end_of_time) - static_cast<double>(now) - 2 * year;
    const double least = -4000 * year;

    double sum = 0;
    for (double part : {months * year / 12, days * day, static_cast<double>(microseconds)}) {
        sum += part;
        if (sum > most)
            return ttl_fault::beyond_end_of_time;
        if (sum < least)
            return ttl_fault::not_positive;
    }
    return ttl_fault::none;
}

}  // namespace kvstore
