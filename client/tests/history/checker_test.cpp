// The model and the checker, on histories that were made up: good ones, and one of each anomaly.
#include <gtest/gtest.h>

#include <algorithm>

#include "checker.hpp"
#include "decision.hpp"
#include "redis_front.hpp"
#include "workload.hpp"

namespace {

using namespace history;

answer value(std::optional<std::string> one) {
    return {.values = {std::move(one)}};
}
const answer nothing = value(std::nullopt);
const answer yes{.yes = true};
const answer no{};
const answer lost{.how = outcome::in_doubt};
const answer not_done{.how = outcome::nothing};

answer at(std::optional<micros> time) {
    return {.time = time};
}

operation set(std::string value, micros ttl = 0) {
    return {.what = verb::set, .values = {std::move(value)}, .ttl = ttl};
}
operation set_nx(std::string value, micros ttl = 0) {
    return {.what = verb::set_nx, .values = {std::move(value)}, .ttl = ttl};
}
operation just(verb what) {
    return {.what = what};
}
operation touch(micros ttl, micros slack = 0) {
    return {.what = verb::get_ex, .ttl = ttl, .slack = slack};
}

// A history of one key, told call by call.
class HistoryTest : public testing::Test {
  protected:
    call &tell(micros called, micros returned, operation what, answer answered = {}) {
        what.keys = {0};
        calls_.push_back(std::make_shared<call>());
        call &told = *calls_.back();
        told.client = static_cast<int>(calls_.size());
        told.what = std::move(what);
        told.answered = std::move(answered);
        told.called = called;
        told.returned = returned;
        return told;
    }

    void begin_anew() { calls_.clear(); }

    // "good", or the call that cannot be explained.
    std::string verdict(bool survives_crash = false) const {
        std::vector<event> events;
        for (const auto &each : calls_) {
            events.push_back({each->called, false, each});
            events.push_back({each->returned, true, each});
        }
        std::stable_sort(events.begin(), events.end(), [](const event &a, const event &b) {
            return a.at < b.at || (a.at == b.at && !a.is_return && b.is_return);
        });
        const model promised(survives_crash);
        checker looks(promised);
        for (event &each : events)
            looks.add(std::move(each));
        if (!looks.found()) {
            EXPECT_EQ(looks.checked(), calls_.size());
            return "good";
        }
        EXPECT_NE(to_string(*looks.found()), "");
        return to_string(looks.found()->what->what, looks.found()->what->answered);
    }

