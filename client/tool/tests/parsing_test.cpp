// What people type and what files contain, without a server.
#include <gtest/gtest.h>

#include "encoding.hpp"
#include "entry.hpp"
#include "errors.hpp"
#include "numbers.hpp"
#include "times.hpp"
#include "words.hpp"

namespace {

using namespace kv;
using words = std::vector<std::string>;

std::string all_bytes() {
    std::string bytes;
    for (int i = 0; i < 256; i++)
        bytes += static_cast<char>(i);
    return bytes;
}

TEST(Words, AreSeparatedByBlanks) {
    EXPECT_EQ(split_words("  set k\tv "), (words{"set", "k", "v"}));
    EXPECT_EQ(split_words(""), words{});
    EXPECT_EQ(split_words("get a#b # c"), (words{"get", "a#b"}));
}

TEST(Words, KeepWhatIsQuoted) {
    EXPECT_EQ(split_words(R"(set 'a b' "c \"d\"\n\x41" e\ f '' g'h'"i")"),
              (words{"set", "a b", "c \"d\"\nA", "e f", "", "ghi"}));
    EXPECT_EQ(split_words(R"("\0")"), words{std::string(1, '\0')});
    EXPECT_EQ(split_words("\\"), words{"\\"});
}

TEST(Words, SayWhatIsWrong) {
    for (const char *line : {"'a", "\"a", "\"a\\\"", R"("\x4")", R"("\xg0")"})
        EXPECT_THROW(split_words(line), input_error) << line;
}

TEST(Words, QuotedAreReadBack) {
    for (const std::string &word : {std::string("plain"), std::string("it's"), std::string(),
                                    std::string("#a"), std::string("a b\\"), all_bytes()})
        EXPECT_EQ(split_words(quote_word(word)), words{word});
    EXPECT_EQ(quote_word("user:1"), "user:1");
}

TEST(Integer, IsToTheBaseOf10AndOf64Bits) {
    EXPECT_EQ(integer_of("010"), 10);
    EXPECT_EQ(integer_of("08"), 8);
    EXPECT_EQ(integer_of("+7"), 7);
    EXPECT_EQ(integer_of("-7"), -7);
    EXPECT_EQ(integer_of("9223372036854775807"), 9223372036854775807);
    EXPECT_EQ(integer_of("-9223372036854775808"), -9223372036854775807 - 1);
    for (const char *word : {"", "+", "-", "+-7", "++7", " 7", "7 ", "0x10", "1e3", "1.0", "7k",
                             "9223372036854775808", "-9223372036854775809"})
        EXPECT_EQ(integer_of(word), std::nullopt) << word;
}

TEST(Decimal, IsFinite) {
    EXPECT_EQ(decimal_of("0.5"), 0.5);
    EXPECT_EQ(decimal_of("+2"), 2);
    EXPECT_EQ(decimal_of("-.5"), -0.5);
    for (const char *word : {"", "nan", "nan(1)", "inf", "infinity", "0x10", "1e3", "2s"})
        EXPECT_EQ(decimal_of(word), std::nullopt) << word;
}

TEST(Ttl, IsSecondsOrUnits) {
    const std::vector<std::pair<const char *, double>> cases{{"90", 90},
                                                             {"0.5", 0.5},
                                                             {"500ms", 0.5},
                                                             {"1h30m", 5400},
                                                             {"2d", 172800},
                                                             {"1w", 604800},
                                                             {"1 hour 30 minutes", 5400},
                                                             {"10s", 10},
                                                             {"1.5h", 5400},
                                                             {"-1", -1},
                                                             {" 5 min ", 300}};
    for (const auto &[text, seconds] : cases)
        EXPECT_DOUBLE_EQ(parse_ttl(text).count(), seconds) << text;
}

TEST(Ttl, IsNothingElse) {
    for (const char *text : {"", " ", "h", "1x", "1h30", "inf", "nan", "infinity", "1e5", "1..2",
                             "0x10", "1h-", "--1"})
        EXPECT_THROW(parse_ttl(text), input_error) << text;
}

TEST(Ttl, MayBeWrittenAsInRedis) {
    EXPECT_DOUBLE_EQ(parse_ttl_words({"1h"}).count(), 3600);
    EXPECT_DOUBLE_EQ(parse_ttl_words({"EX", "60"}).count(), 60);
    EXPECT_DOUBLE_EQ(parse_ttl_words({"px", "500"}).count(), 0.5);
    EXPECT_DOUBLE_EQ(parse_milliseconds("1500").count(), 1.5);
    for (const std::vector<std::string> &words :
         {words{}, words{"EX"}, words{"PX", "1s"}, words{"1h", "2h"}, words{"XX", "1"}})
        EXPECT_THROW(parse_ttl_words(words), input_error);
}

TEST(Time, HasAnOffset) {
    EXPECT_EQ(parse_time("2000-01-01T00:00:00Z"), 0);
    EXPECT_EQ(parse_time("2000-01-01 01:00:00.5+01"), 500'000);
    EXPECT_EQ(parse_time("1999-12-31T20:30:00-03:30"), 0);
    EXPECT_EQ(parse_time("2026-11-23T15:38:12.123456Z"), 848'763'492'123'456);
}

TEST(Time, IsWrittenAsItIsRead) {
    for (const char *text : {"2000-01-01T00:00:00.000000Z", "2000-02-29T23:59:59.999999Z",
                             "2000-12-31T00:00:00.000001Z", "2001-01-01T00:00:00.000000Z",
                             "2026-11-23T15:38:12.123456Z", "2100-03-01T00:00:00.000000Z",
                             "12000-02-29T12:00:00.000000Z", "294276-12-31T23:59:59.999999Z"})
        EXPECT_EQ(format_time(parse_time(text)), text);
}

TEST(Time, EveryDayIsItself) {
    constexpr std::int64_t day = 86'400'000'000;
    for (std::int64_t days = 0; days < 300'000; days += 7)
        ASSERT_EQ(parse_time(format_time(days * day + 1)), days * day + 1);
}

TEST(Time, IsNothingElse) {
    for (const char *text :
         {"", "now", "2026-11-23", "2026-11-23T15:38:12", "2026-13-01T00:00:00Z",
          "2026-02-29T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-01T24:00:00Z",
          "2026-01-01T00:60:00Z", "2026-01-01T00:00:00.1234567Z", "2026-01-01T00:00:00.Z",
          "2026-01-01T00:00:00Zx", "2026-01-01T00:00:00+1", "294277-01-01T00:00:00Z",
          "294276-12-31T23:59:59-01:00", "0000-01-01T00:00:00Z", "-2026-01-01T00:00:00Z"})
        EXPECT_THROW(parse_time(text), input_error) << text;
}

TEST(Text, IsUtf8WithoutZero) {
    for (const char *text : {"", "a", "ключ", "\xF0\x9F\x98\x80", "\xEF\xBF\xBF"})
        EXPECT_TRUE(is_text(text)) << text;
    for (const char *bytes : {"\xff", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80",
                              "\xF4\x90\x80\x80", "\xF0\x80\x80\x80", "\xE2\x82", "\x80", "a\xC3"})
        EXPECT_FALSE(is_text(bytes));
    EXPECT_FALSE(is_text(std::string_view("\0", 1)));
}

TEST(Base64, KeepsEveryByte) {
    EXPECT_EQ(to_base64("Man"), "TWFu");
    EXPECT_EQ(to_base64("Ma"), "TWE=");
    EXPECT_EQ(to_base64("M"), "TQ==");
    for (std::size_t length = 0; length <= 256; length++)
        EXPECT_EQ(from_base64(to_base64(all_bytes().substr(0, length))),
                  all_bytes().substr(0, length));
    for (const char *text : {"T", "TQ", "TQ=", "TR==", "T===", "====", "T!==", "TQ==TQ=="})
        EXPECT_THROW(from_base64(text), input_error) << text;
}

TEST(Entry, IsReadAsItIsWritten) {
    for (const entry &each :
         {entry{"k", "v"}, entry{"", ""}, entry{"ключ \"\\\n", "\t"}, entry{"b", all_bytes()},
          entry{"\xe4", "v"}, entry{"e", "v", parse_time("2026-11-23T15:38:12.123456Z")}})
        EXPECT_EQ(parse_entry(format_entry(each)), each);
}

TEST(Entry, HasAFixedForm) {
    EXPECT_EQ(format_entry({"k", "v", 0}),
              R"({"key":"k","value":"v","expires":"2000-01-01T00:00:00.000000Z"})");
    EXPECT_EQ(format_entry({"k", "\xff"}), R"({"key":"k","value_base64":"/w=="})");
    EXPECT_EQ(format_entry({"\xff", "v"}), R"({"key_base64":"/w==","value":"v"})");
    EXPECT_EQ(format_key({"k", "v", 0}), R"({"key":"k","expires":"2000-01-01T00:00:00.000000Z"})");
}

TEST(Entry, SaysWhatIsWrong) {
    for (const char *line :
         {"", "{", "[]", "1", "{}", R"({"key":"k"})", R"({"value":"v"})",
          R"({"key":1,"value":"v"})", R"({"key":"k","value":1})",
          R"({"key":"k","value":"v","value_base64":""})", R"({"key":"k","value_base64":"!"})",
          R"({"key":"k","value":"v","expires":"soon"})", R"({"key":"k","value":"v","expire":""})",
          R"({"key":"a\u0000","value":"v"})", R"({"key_base64":"AA==","value":"v"})",
          R"({"key":"k","key_base64":"aw==","value":"v"})", R"({"key":"a","key":"b","value":"v"})",
          R"({"key":"k","value":"1","value":"2"})", "{\"key\":\"\xff\",\"value\":\"v\"}"})
        EXPECT_THROW(parse_entry(line), input_error) << line;
    EXPECT_EQ(parse_entry(R"({"value":"v","key":"k"})").key, "k");
    const std::string long_in_utf8(3000, 'k');  // which the server may have in another encoding
    EXPECT_EQ(parse_entry(format_entry({long_in_utf8, "v"})).key, long_in_utf8);
}

}  // namespace
