// Default options behind a pooler that gives each transaction whichever of its two connections is
// free. KVSTORE_TEST_POOLER says how to reach it.
#include <map>
#include <random>

#include "support.hpp"

namespace {

using namespace std::chrono_literals;

// Calls of all sorts in a random order, by one client on keys of its own, each compared with what
// it should answer.
class caller {
  public:
    caller(const std::string &conninfo, unsigned number)
        : client_(conninfo), random_(number), prefix_("pooler:" + std::to_string(number) + ':') {
        client_.del_prefix(prefix_);
    }
    ~caller() { client_.del_prefix(prefix_); }
    caller(const caller &) = delete;
    caller &operator=(const caller &) = delete;

    void call() {
        const std::string key = prefix_ + std::to_string(random_() % 3);
        const std::string value = std::to_string(random_() % 100);
        const auto known = expected_.find(key);
        const auto before = known == expected_.end() ? std::nullopt : std::optional(known->second);
        const std::int64_t sum = std::stoll(before.value_or("0")) + 1;
        switch (random_() % 10) {
            case 0:
                client_.set(key, value);
                expected_[key] = value;
                break;
            case 1:
                EXPECT_EQ(client_.get(key), before);
                break;
            case 2:
                EXPECT_EQ(client_.del(key), before.has_value());
                expected_.erase(key);
                break;
            case 3:
                EXPECT_EQ(client_.incr(key), sum);
                expected_[key] = std::to_string(sum);
                break;
            case 4:
                EXPECT_EQ(client_.set_nx(key, value, 1h), !before.has_value());
                expected_.emplace(key, value);
                break;
            case 5:
                EXPECT_EQ(client_.get_ex(key, 1h), before);
                break;
            case 6:
                EXPECT_EQ(client_.mget({key}).at(0), before);
                break;
            case 7:
                EXPECT_EQ(client_.fetch(key, 1h, [&] { return std::string(value); }),
                          before.value_or(value));
                expected_.emplace(key, value);
                break;
            case 8:
                client_.transact([&](auto &tx) {
                    EXPECT_EQ(tx.incr(key), sum);
                    EXPECT_EQ(tx.get(key), std::to_string(sum));
                });
                expected_[key] = std::to_string(sum);
                break;
            default:
                call_together(key, value, before);
        }
    }

  private:
    void call_together(const std::string &key, const std::string &value,
                       const std::optional<std::string> &before) {
        kvstore::pipeline batch(client_);
        const auto found = batch.get(key);
        batch.set(key, value);
        const auto stored = batch.exists(key);
        EXPECT_EQ(batch.run(), 0U);
        EXPECT_EQ(found.get(), before);
        EXPECT_TRUE(stored.get());
        expected_[key] = value;
    }

    kvstore::client client_;
    std::minstd_rand random_;
    const std::string prefix_;
    std::map<std::string, std::string> expected_;
};

TEST(PoolerTest, AnswersEachClientWhatItAsked) {
    const char *pooler = std::getenv("KVSTORE_TEST_POOLER");  // NOLINT: one thread
    if (pooler == nullptr)
        GTEST_SKIP() << "no pooler here";
    std::vector<std::thread> threads(6);
    for (unsigned i = 0; i < threads.size(); i++)
        threads[i] = std::thread([=] {
            int failed = 0;
            caller calls(pooler, i);
            for (int round = 0; round < 300; round++)
                try {
                    calls.call();
                } catch (const kvstore::error &problem) {
                    if (failed++ == 0)
                        ADD_FAILURE() << problem.what();
                }
            EXPECT_EQ(failed, 0);
        });
    for (std::thread &each : threads)
        each.join();
}

// What another client of the server's connection has done with the names of statements.
TEST(PoolerTest, PreparesAnewWhatWasForgotten) {
    const char *pooler = std::getenv("KVSTORE_TEST_POOLER");  // NOLINT: one thread
    if (pooler == nullptr)
        GTEST_SKIP() << "no pooler here";
    kvstore::client client(pooler);
    const plain_connection another(pooler);
    client.set("pooler:forgotten", "1");
    for (int i = 2; i < 10; i++) {
        another.sql("DEALLOCATE ALL");
        client.set("pooler:forgotten", std::to_string(i));
        EXPECT_EQ(client.get("pooler:forgotten"), std::to_string(i));
    }
    client.del("pooler:forgotten");
}

}  // namespace