  private:
    std::vector<std::shared_ptr<call>> calls_;
};

// --- Order -------------------------------------------------------------------------------------

TEST_F(HistoryTest, OneAfterTheOther) {
    tell(1, 2, just(verb::get), nothing);
    tell(3, 4, set("a"));
    tell(5, 6, just(verb::get), value("a"));
    tell(7, 8, just(verb::del), yes);
    tell(9, 10, just(verb::exists), no);
    EXPECT_EQ(verdict(), "good");
}

TEST_F(HistoryTest, AnOldValueIsNotReadAgain) {
    tell(1, 2, set("a"));
    tell(3, 4, set("b"));
    tell(5, 6, just(verb::get), value("a"));
    EXPECT_EQ(verdict(), "get k00 -> 'a'");
}

TEST_F(HistoryTest, WhatIsUnderWayMayBeSeenOrNot) {
    tell(1, 2, set("a"));
    tell(3, 20, set("b"));
    tell(4, 5, just(verb::get), value("a"));
    tell(6, 7, just(verb::get), value("b"));
    EXPECT_EQ(verdict(), "good");
}

TEST_F(HistoryTest, WhatWasSeenIsNotUnseen) {
    tell(1, 2, set("a"));
    tell(3, 20, set("b"));
    tell(4, 5, just(verb::get), value("b"));
    tell(6, 7, just(verb::get), value("a"));
    EXPECT_EQ(verdict(), "get k00 -> 'a'");
}

TEST_F(HistoryTest, OneOfManyStoresIt) {
    tell(1, 10, set_nx("a"), yes);
    tell(2, 11, set_nx("b"), no);
    tell(12, 13, just(verb::get), value("a"));
    EXPECT_EQ(verdict(), "good");
}

TEST_F(HistoryTest, TwoDoNotStoreIt) {
    tell(1, 10, set_nx("a"), yes);
    tell(2, 11, set_nx("b"), yes);
    EXPECT_EQ(verdict(), "set_nx k00 'b' -> yes");
}

TEST_F(HistoryTest, TwoDoNotTakeIt) {
    tell(1, 2, set("a"));
    tell(3, 10, just(verb::get_del), value("a"));
    tell(4, 11, just(verb::get_del), value("a"));
    EXPECT_EQ(verdict(), "get_del k00 -> 'a'");
}

TEST_F(HistoryTest, NoSumIsLost) {
    tell(1, 2, set("5"));
    tell(3, 10, {.what = verb::incr, .number = 1}, {.number = 6});
    tell(4, 11, {.what = verb::incr, .number = 1}, {.number = 6});
    EXPECT_EQ(verdict(), "incr k00 by 1 -> 6");
}

TEST_F(HistoryTest, WhatWasNotThereIsNoAnswer) {
    tell(1, 2, set("a"));
    tell(3, 4, just(verb::get), value("of another key"));
    EXPECT_EQ(verdict(), "get k00 -> 'of another key'");
}

// --- Time --------------------------------------------------------------------------------------

TEST_F(HistoryTest, AnEntryExpires) {
    tell(100, 110, set("a", 1000));
    tell(1050, 1060, just(verb::get), value("a"));
    tell(1111, 1120, just(verb::get), nothing);
    EXPECT_EQ(verdict(), "good");
}

TEST_F(HistoryTest, NotTooEarly) {
    tell(100, 110, set("a", 1000));
    tell(1050, 1099, just(verb::get), nothing);
    EXPECT_EQ(verdict(), "get k00 -> nothing");
}

TEST_F(HistoryTest, NotTooLate) {
    tell(100, 110, set("a", 1000));
    tell(1110, 1120, just(verb::get), value("a"));
    EXPECT_EQ(verdict(), "get k00 -> 'a'");
}

TEST_F(HistoryTest, ToTheMicrosecond) {
    tell(100, 110, set("a", 1000));
    tell(200, 210, just(verb::expires), at(1105));
    tell(1104, 1120, just(verb::get), value("a"));
    tell(1100, 1105, just(verb::get), nothing);
    EXPECT_EQ(verdict(), "good");
    tell(1105, 1106, just(verb::get), value("a"));
    EXPECT_EQ(verdict(), "get k00 -> 'a'");
}

TEST_F(HistoryTest, WhatIsSeenTellsWhenItExpires) {
    tell(100, 500, set("a", 1000));
    tell(200, 300, just(verb::get), value("a"));
    tell(1250, 1260, just(verb::expires), at(1301));
    EXPECT_EQ(verdict(), "expires k00 -> 1301");
}

TEST_F(HistoryTest, TheTimeLeft) {
    tell(100, 100, set("a", 1000));
    tell(200, 210, just(verb::ttl), at(895));
    EXPECT_EQ(verdict(), "good");
    tell(300, 310, just(verb::ttl), at(789));
    EXPECT_NE(verdict(), "good");
}

TEST_F(HistoryTest, WhatHasExpiredIsNotRevived) {
    tell(100, 100, set("a", 1000));
    tell(1100, 1110, touch(5000), value("a"));
    EXPECT_EQ(verdict(), "get_ex k00 for 5.000 ms -> 'a'");
}

TEST_F(HistoryTest, NorByWhoWaited) {
    tell(100, 100, set("a", 1000));
    tell(500, 3000, touch(5000), value("a"));
    EXPECT_EQ(verdict(), "good");
    tell(4000, 5000, set("b", 1000));
    tell(5500, 9000, just(verb::get_del), value("b")).waited_until = 6001;
    EXPECT_EQ(verdict(), "get_del k00 -> 'b'");
}

TEST_F(HistoryTest, WhoWaitedAndCameTooLate) {
    tell(100, 100, set("a", 1000));
    tell(500, 3000, touch(5000), nothing).waited_until = 2000;
    EXPECT_EQ(verdict(), "good");
}

TEST_F(HistoryTest, ATtlCountsFromAfterTheWait) {
    tell(100, 1000, set("a", 1000)).waited_until = 900;
    tell(1100, 1200, just(verb::expires), at(1900));
    EXPECT_EQ(verdict(), "good");
}

TEST_F(HistoryTest, NotFromBeforeIt) {
    tell(100, 1000, set("a", 1000)).waited_until = 900;
    tell(1100, 1200, just(verb::expires), at(1899));
    EXPECT_EQ(verdict(), "expires k00 -> 1899");
}

TEST_F(HistoryTest, ATtlCountsFromAfterTheLastWriteButInSql) {
    for (bool counts_apart : {true, false}) {
        tell(1000, 1010, set("a"));
        tell(500, 1020, {.what = verb::cas, .values = {"b"}, .expected = "a", .ttl = 10'000}, yes)
            .counts_apart = counts_apart;
        tell(1030, 1040, {.what = verb::expires}, at(10'600));
        EXPECT_EQ(verdict(), counts_apart ? "good" : "expires k00 -> 10600");
        begin_anew();
    }
}

TEST_F(HistoryTest, ATransactionIsSeenWhenItIsCommitted) {
    call &committed = tell(100, 1000, set("a", 5000));
    committed.decided_by = 200;
    committed.visible_from = 900;
    tell(300, 400, just(verb::get), nothing);
    tell(950, 1100, just(verb::get), value("a"));
    tell(1200, 1300, just(verb::expires), at(5200));
    EXPECT_EQ(verdict(), "good");
    tell(500, 600, just(verb::get), value("a"));
    EXPECT_EQ(verdict(), "get k00 -> 'a'");
}

TEST_F(HistoryTest, ASlackLeavesWhatIsGoodEnough) {
    tell(100, 100, set("a", 1000));
    tell(200, 200, touch(1000, 101), value("a"));
    tell(300, 300, just(verb::expires), at(1100));
    EXPECT_EQ(verdict(), "good");
    tell(400, 400, touch(1000, 300), value("a"));
    tell(500, 500, just(verb::expires), at(1100));
    EXPECT_EQ(verdict(), "expires k00 -> 1100");
}

TEST_F(HistoryTest, ARateLimitTellsWhenItEnds) {
    const operation limit{.what = verb::rate_limit, .ttl = 1000, .number = 1, .most = 2};
    tell(100, 110, limit, {.yes = true, .number = 1, .time = 1105});
    tell(200, 210, limit, {.yes = true, .number = 2, .time = 1105});
    tell(300, 310, limit, {.yes = false, .number = 2, .time = 1105});
    tell(1200, 1210, limit, {.yes = true, .number = 1, .time = 2201});
    EXPECT_EQ(verdict(), "good");
    tell(1300, 1310, just(verb::expires), at(2202));
    EXPECT_EQ(verdict(), "expires k00 -> 2202");
}

// --- What is not known, and crashes -------------------------------------------------------------

TEST_F(HistoryTest, WhatIsInDoubtMayBeDoneOrNot) {
    for (const char *seen : {"a", "b"}) {
        tell(1, 2, set("a"));
        tell(3, 10, set("b"), lost);
        tell(11, 12, just(verb::get), value(seen));
        tell(13, 14, just(verb::get), value(seen));
        EXPECT_EQ(verdict(), "good");
        begin_anew();
    }
}

TEST_F(HistoryTest, ButNotLater) {
    tell(1, 2, set("a"));
    tell(3, 10, set("b"), lost);
    tell(11, 12, just(verb::get), value("a"));
    tell(13, 14, just(verb::get), value("b"));
    EXPECT_EQ(verdict(), "get k00 -> 'b'");
}

TEST_F(HistoryTest, NorTwice) {
    tell(1, 2, set("5"));
    tell(3, 10, {.what = verb::incr, .number = 1}, lost);
    tell(11, 12, just(verb::get), value("7"));
    EXPECT_EQ(verdict(), "get k00 -> '7'");
}

TEST_F(HistoryTest, WhatWasNotCarriedOutIsNot) {
    tell(1, 2, set("a"));
    tell(3, 10, set("b"), not_done);
    tell(4, 12, just(verb::get), value("b"));
    EXPECT_EQ(verdict(), "get k00 -> 'b'");
}

TEST_F(HistoryTest, ACrashMayEmptyAStore) {
    for (const auto &left : {nothing, value("a")}) {
        tell(1, 2, set("a"));
        tell(3, 10, just(verb::crash));
        tell(11, 12, just(verb::get), left);
        EXPECT_EQ(verdict(), "good");
        begin_anew();
    }
}

TEST_F(HistoryTest, NothingRisesFromTheDead) {
    tell(1, 2, set("a"));
    tell(3, 4, just(verb::del), yes);
    tell(5, 10, just(verb::crash));
    tell(11, 12, just(verb::get), value("a"));
    EXPECT_EQ(verdict(), "get k00 -> 'a'");
}

TEST_F(HistoryTest, ALoggedStoreLosesNothing) {
    tell(1, 2, set("a"));
    tell(3, 10, just(verb::crash));
    tell(11, 12, just(verb::get), nothing);
    EXPECT_EQ(verdict(true), "get k00 -> nothing");
}

TEST_F(HistoryTest, ManyAtOnce) {
    tell(1, 2, set("0"));
    for (int i = 1; i <= 12; i++)
        tell(2 + i, 100 + i, {.what = verb::incr, .number = 1}, {.number = 13 - i});
    tell(200, 201, just(verb::get), value("12"));
    EXPECT_EQ(verdict(), "good");
    tell(202, 203, just(verb::get), value("11"));
    EXPECT_EQ(verdict(), "get k00 -> '11'");
}

// --- Redis -------------------------------------------------------------------------------------

TEST_F(HistoryTest, RedisTellsMilliseconds) {
    const auto told_by_redis = [](verb what) { return operation{.what = what, .by_redis = true}; };
    const auto begin = [&] { tell(10'000, 10'010, set("a", 20'000)); };
    begin();
    tell(10'020, 10'030, told_by_redis(verb::expires), at(31'000));
    tell(10'040, 10'050, told_by_redis(verb::ttl), at(20'000));
    EXPECT_EQ(verdict(), "good");
    begin_anew();
    begin();
    tell(10'020, 10'030, told_by_redis(verb::expires), at(32'000));
    EXPECT_EQ(verdict(), "expires k00 -> 32000");
    begin_anew();
    begin();
    tell(15'020, 15'030, told_by_redis(verb::ttl), at(20'000));
    EXPECT_EQ(verdict(), "ttl k00 -> 20000");
}

// The SET is decided at 5200, when there is an entry, and takes effect at 9900, with the batch.
TEST_F(HistoryTest, RedisTellsWhatItsBatchHasWritten) {
    tell(5100, 5400, set_nx("a", 1000), yes);
    tell(6500, 6600, just(verb::del), no);
    tell(8200, 8500, just(verb::exists), no);
    tell(0, 9970, {.what = verb::set_xx, .values = {"b"}, .ttl = 18'000, .by_redis = true}, yes);
    tell(4800, 10'400, {.what = verb::ttl, .by_redis = true}, at(18'000));
    EXPECT_EQ(verdict(), "good");
}

TEST_F(HistoryTest, KeepsATtl) {
    const operation keep{.what = verb::set_keepttl, .values = {"b"}, .by_redis = true};
    tell(1, 2, set("a", 100));
    tell(3, 4, keep);
    tell(50, 60, just(verb::get), value("b"));
    tell(103, 104, just(verb::exists), no);
    EXPECT_EQ(verdict(), "good");
    tell(105, 106, keep);
    tell(500, 501, just(verb::get), value("b"));
    EXPECT_EQ(verdict(), "good");
}

TEST_F(HistoryTest, WatchesAKey) {
    const operation swap{.what = verb::cas,
                         .values = {"b"},
                         .expected = "a",
                         .ttl = 1000,
                         .by_redis = true,
                         .by = manner::steps};
    tell(1, 2, set("a"));
    tell(3, 20, swap, yes);
    tell(4, 5, set("c"));
    tell(30, 31, just(verb::get), value("c"));
    EXPECT_EQ(verdict(), "good");
    tell(32, 40, swap, yes);
    EXPECT_EQ(verdict(), "steps: cas k00 'b' instead of 'a' for 1.000 ms -> yes");
}

// --- Decisions ---------------------------------------------------------------------------------

TEST(DecisionTest, Counters) {
    const operation add{.what = verb::incr, .number = 2};
    const std::string five = "5";
    const std::string word = "five";
    const std::string most = std::to_string(INT64_MAX);
    EXPECT_EQ(decide(add, nullptr, false).at(0).value, "2");
    EXPECT_EQ(decide(add, &five, false).at(0).value, "7");
    EXPECT_EQ(decide(add, &word, false).at(0).answered.sqlstate, "22P02");
    EXPECT_EQ(decide(add, &most, false).at(0).answered.sqlstate, "22003");
}

TEST(DecisionTest, CountersOfRedisHaveOneForm) {
    const std::string seven = "07";
    EXPECT_EQ(decide({.what = verb::incr}, &seven, false).at(0).value, "8");
    EXPECT_EQ(decide({.what = verb::incr, .by_redis = true}, &seven, false).at(0).answered.sqlstate,
              "22P02");
}

TEST(DecisionTest, ComparesAndSwaps) {
    const std::string here = "a";
    operation swap{.what = verb::cas, .values = {"b"}};
    EXPECT_TRUE(decide(swap, nullptr, false).at(0).answered.yes);
    EXPECT_FALSE(decide(swap, &here, false).at(0).answered.yes);
    swap.expected = "a";
    EXPECT_FALSE(decide(swap, nullptr, false).at(0).answered.yes);
    EXPECT_EQ(decide(swap, &here, false).at(0).expires, expiry::kept);
    swap.ttl = 1;
    EXPECT_EQ(decide(swap, &here, false).at(0).expires, expiry::from_now);
}

// --- Choices -----------------------------------------------------------------------------------

TEST(WorkloadTest, ASeedRepeatsIt) {
    const auto asked = [](std::uint64_t seed, int client) {
        workload chooses({}, seed, client);
        std::string all;
        for (int i = 0; i < 1000; i++)
            all += to_string(chooses.next(1'000'000)) + "\n";
        return all;
    };
    EXPECT_EQ(asked(1, 2), asked(1, 2));
    EXPECT_NE(asked(1, 2), asked(2, 2));
    EXPECT_NE(asked(1, 2), asked(1, 3));
}

TEST(WorkloadTest, AsksForAllThereIs) {
    workload chooses({}, 1, 0);
    redis_front redis("");
    std::string all;
    for (int i = 0; i < 10'000; i++) {
        const operation what = chooses.next(1'000'000);
        all += to_string(what) + "\n" + to_string(redis.adapted(what)) + "\n";
    }
    for (verb each = verb::get; each != verb::crash;
         each = static_cast<verb>(static_cast<int>(each) + 1))
        EXPECT_NE(all.find(to_string(each) + " "), all.npos) << to_string(each);
}

}  // namespace
