#include "rules/glob.hpp"

#include <gtest/gtest.h>

#include <string>

namespace kvstore {
namespace {

TEST(Glob, MatchesAsRedisDoes) {
    for (auto [pattern, text] : {std::pair<std::string_view, std::string_view>{"*", ""},
                                 {"*", "anything"},
                                 {"", ""},
                                 {"h?llo", "hallo"},
                                 {"h*llo", "heeeello"},
                                 {"h*llo", "hllo"},
                                 {"h[ae]llo", "hallo"},
                                 {"h[^e]llo", "hbllo"},
                                 {"h[a-c]llo", "hcllo"},
                                 {"h[c-a]llo", "hbllo"},
                                 {"a\\*b", "a*b"},
                                 {"[\\]]", "]"},
                                 {"[\\^]", "^"},
                                 {"[ab", "b"},
                                 {"a\\", "a\\"},
                                 {"*a*b*", "xxayybzz"},
                                 {"a**", "a"},
                                 {"user:*:name", "user:7:name"}})
        EXPECT_TRUE(glob_matches(pattern, text)) << pattern << " " << text;
}

TEST(Glob, MatchesNothingElse) {
    for (auto [pattern, text] : {std::pair<std::string_view, std::string_view>{"", "a"},
                                 {"?", ""},
                                 {"h?llo", "hllo"},
                                 {"h[^e]llo", "hello"},
                                 {"h[a-b]llo", "hcllo"},
                                 {"a\\*b", "axb"},
                                 {"abc", "abcd"},
                                 {"[]", "a"},
                                 {"*ab", "abc"},
                                 {"A", "a"}})
        EXPECT_FALSE(glob_matches(pattern, text)) << pattern << " " << text;
}

// Exponential where each star may go back to any before it.
TEST(Glob, IsQuickWithManyStars) {
    std::string pattern;
    for (int i = 0; i < 1000; i++)
        pattern += "*a";
    EXPECT_FALSE(glob_matches(pattern + "b", std::string(5000, 'a')));
}

TEST(Glob, KnowsWhatAllThatMatchBeginWith) {
    EXPECT_EQ(literal_prefix("user:*"), "user:");
    EXPECT_EQ(literal_prefix("exact"), "exact");
    EXPECT_EQ(literal_prefix("*"), "");
    EXPECT_EQ(literal_prefix("a\\*"), "a");
}

}  // namespace
}  // namespace kvstore
