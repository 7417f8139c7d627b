// One computation for all who ask. Runs under ThreadSanitizer too.
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <kvstore/typed.hpp>
#include <stdexcept>

#include "support.hpp"

namespace {

using namespace std::chrono_literals;

const kvstore::fetch_options patient{.lease = 60s, .wait = 120s, .poll = 10ms};

class FetchTest : public testing::Test {
  protected:
    FetchTest() { clear(); }
    ~FetchTest() override { clear(); }

    void clear() {
        client.del("fetch");
        server.sql("TRUNCATE kv_leases");
    }

    // Somebody else's, instead of whose there was.
    void take_lease() const {
        server.sql("TRUNCATE kv_leases; SELECT kv_lease('fetch', 'someone else', '1 hour')");
    }
    bool someone_else_has_lease() const {
        return server.sql("SELECT count(*) FROM kv_leases WHERE value = 'someone else'") == "1";
    }

    // How often the value is computed when 32 clients miss it at once.
    static int computations(const kvstore::fetch_options &options) {
        std::atomic<int> computed = 0;
        std::vector<std::thread> threads(32);
        for (std::thread &each : threads)
            each = std::thread([&] {
                kvstore::client own;
                EXPECT_EQ(own.fetch(
                              "fetch", 1h,
                              [&] {
                                  computed++;
                                  std::this_thread::sleep_for(50ms);
                                  return std::string("computed");
                              },
                              options),
                          "computed");
            });
        for (std::thread &each : threads)
            each.join();
        return computed;
    }

    kvstore::client client;
    plain_connection server;
};

TEST_F(FetchTest, ComputesOnlyWhatIsMissing) {
    EXPECT_EQ(client.fetch("fetch", 1h, [] { return "first"; }), "first");
    EXPECT_EQ(client.fetch("fetch", 1h, [] { return "second"; }), "first");
    EXPECT_GT(client.ttl("fetch"), 59min);
    EXPECT_EQ(server.sql("SELECT count(*) FROM kv_leases"), "0");
}

TEST_F(FetchTest, TakesKeysOfEveryLength) {
    const std::string longest(2048, 'k');
    EXPECT_EQ(client.fetch(longest, 1h, [] { return "v"; }), "v");
    EXPECT_EQ(client.get_del(longest), "v");
}

TEST_F(FetchTest, HasItsLeaseOutOfSight) {
    const auto before = client.count();
    client.fetch("fetch", 1h, [&] {
        EXPECT_EQ(server.sql("SELECT count(*) FROM kv_leases"), "1");
        EXPECT_EQ(client.count(), before);
        return "v";
    });
}

// Two names of one store, and two stores with one key.
TEST_F(FetchTest, HasALeaseForEachStore) {
    server.sql("DROP TABLE IF EXISTS fetched");
    client.create_store("fetched");
    const kvstore::fetch_options impatient{.wait = 0s};
    client.fetch("fetch", 1h, [&] {
        kvstore::client other;
        auto compute = [] { return "other"; };
        EXPECT_EQ(other.open_store("fetched").fetch("fetch", 1h, compute, impatient), "other");
        EXPECT_THROW(other.open_store("public.kv_store").fetch("fetch", 1h, compute, impatient),
                     kvstore::timeout_error);
        return "v";
    });
}

TEST_F(FetchTest, WaitsAsLongAsItMust) {
    take_lease();
    std::thread holder([&] {
        plain_connection on;
        on.sql("SELECT pg_sleep(0.05), kv_set('fetch', 'at last')");
    });
    EXPECT_EQ(client.fetch("fetch", 1h, [] { return "v"; },
                           {.lease = std::chrono::milliseconds::max(),
                            .wait = std::chrono::milliseconds::max(),
                            .poll = 5ms}),
              "at last");
    holder.join();
    clear();
    EXPECT_EQ(
        client.fetch("fetch", 1h, [] { return "v"; }, {.lease = std::chrono::milliseconds::max()}),
        "v");
}

TEST_F(FetchTest, ComputesOnceForAll) {
    EXPECT_EQ(computations(patient), 1);
}

TEST_F(FetchTest, ComputesOnceMoreIfTheFirstIsKilled) {
    std::array<int, 2> channel{};
    ASSERT_EQ(pipe(channel.data()), 0);
    char computing = 0;
    const pid_t child = fork();
    if (child == 0) {
        kvstore::client doomed;
        auto never_ends = [&] { return write(channel[1], "!", 1), pause(), "never"; };
        doomed.fetch("fetch", 1h, never_ends, {.lease = 1s});
        _exit(0);
    }
    close(channel[1]);
    ASSERT_EQ(read(channel[0], &computing, 1), 1);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    EXPECT_EQ(computations(patient), 1);
}

TEST_F(FetchTest, LetsAnotherTryIfItCouldNot) {
    auto fails = []() -> std::string { throw std::runtime_error("no"); };
    EXPECT_THROW(client.fetch("fetch", 1h, fails, patient), std::runtime_error);
    EXPECT_EQ(client.fetch("fetch", 1h, [] { return "v"; }, {.wait = 0s}), "v");
}

TEST_F(FetchTest, WaitsNoLongerThanItMay) {
    take_lease();
    EXPECT_THROW(client.fetch("fetch", 1h, [] { return "v"; }, {.wait = 20ms, .poll = 1ms}),
                 kvstore::timeout_error);
    EXPECT_TRUE(someone_else_has_lease());
}

TEST_F(FetchTest, DoesNotStoreWhatTookTooLong) {
    auto too_long = [&] {
        take_lease();  // as when the first had expired
        return "late";
    };
    EXPECT_EQ(client.fetch("fetch", 1h, too_long, patient), "late");
    EXPECT_EQ(client.get("fetch"), std::nullopt);
    EXPECT_TRUE(someone_else_has_lease());
}

TEST_F(FetchTest, IsNotForTransactions) {
    EXPECT_THROW(client.transact([](auto &tx) { tx.fetch("fetch", 1h, [] { return "v"; }); }),
                 kvstore::error);
}

}  // namespace
