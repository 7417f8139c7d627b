// How requests are read, in whatever pieces they arrive, and how sections are written.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "reply.hpp"
#include "request_reader.hpp"
#include "section.hpp"
#include "slow_log.hpp"

namespace kvstore::gateway {
namespace {

using state = request_reader::state;
using requests = std::vector<std::vector<std::string>>;

void feed(request_reader &reader, std::string_view bytes) {
    while (!bytes.empty()) {
        const std::span<char> room = reader.room();
        const std::size_t size = std::min(room.size(), bytes.size());
        std::memcpy(room.data(), bytes.data(), size);
        reader.filled(size);
        bytes.remove_prefix(size);
    }
}

state take(request_reader &reader, requests &into) {
    for (;;) {
        const state read = reader.next();
        if (read != state::complete)
            return read;
        into.emplace_back(reader.arguments().begin(), reader.arguments().end());
    }
}

// Whatever the pieces are, the requests are the same.
requests read_in_pieces(std::string_view bytes, std::size_t size) {
    request_reader reader;
    requests all;
    for (std::size_t at = 0; at < bytes.size(); at += size) {
        feed(reader, bytes.substr(at, size));
        take(reader, all);
    }
    return all;
}

// GCC 12 warns, wrongly, where a literal is added to such a string.
std::string with_many(std::string_view before, std::size_t number, char of) {
    std::string bytes(before);
    bytes.append(number, of);
    return bytes;
}

std::string problem_of(std::string_view bytes, const request_limits &limits = {}) {
    request_reader reader;
    reader.set_limits(limits);
    feed(reader, bytes);
    requests all;
    return take(reader, all) == state::refused ? reader.problem() : "none";
}

TEST(Framing, ReadsArraysAndInlineCommandsInAnyPieces) {
    const std::string bytes(
        "*2\r\n$3\r\nGET\r\n$4\r\na\r\nb\r\n*0\r\n\r\nPING  \"a b\\x41\\n\" 'it\\'s'\r\n*-1\r\n"
        "*1\r\n$0\r\n\r\nset k v\n");
    const requests expected{{"GET", "a\r\nb"}, {"PING", "a bA\n", "it's"}, {""}, {"set", "k", "v"}};
    for (std::size_t size = 1; size <= bytes.size(); size++)
        EXPECT_EQ(read_in_pieces(bytes, size), expected) << "in pieces of " << size;
}

TEST(Framing, KeepsManyAndLargeArguments) {
    const std::string large(300000, 'x');
    std::string bytes = "*1001\r\n";
    for (int i = 0; i < 1000; i++)
        bytes += "$1\r\na\r\n";
    bytes.append("$300000\r\n").append(large).append("\r\n*1\r\n$4\r\nPING\r\n");
    for (const std::size_t size : {std::size_t{7}, std::size_t{5000}, bytes.size()}) {
        const requests all = read_in_pieces(bytes, size);
        ASSERT_EQ(all.size(), 2u);
        ASSERT_EQ(all[0].size(), 1001u);
        EXPECT_EQ(all[0].back(), large);
        EXPECT_EQ(all[1], std::vector<std::string>{"PING"});
    }
}

TEST(Framing, RefusesAsRedisDoes) {
    EXPECT_EQ(problem_of("*x\r\n"), "Protocol error: invalid multibulk length");
    EXPECT_EQ(problem_of("*2147483648\r\n"), "Protocol error: invalid multibulk length");
    EXPECT_EQ(problem_of("*1048577\r\n"), "Protocol error: invalid multibulk length");
    EXPECT_EQ(problem_of("*1\r\n*1\r\n"), "Protocol error: expected '$', got '*'");
    EXPECT_EQ(problem_of("*1\r\n$-1\r\n"), "Protocol error: invalid bulk length");
    EXPECT_EQ(problem_of("*1\r\n$01\r\n"), "Protocol error: invalid bulk length");
    EXPECT_EQ(problem_of("*1\r\n$629145600\r\n"), "Protocol error: invalid bulk length");
    EXPECT_EQ(problem_of("SET \"a\r\n"), "Protocol error: unbalanced quotes in request");
    EXPECT_EQ(problem_of("SET \"a\"b\r\n"), "Protocol error: unbalanced quotes in request");
    EXPECT_EQ(problem_of(std::string(70000, 'a')), "Protocol error: too big inline request");
    EXPECT_EQ(problem_of(with_many("*", 70000, '1')), "Protocol error: too big mbulk count string");
    EXPECT_EQ(problem_of(with_many("*1\r\n$", 70000, '1')),
              "Protocol error: too big bulk count string");
}

TEST(Framing, TakesLittleBeforeLogin) {
    const request_limits limits{.request = 1024, .arguments = 16, .before_login = true};
    EXPECT_EQ(problem_of("*11\r\n", limits), "Protocol error: unauthenticated multibulk length");
    EXPECT_EQ(problem_of("*2\r\n$2000\r\n", limits), "Protocol error: unauthenticated bulk length");
    EXPECT_EQ(problem_of(std::string(1100, 'a'), limits), "Protocol error: too big inline request");
    // Many small ones are as bad as one that is large.
    EXPECT_EQ(problem_of(with_many("*2\r\n$600\r\n", 600, 'a').append("\r\n$600\r\n"), limits),
              "Protocol error: unauthenticated bulk length");
}

TEST(Framing, StaysRefused) {
    request_reader reader;
    feed(reader, "*x\r\nPING\r\n");
    EXPECT_EQ(reader.next(), state::refused);
    EXPECT_EQ(reader.next(), state::refused);
}

// A client that announces much and sends little costs little; what was large is given back.
TEST(Framing, KeepsMemoryForWhatHasArrivedOnly) {
    request_reader reader;
    feed(reader, "*2\r\n$60000000\r\nabc");
    EXPECT_EQ(reader.next(), state::incomplete);
    EXPECT_LE(reader.memory(), 64u * 1024);

    request_reader another;
    feed(another, with_many("*1\r\n$3000000\r\n", 3000000, 'a').append("\r\n"));
    EXPECT_EQ(another.next(), state::complete);
    EXPECT_GE(another.memory(), 3000000u);
    feed(another, "P");
    EXPECT_LE(another.memory(), 64u * 1024);
}

// --- Sections ----------------------------------------------------------------------------------

using words = std::vector<std::string_view>;

std::vector<words> commands_in(std::string_view batch) {
    std::vector<words> all;
    redis::batch_reader reader(batch);
    while (reader.has_section()) {
        redis::section_reader section = reader.next_section();
        for (std::uint32_t left = section.commands(); left > 0; left--) {
            words &command = all.emplace_back();
            for (std::uint32_t arguments = section.arguments(); arguments > 0; arguments--)
                command.push_back(section.next_argument());
        }
        EXPECT_TRUE(section.ok() && section.at_end());
    }
    EXPECT_TRUE(reader.ok());
    return all;
}

TEST(Section, IsWrittenWholeInPartAndInSingleCommands) {
    section one;
    one.begin(3, 7);
    const std::vector<words> commands{{"SET", "a", "b"}, {"GET", "a"}, {"DEL", "a"}};
    for (const words &each : commands)
        one.add(each);
    EXPECT_EQ(one.arguments(1), commands[1]);
    const auto left = [&] {
        std::string batch;
        redis::batch_writer writer(batch, 0);
        one.append_left(batch);
        return batch;
    };
    const auto next = [&] {
        std::string batch;
        redis::batch_writer writer(batch, 0);
        one.append_next(batch);
        return batch;
    };
    EXPECT_EQ(commands_in(left()), commands);
    EXPECT_EQ(commands_in(next()), std::vector<words>{commands[0]});
    one.answer(1);
    EXPECT_EQ(commands_in(left()), (std::vector<words>{commands[1], commands[2]}));
    EXPECT_EQ(commands_in(next()), std::vector<words>{commands[1]});
    one.answer(2);
    EXPECT_EQ(one.left(), 0u);
    EXPECT_TRUE(commands_in(left()).empty());
}

TEST(Section, KnowsWhatWasAnsweredTogether) {
    section one;
    one.begin(2, 0);
    for (const words &each : std::vector<words>{{"GET", "a"}, {"GET", "b"}, {"INCR", "c"}})
        one.add(each);
    const auto begin = section::clock::now();
    one.start_clock();
    one.answer(2);
    one.answer(0);  // what is next would wait
    one.answer(1);
    const auto end = section::clock::now();
    ASSERT_EQ(one.steps().size(), 2u);
    EXPECT_EQ(one.steps()[0].first, 0u);
    EXPECT_EQ(one.steps()[0].commands, 2u);
    EXPECT_EQ(one.steps()[1].first, 2u);
    EXPECT_EQ(one.steps()[1].commands, 1u);
    EXPECT_LE(one.steps()[0].took + one.steps()[1].took, end - begin);
    one.begin(2, 0);
    EXPECT_TRUE(one.steps().empty());
}

TEST(Section, SaysProtocolDatabaseAndWhatIsWatched) {
    section one;
    const std::vector<redis::watched_key> watched{{1, "k", "v1"}, {2, "l", ""}};
    one.begin(3, 7, watched);
    std::string batch;
    redis::batch_writer writer(batch, redis::exec);
    one.append_left(batch);
    redis::batch_reader reader(batch);
    redis::section_reader section = reader.next_section();
    EXPECT_EQ(section.protocol(), 3);
    EXPECT_EQ(section.database(), 7);
    ASSERT_EQ(section.watched(), 2);
    EXPECT_EQ(section.next_watched().version, "v1");
    EXPECT_EQ(section.next_watched().key, "l");
    EXPECT_EQ(section.commands(), 0u);
    EXPECT_TRUE(section.ok() && section.at_end());
}

// --- Replies -----------------------------------------------------------------------------------

TEST(Reply, HasWordsOfAnyText) {
    EXPECT_EQ(as_one_word("127.0.0.1:6379"), "127.0.0.1:6379");
    EXPECT_EQ(as_one_word("a b\nc\\d\x7f\xc3\xa4"), "a\\x20b\\x0ac\\x5cd\\x7f\\xc3\\xa4");
}

TEST(Reply, IsOfItsProtocol) {
    std::string two;
    std::string three;
    for (auto *each : {&two, &three}) {
        reply_writer out(*each, each == &two ? 2 : 3);
        out.null();
        out.null_array();
        out.map(1);
        out.verbatim("hi");
        out.error("ERR a\r\nb");
    }
    EXPECT_EQ(two, "$-1\r\n*-1\r\n*2\r\n$2\r\nhi\r\n-ERR a  b\r\n");
    EXPECT_EQ(three, "_\r\n_\r\n%1\r\n=6\r\ntxt:hi\r\n-ERR a  b\r\n");
}

slow_log::entry entry_of(const char *role) {
    slow_log::entry one;
    one.role = role;
    return one;
}

TEST(SlowLog, ShortensAndForgets) {
    slow_log log;
    const std::string large(1000, 'x');
    std::vector<std::string_view> many(40, "a");
    many[1] = large;
    log.add(many, entry_of("me"), 2);
    log.add(many, entry_of("you"), 2);
    log.add(many, entry_of("me"), 2);
    const auto mine = log.of("me");
    ASSERT_EQ(mine.size(), 1u);
    EXPECT_EQ(mine[0]->number, 2);
    ASSERT_EQ(mine[0]->arguments.size(), 32u);
    EXPECT_EQ(mine[0]->arguments[1], std::string(128, 'x') + "... (872 more bytes)");
    EXPECT_EQ(mine[0]->arguments[31], "... (9 more arguments)");
    log.forget("you");
    EXPECT_TRUE(log.of("you").empty());
    slow_log::entry several = entry_of("you");
    several.commands = 3;
    log.add(std::vector<std::string_view>{"GET", "a"}, several, 2);
    EXPECT_EQ(log.of("you")[0]->arguments,
              (std::vector<std::string>{"GET", "a", "... (2 more commands)"}));
}

}  // namespace
}  // namespace kvstore::gateway
