#include "rules/ttl.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace {

using kvstore::ttl_fault;

constexpr kvstore::timestamp now = 848'000'000'000'000;  // 2026
constexpr std::int64_t second = kvstore::microseconds_per_second;

TEST(Expiry, EndsInItsOwnMicrosecond) {
    EXPECT_TRUE(kvstore::is_live(now + 1, now));
    EXPECT_FALSE(kvstore::is_live(now, now));
    EXPECT_FALSE(kvstore::is_live(now - 1, now));
    EXPECT_TRUE(kvstore::is_live(kvstore::never_expires, now));
    EXPECT_FALSE(kvstore::is_live(std::numeric_limits<std::int64_t>::min(), now));  // '-infinity'
}

TEST(ExpiryAfterSeconds, CountsMicroseconds) {
    EXPECT_EQ(kvstore::expiry_after(now, 60).at, now + 60 * second);
    EXPECT_EQ(kvstore::expiry_after(now, 0.5).at, now + second / 2);
    EXPECT_EQ(kvstore::expiry_after(now, 1.1).at, now + 1'100'000);
    EXPECT_EQ(kvstore::expiry_after(now, 0.000001).at, now + 1);
}

TEST(ExpiryAfterSeconds, LivesForAMicrosecondAtLeast) {
    for (double tiny : {1e-7, 1e-9, 1e-12, std::numeric_limits<double>::denorm_min()}) {
        EXPECT_EQ(kvstore::expiry_after(now, tiny).at, now + 1) << tiny;
        EXPECT_EQ(kvstore::expiry_after(now, tiny).fault, ttl_fault::none) << tiny;
    }
}

TEST(ExpiryAfterSeconds, RefusesWhatIsNoTime) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    EXPECT_EQ(kvstore::expiry_after(now, 0).fault, ttl_fault::not_positive);
    EXPECT_EQ(kvstore::expiry_after(now, -0.0).fault, ttl_fault::not_positive);
    EXPECT_EQ(kvstore::expiry_after(now, -1e-9).fault, ttl_fault::not_positive);
    EXPECT_EQ(kvstore::expiry_after(now, infinity).fault, ttl_fault::not_finite);
    EXPECT_EQ(kvstore::expiry_after(now, -infinity).fault, ttl_fault::not_finite);
    EXPECT_EQ(kvstore::expiry_after(now, std::numeric_limits<double>::quiet_NaN()).fault,
              ttl_fault::not_finite);
}

TEST(ExpiryAfterSeconds, EndsWithTime) {
    const double rest = static_cast<double>(kvstore::end_of_time - now) / second;
    EXPECT_EQ(kvstore::expiry_after(now, rest - 60).fault, ttl_fault::none);
    EXPECT_LT(kvstore::expiry_after(now, rest - 60).at, kvstore::end_of_time);
    for (double seconds : {rest, rest + 1, 1e13, 1e15, 1e300, std::numeric_limits<double>::max()})
        EXPECT_EQ(kvstore::expiry_after(now, seconds).fault, ttl_fault::beyond_end_of_time)
            << seconds;
}

TEST(Interval, StaysInRangeAllTheWay) {
    EXPECT_EQ(kvstore::fault_of_interval(now, 1, 2, 3), ttl_fault::none);
    EXPECT_EQ(kvstore::fault_of_interval(now, 12 * 292'000, 0, 0), ttl_fault::none);
    EXPECT_EQ(kvstore::fault_of_interval(now, 12 * 293'000, 0, 0), ttl_fault::beyond_end_of_time);
    EXPECT_EQ(kvstore::fault_of_interval(now, std::numeric_limits<int>::max(),
                                         std::numeric_limits<int>::min(), 0),
              ttl_fault::beyond_end_of_time);
    EXPECT_EQ(kvstore::fault_of_interval(now, std::numeric_limits<int>::min(),
                                         std::numeric_limits<int>::max(), 0),
              ttl_fault::not_positive);
    EXPECT_EQ(kvstore::fault_of_interval(now, 0, 0, std::numeric_limits<std::int64_t>::max()),
              ttl_fault::beyond_end_of_time);
    EXPECT_EQ(kvstore::fault_of_interval(now, 0, 0, std::numeric_limits<std::int64_t>::min()),
              ttl_fault::not_positive);
    // Not positive after all is found out with a calendar.
    EXPECT_EQ(kvstore::fault_of_interval(now, 1, -40, 0), ttl_fault::none);
}

}  // namespace
