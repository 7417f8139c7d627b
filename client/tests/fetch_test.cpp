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

    void clear() { client.mdel({"fetch", "kvstore:lease:fetch"}); }

    // How often the value is computed when 32 clients miss it at once.
    static int computations(const kvstore::fetch_options &options) {
        std::atomic<int> computed = 0;
        std::vector<std::thread> threads(32);
        for (std::thread &each : threads)
            each = std::thread([&] {
                kvstore::client own(usual_options());
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

    kvstore::client client{usual_options()};
};

TEST_F(FetchTest, ComputesOnlyWhatIsMissing) {
    EXPECT_EQ(client.fetch("fetch", 1h, [] { return "first"; }), "first");
    EXPECT_EQ(client.fetch("fetch", 1h, [] { return "second"; }), "first");
    EXPECT_GT(client.ttl("fetch"), 59min);
    EXPECT_FALSE(client.exists("kvstore:lease:fetch"));
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
        kvstore::client doomed(usual_options());
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
    client.set_ex("kvstore:lease:fetch", "someone", 1h);
    EXPECT_THROW(client.fetch("fetch", 1h, [] { return "v"; }, {.wait = 20ms, .poll = 1ms}),
                 kvstore::timeout_error);
    EXPECT_EQ(client.get("kvstore:lease:fetch"), "someone");
}

TEST_F(FetchTest, DoesNotStoreWhatTookTooLong) {
    kvstore::client other(usual_options());
    auto too_long = [&] {
        other.set("kvstore:lease:fetch", "someone else");  // as when the lease had expired
        return "late";
    };
    EXPECT_EQ(client.fetch("fetch", 1h, too_long, patient), "late");
    EXPECT_EQ(client.get("fetch"), std::nullopt);
    EXPECT_EQ(client.get("kvstore:lease:fetch"), "someone else");
}

TEST_F(FetchTest, IsNotForTransactions) {
    EXPECT_THROW(client.transaction([](auto &tx) { tx.fetch("fetch", 1h, [] { return "v"; }); }),
                 kvstore::error);
}

}  // namespace
