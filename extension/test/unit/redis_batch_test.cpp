#include "rules/redis_batch.hpp"

#include <gtest/gtest.h>

#include <string>

namespace kvstore::redis {
namespace {

std::string example() {
    std::string bytes;
    batch_writer batch(bytes, may_wait);
    batch.begin_section(2, 0);
    batch.begin_command(2);
    batch.argument("GET");
    batch.argument("k");
    batch.begin_command(0);
    batch.end_section();
    batch.begin_section(3, 258, 1);
    batch.watch({258, "w", "version"});
    batch.end_section();
    return bytes;
}

TEST(RedisBatch, IsReadAsItWasWritten) {
    std::string bytes = example();
    batch_reader batch(bytes);
    EXPECT_EQ(batch.version(), batch_version);
    EXPECT_TRUE(batch.has(may_wait));
    EXPECT_FALSE(batch.has(exec));

    ASSERT_TRUE(batch.has_section());
    section_reader first = batch.next_section();
    EXPECT_EQ(first.protocol(), 2);
    EXPECT_EQ(first.watched(), 0);
    ASSERT_EQ(first.commands(), 2u);
    ASSERT_EQ(first.arguments(), 2u);
    EXPECT_EQ(first.next_argument(), "GET");
    EXPECT_EQ(first.next_argument(), "k");
    EXPECT_EQ(first.arguments(), 0u);
    EXPECT_TRUE(first.ok() && first.at_end());

    ASSERT_TRUE(batch.has_section());
    section_reader second = batch.next_section();
    EXPECT_EQ(second.database(), 258);
    ASSERT_EQ(second.watched(), 1);
    watched_key watched = second.next_watched();
    EXPECT_EQ(watched.database, 258);
    EXPECT_EQ(watched.key, "w");
    EXPECT_EQ(watched.version, "version");
    EXPECT_EQ(second.commands(), 0u);
    EXPECT_TRUE(second.ok() && second.at_end());
    EXPECT_FALSE(batch.has_section());
    EXPECT_TRUE(batch.ok());
}

// Whether all of a batch can be read, as far as it says that there is something.
bool is_well_formed(std::string_view bytes) {
    batch_reader batch(bytes);
    bool ok = batch.ok() && batch.version() == batch_version;
    while (ok && batch.has_section()) {
        section_reader section = batch.next_section();
        for (int i = section.watched(); i > 0; i--)
            section.next_watched();
        for (std::uint32_t i = section.commands(); i > 0; i--)
            for (std::uint32_t j = section.arguments(); j > 0; j--)
                section.next_argument();
        ok = batch.ok() && section.ok() && section.at_end();
    }
    return ok && batch.ok();
}

TEST(RedisBatch, CutAnywhereIsMalformedOrShorter) {
    std::string bytes = example();
    EXPECT_TRUE(is_well_formed(bytes));
    EXPECT_TRUE(is_well_formed(bytes.substr(0, 2)));  // no section
    std::size_t second = bytes.size() - (4 + 4 + 2 + 2 + 4 + 1 + 4 + 7 + 4);
    for (std::size_t size = 0; size < bytes.size(); size++)
        EXPECT_EQ(is_well_formed(std::string_view(bytes).substr(0, size)),
                  size == 2 || size == second)
            << size;
    EXPECT_FALSE(is_well_formed(bytes + '\0'));
}

TEST(RedisBatch, NoCountIsBelieved) {
    std::string bytes;
    batch_writer batch(bytes, 0);
    batch.begin_section(2, 0);
    batch.begin_command(0xffffffff);
    batch.end_section();
    batch_reader back(bytes);
    section_reader section = back.next_section();
    EXPECT_EQ(section.commands(), 1u);
    EXPECT_EQ(section.arguments(), 0u);
    EXPECT_FALSE(section.ok());
}

TEST(RedisBatch, OfAnotherVersionIsNotRead) {
    batch_reader batch(std::string_view("\x02\xff garbage"));
    EXPECT_EQ(batch.version(), 2);
    EXPECT_TRUE(batch.ok());
}

TEST(RedisBatch, RepliesAreReadAsTheyWereWritten) {
    std::string bytes;
    replies_writer replies(bytes);
    replies.begin_section();
    for (std::string_view reply : {"+OK\r\n", ":1\r\n"}) {
        replies.begin_reply();
        bytes += reply;
        replies.end_reply();
    }
    replies.end_section(section_status::would_wait);

    replies_reader back(bytes);
    EXPECT_EQ(back.version(), batch_version);
    ASSERT_TRUE(back.has_section());
    section_replies section = back.next_section();
    EXPECT_EQ(section.status(), section_status::would_wait);
    ASSERT_EQ(section.answered(), 2u);
    EXPECT_EQ(section.next_reply(), "+OK\r\n");
    EXPECT_EQ(section.next_reply(), ":1\r\n");
    EXPECT_TRUE(section.ok() && section.at_end());
    EXPECT_FALSE(back.has_section());
}

}  // namespace
}  // namespace kvstore::redis
