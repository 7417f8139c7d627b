#include "rules/redis_messages.hpp"

#include <gtest/gtest.h>

#include <string>

namespace kvstore::redis {
namespace {

using namespace std::string_literals;

TEST(RedisMessages, PlainIsWhatNotifyTakes) {
    for (std::string_view text : {"", "a", "grüße", "日本", "\U0001f600"})
        EXPECT_TRUE(is_plain(text, true)) << text;
    for (const std::string &text :
         {"a\0b"s, "\x01x"s, "\xff"s, "\xc3"s, "\xc0\x80"s, "\xed\xa0\x80"s, "\xe0\x80\x80"s,
          "\xf4\x90\x80\x80"s, "\xf0\x80\x80\x80"s})
        EXPECT_FALSE(is_plain(text, true)) << text;
    EXPECT_TRUE(is_plain("ascii", false));
    EXPECT_FALSE(is_plain("grüße", false));
}

TEST(RedisMessages, AChannelIsItselfIfItCanBe) {
    EXPECT_EQ(notify_channel("news", true).name(), "news");
    std::string longest(63, 'c');
    EXPECT_EQ(notify_channel(longest, true).name(), longest);
    for (const std::string &channel : {""s, longest + "c", "\xff"s, "kv_redis:patterns"s, "a\0"s}) {
        notify_channel digest(channel, true);
        EXPECT_FALSE(digest.is_itself());
        EXPECT_TRUE(digest.name().starts_with(own_channels));
        EXPECT_NE(digest.name(), patterns_channel);
        EXPECT_LE(digest.name().size(), longest_channel);
    }
}

TEST(RedisMessages, Base64IsReadAsItWasWritten) {
    std::string bytes;
    for (int size = 0; size < 300; bytes += static_cast<char>(size++ * 7)) {
        std::string text;
        std::string back;
        append_base64(text, bytes);
        ASSERT_TRUE(append_decoded(back, text));
        ASSERT_EQ(back, bytes);
    }
    std::string known;
    append_base64(known, "light w");
    EXPECT_EQ(known, "bGlnaHQgdw==");
    for (std::string_view wrong : {"a", "abc", "ab=c", "=abc", "ab-_", "abcd=bcd"}) {
        std::string back;
        EXPECT_FALSE(append_decoded(back, wrong)) << wrong;
    }
}

// What a listener makes of a message of ours.
void expect_read(std::string_view notified, const std::string &payload, const std::string &channel,
                 const std::string &text) {
    std::string decoded;
    std::optional<message> got = read_message(decoded, notified, payload);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->channel, channel);
    EXPECT_EQ(got->text, text);
}

std::string encode(const std::string &channel, const std::string &text, std::uint32_t number) {
    std::string payload;
    std::string scratch;
    append_message(payload, scratch, channel, text, number);
    return payload;
}

void expect_delivered(const std::string &channel, const std::string &text) {
    std::string payload = encode(channel, text, 7);
    EXPECT_TRUE(is_plain(payload.substr(1), false));
    expect_read(notify_channel(channel, true).name(), payload, channel, text);
    expect_read(patterns_channel, payload, channel, text);
}

TEST(RedisMessages, AreReadAsTheyWereSent) {
    expect_read("news", "hello", "news", "hello");
    expect_read("news", "", "news", "");
    for (const std::string &text : {"hello"s, ""s, "\x01tricky"s, "a\0b"s})
        expect_delivered("news", text);
    expect_delivered("\xff", "hello");
    EXPECT_NE(encode("news", "hello", 7), encode("news", "hello", 8));
}

TEST(RedisMessages, OfOthersAreTakenAsTheyAreOrNotAtAll) {
    std::string decoded;
    std::optional<message> got = read_message(decoded, "news", "from SQL");
    ASSERT_TRUE(got);
    EXPECT_EQ(got->text, "from SQL");
    for (std::string_view payload : {"\x01*",
                                     "\x01"
                                     "AAA",
                                     "\x01", "\x01/////w=="})
        EXPECT_FALSE(read_message(decoded, "news", payload)) << payload;
    EXPECT_FALSE(read_message(decoded, patterns_channel, "from SQL"));
}

}  // namespace
}  // namespace kvstore::redis
