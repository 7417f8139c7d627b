#include "rules/integer.hpp"

#include <gtest/gtest.h>

#include <string>

namespace kvstore {
namespace {

constexpr std::int64_t least = INT64_MIN;
constexpr std::int64_t most = INT64_MAX;

TEST(Integer, IsWhatRedisTakesForOne) {
    EXPECT_EQ(parse_integer("0"), 0);
    EXPECT_EQ(parse_integer("-0"), 0);
    EXPECT_EQ(parse_integer("007"), 7);
    EXPECT_EQ(parse_integer("-42"), -42);
    EXPECT_EQ(parse_integer("9223372036854775807"), most);
    EXPECT_EQ(parse_integer("-9223372036854775808"), least);
}

TEST(Integer, IsNothingElse) {
    for (std::string_view text : {"", "-", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "a", "--1", "1-",
                                  "9223372036854775808", "-9223372036854775809"})
        EXPECT_EQ(parse_integer(text), std::nullopt) << text;
    EXPECT_EQ(parse_integer(std::string_view("1\0", 2)), std::nullopt);
}

TEST(Integer, HasOneStrictForm) {
    for (std::int64_t value : {least, std::int64_t{-1}, std::int64_t{0}, std::int64_t{10}, most})
        EXPECT_EQ(parse_strict_integer(integer_text(value).view()), value);
    for (std::string_view text : {"", "-", "-0", "00", "007", "-07", "+7", " 7", "7 ", "7.0"})
        EXPECT_EQ(parse_strict_integer(text), std::nullopt) << text;
}

TEST(Integer, IsWrittenAsItIsRead) {
    for (std::int64_t value : {least, least + 1, std::int64_t{-1}, std::int64_t{0}, most})
        EXPECT_EQ(parse_integer(integer_text(value).view()), value);
    EXPECT_EQ(integer_text(least).view().size(), longest_integer);
}

TEST(Integer, SumsFitOrAreNone) {
    EXPECT_EQ(sum_of(most - 1, 1), most);
    EXPECT_EQ(sum_of(most, 1), std::nullopt);
    EXPECT_EQ(sum_of(least, -1), std::nullopt);
    EXPECT_EQ(sum_of(least, most), -1);
}

}  // namespace
}  // namespace kvstore
