#include "rules/real.hpp"

#include <gtest/gtest.h>

#include <string>

namespace kvstore {
namespace {

std::string written(long double value) {
    char buffer[longest_real];
    return std::string(write_real(value, buffer));
}

TEST(Real, IsReadAsRedisReadsIt) {
    EXPECT_EQ(parse_real("3.5"), 3.5L);
    EXPECT_EQ(parse_real("-1e3"), -1000.0L);
    EXPECT_EQ(parse_real("+7"), 7.0L);
    EXPECT_EQ(parse_real("0x10"), 16.0L);
    EXPECT_EQ(parse_real(".5"), 0.5L);
    for (std::string_view text : {"", " 1", "1 ", "nan", "a", "1e5000", "1e-5000", "1,5", "--1"})
        EXPECT_EQ(parse_real(text), std::nullopt) << text;
    EXPECT_EQ(parse_real(std::string_view("1\0", 2)), std::nullopt);
    EXPECT_EQ(parse_real(std::string(longest_real, '1')), std::nullopt);
}

TEST(Real, IsWrittenWithoutZerosAtItsEnd) {
    EXPECT_EQ(written(10.5L), "10.5");
    EXPECT_EQ(written(100), "100");
    EXPECT_EQ(written(-0.0L), "0");
    EXPECT_EQ(written(0.1L), "0.1");
    EXPECT_EQ(written(5.0e3L), "5000");
    EXPECT_EQ(written(1e-20L), "0");
    EXPECT_GE(written(*parse_real("1e4000")).size(), 4000u);
}

}  // namespace
}  // namespace kvstore
