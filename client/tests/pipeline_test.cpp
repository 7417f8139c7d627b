// Many operations with one round trip.
#include <unistd.h>

#include <fstream>

#include "support.hpp"

namespace {

using namespace std::chrono_literals;

class PipelineTest : public testing::Test {
  protected:
    kvstore::client client;
    kvstore::pipeline batch{client};
};

TEST_F(PipelineTest, GivesEachItsResult) {
    auto set = batch.set("p:1", "one");
    auto got = batch.get("p:1");
    auto missing = batch.get("p:none");
    auto incremented = batch.incr("p:n", 7, 1h);
    auto many = batch.mget({"p:n", "p:none"});
    auto bytes = batch.get_bytes("p:1");
    EXPECT_EQ(batch.size(), 6U);
    EXPECT_FALSE(got.ready());
    EXPECT_EQ(batch.run(), 0U);
    EXPECT_TRUE(got.ready());
    EXPECT_NO_THROW(set.get());
    EXPECT_EQ(got.get(), "one");
    EXPECT_EQ(got.get(), "one");
    EXPECT_EQ(missing.get(), std::nullopt);
    EXPECT_EQ(incremented.get(), 7);
    EXPECT_EQ(many.get(), (std::vector<std::optional<std::string>>{"7", std::nullopt}));
    EXPECT_EQ(bytes.get()->size(), 3U);
    client.del_prefix("p:");
}

TEST_F(PipelineTest, ConfinesAnErrorToItsOperation) {
    auto before = batch.set("p:1", "kept");
    auto too_long = batch.set(std::string(2049, 'k'), "v");
    auto no_number = batch.incr("p:1");
    auto no_store = batch.open_store("no_such_store").get("p:1");
    auto after = batch.get("p:1");
    EXPECT_EQ(batch.run(), 3U);
    EXPECT_NO_THROW(before.get());
    EXPECT_EQ(sqlstate_of([&] { too_long.get(); }), "54000");
    EXPECT_EQ(sqlstate_of([&] { no_number.get(); }), "22P02");
    EXPECT_EQ(sqlstate_of([&] { no_store.get(); }), "42P01");
    EXPECT_EQ(after.get(), "kept");
    client.del("p:1");
}

// Twice the value is in memory: the caller's, and the pipeline's own.
TEST_F(PipelineTest, TellsWhatCouldNotBeSent) {
    constexpr long needed = 4L << 30;
    if (sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) < needed)
        GTEST_SKIP() << "needs a machine with 4 GB";
    auto too_large = batch.set("p:large", std::string(1 << 30, 'x'));
    auto after = batch.set("p:after", "v");
    EXPECT_EQ(batch.run(), 1U);
    EXPECT_EQ(sqlstate_of([&] { too_large.get(); }), "54000");
    EXPECT_NO_THROW(after.get());
    EXPECT_FALSE(client.exists("p:large"));
    EXPECT_EQ(client.get_del("p:after"), "v");
}

TEST_F(PipelineTest, RefusesToBeReadTooEarly) {
    auto early = batch.set("p:early", "v");
    EXPECT_THROW(early.get(), kvstore::error);
    client.set("p:early", "other calls may come between");
    EXPECT_EQ(batch.run(), 0U);
    EXPECT_EQ(client.get_del("p:early"), "v");
}

TEST_F(PipelineTest, RunsAgainAndEmptyAndNotAtAll) {
    EXPECT_EQ(batch.run(), 0U);
    batch.incr("p:again");
    batch.run();
    batch.incr("p:again");
    batch.run();
    EXPECT_EQ(batch.run(), 0U);
    kvstore::pipeline(client).incr("p:again");
    EXPECT_EQ(client.get_del("p:again"), "2");
}

TEST_F(PipelineTest, KeepsWhatItWasGiven) {
    {
        std::string key = "p:own";
        std::string value(1000, 'v');
        batch.set(key, value);
        key = "xxxxx";
        value.assign(1000, 'x');
    }
    kvstore::pipeline moved = std::move(batch);
    moved.run();
    EXPECT_EQ(client.get_del("p:own"), std::string(1000, 'v'));
}

// More than the buffers between client and server hold, in both directions.
TEST_F(PipelineTest, DoesNotChokeOnItsSize) {
    const std::string value(20'000, 'v');
    std::vector<kvstore::reply<std::optional<std::string>>> replies;
    for (int i = 0; i < 1000; i++) {
        batch.set("p:large", value);
        replies.push_back(batch.get("p:large"));
    }
    EXPECT_EQ(batch.run(), 0U);
    for (const auto &each : replies)
        EXPECT_EQ(each.get(), value);
    client.del("p:large");
}

// The most memory that this process has had since the last call, in MB.
long peak_of_memory() {
    std::ifstream status("/proc/self/status");
    long kilobytes = -1;
    for (std::string word; status >> word;)
        if (word == "VmHWM:")
            status >> kilobytes;
    std::ofstream("/proc/self/clear_refs") << 5;
    return kilobytes / 1024;
}

// Time that grows with the square of the number comes from moving what waits in libpq's buffers;
// as little waits there, it is not looked at by a clock.
TEST_F(PipelineTest, LetsLittleWaitInBuffers) {
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "the sanitizer keeps what was freed";
#endif
    constexpr int pairs = 100;
    const std::string megabyte(1 << 20, 'v');
    const long unused = (peak_of_memory(), peak_of_memory());
    for (int i = 0; i < pairs; i++) {
        batch.set("p:large", megabyte);
        std::ignore = batch.get("p:large");
    }
    EXPECT_EQ(batch.run(), 0U);
    EXPECT_LT(peak_of_memory() - unused, pairs + 30);
    client.del("p:large");
}

TEST_F(PipelineTest, DoesNotDeadlockWithOthers) {
    auto write = [](int first, int last, int step) {
        kvstore::client client;
        for (int round = 0; round < 20; round++) {
            kvstore::pipeline batch(client);
            for (int i = first; i != last; i += step)
                batch.incr("p:" + std::to_string(i));
            EXPECT_EQ(batch.run(), 0U);
        }
    };
    std::thread upward(write, 0, 50, 1);
    std::thread downward(write, 49, -1, -1);
    upward.join();
    downward.join();
    EXPECT_EQ(client.get("p:0"), "40");
    EXPECT_EQ(client.del_prefix("p:"), 50);
}

TEST_F(PipelineTest, IsAllOrNothingInATransaction) {
    std::optional<kvstore::reply<bool>> after;
    EXPECT_EQ(sqlstate_of([&] {
                  client.transact([&](auto &tx) {
                      kvstore::pipeline inside(tx);
                      inside.set("p:in", "v");
                      inside.incr("p:in");
                      after = inside.exists("p:in");
                      EXPECT_EQ(inside.run(), 2U);
                  });
              }),
              "25P02");
    EXPECT_EQ(sqlstate_of([&] { after->get(); }), "25P02");
    EXPECT_FALSE(client.exists("p:in"));
}

TEST_F(PipelineTest, WorksOnAnotherStore) {
    plain_connection().sql("DROP TABLE IF EXISTS pipelined");
    kvstore::store other = client.create_store("pipelined");
    kvstore::pipeline elsewhere(other);
    elsewhere.set("p:k", "v");
    batch.open_store("pipelined").set("l", "v");
    elsewhere.run();
    batch.run();
    EXPECT_EQ(other.count(), 2);
    EXPECT_FALSE(client.exists("p:k"));
}

}  // namespace
