#include "rules/redis_cli.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kvstore::redis {
namespace {

using namespace std::string_literals;

// Nothing if the line is not well-formed.
std::optional<std::vector<std::string>> words_of(std::string_view line) {
    std::vector<std::string> words;
    for (word_splitter splitter(line); !splitter.at_end();)
        if (words.emplace_back(); !splitter.next(words.back()))
            return std::nullopt;
    return words;
}

using words = std::vector<std::string>;

TEST(RedisCli, SplitsALineAsAShellDoes) {
    EXPECT_EQ(words_of(""), words{});
    EXPECT_EQ(words_of("  get \t k\n"), (words{"get", "k"}));
    EXPECT_EQ(words_of(R"(set k "hello world")"), (words{"set", "k", "hello world"}));
    EXPECT_EQ(words_of(R"(a "" '')"), (words{"a", "", ""}));
    EXPECT_EQ(words_of(R"("\x41\xff\n\"\\" 'it\'s \n')"), (words{"A\xff\n\"\\", "it's \\n"}));
    EXPECT_EQ(words_of(R"("\x00")"), (words{"\0"s}));
    EXPECT_EQ(words_of(R"("\xg1\x4")"), (words{"xg1x4"}));
    EXPECT_EQ(words_of(R"(foo"bar baz")"), (words{"foobar baz"}));
}

TEST(RedisCli, RefusesQuotesThatAreNotClosed) {
    for (std::string_view line : {"\"a", "'a", "a \"b\"c", "'a'b", "\"a\\\"", "\""})
        EXPECT_EQ(words_of(line), std::nullopt) << line;
}

std::string printed(std::string_view reply) {
    std::string text;
    append_printed(text, reply);
    return text;
}

TEST(RedisCli, PrintsRepliesForPeople) {
    EXPECT_EQ(printed("+OK\r\n"), "OK");
    EXPECT_EQ(printed("-ERR no\r\n"), "(error) ERR no");
    EXPECT_EQ(printed(":-7\r\n"), "(integer) -7");
    EXPECT_EQ(printed("$-1\r\n"), "(nil)");
    EXPECT_EQ(printed("$0\r\n\r\n"), R"("")");
    EXPECT_EQ(printed("$7\r\na\r\n\"\\\x01\xe2\r\n"), R"("a\r\n\"\\\x01\xe2")");
    EXPECT_EQ(printed("*0\r\n"), "(empty array)");
    EXPECT_EQ(printed("*-1\r\n"), "(nil)");
}

TEST(RedisCli, NumbersElementsInColumns) {
    std::string ten = "*10\r\n";
    for (int i = 0; i < 10; i++)
        ten += ":0\r\n";
    EXPECT_TRUE(printed(ten).starts_with(" 1) (integer) 0\n 2) ")) << printed(ten);
    EXPECT_TRUE(printed(ten).ends_with("\n10) (integer) 0"));
    EXPECT_EQ(printed("*2\r\n$1\r\n0\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n"),
              "1) \"0\"\n2) 1) \"a\"\n   2) \"b\"");
}

}  // namespace
}  // namespace kvstore::redis
