// When what comes is waited for awake.
#include "awake_wait.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace kvstore::gateway {
namespace {

class AwakeWait : public testing::Test {
  protected:
    AwakeWait() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends_.data()), 0); }
    ~AwakeWait() override { std::ranges::for_each(ends_, close); }

    bool finds_input() { return wait_.finds_input(ends_[0]); }
    void arrive() { EXPECT_EQ(write(ends_[1], "x", 1), 1); }
    void take() {
        char taken = 0;
        EXPECT_EQ(read(ends_[0], &taken, 1), 1);
    }
    // So often it does not look, although there is something.
    int times_asleep() {
        arrive();
        int times = 0;
        while (!finds_input())
            times++;
        take();
        return times;
    }

  private:
    std::array<int, 2> ends_{};
    awake_wait wait_;
};

TEST_F(AwakeWait, FindsWhatIsThere) {
    arrive();
    EXPECT_TRUE(finds_input());
    EXPECT_TRUE(finds_input());
    take();
    EXPECT_FALSE(finds_input());
}

TEST_F(AwakeWait, IsTriedEverLessOftenWhereItIsInVain) {
    EXPECT_FALSE(finds_input());
    EXPECT_EQ(times_asleep(), 1);
    // It was not in vain, and so begins anew.
    EXPECT_FALSE(finds_input());
    EXPECT_EQ(times_asleep(), 1);
    for (int expected = 1; expected < 1024; expected *= 2) {
        EXPECT_FALSE(finds_input());  // in vain
        for (int i = 0; i < expected; i++)
            EXPECT_FALSE(finds_input());  // asleep
    }
    EXPECT_FALSE(finds_input());
    EXPECT_EQ(times_asleep(), 1024);
}

}  // namespace
}  // namespace kvstore::gateway
