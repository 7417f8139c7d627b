// Connections shared by threads. Runs under ThreadSanitizer too.
#include <algorithm>
#include <atomic>
#include <kvstore/pool.hpp>
#include <limits>

#include "support.hpp"

namespace {

using namespace std::chrono_literals;

// What is made from a temporary would use a connection that has gone back.
template <class Borrowed>
concept has_star = requires(Borrowed &&from) {
    *std::forward<Borrowed>(from);
};
template <class Borrowed>
concept has_arrow = requires(Borrowed &&from) {
    std::forward<Borrowed>(from).operator->();
};
static_assert(has_star<kvstore::borrowed_client &> && has_arrow<kvstore::borrowed_client &>);
static_assert(!has_star<kvstore::borrowed_client> && !has_arrow<kvstore::borrowed_client>);

// What fetch() cannot store is refused where it is called.
template <class Store, class Computed>
concept fetches = requires(Store in) {
    in.fetch("key", 1min, [] { return Computed(); });
};
template <class Store, class Computed>
concept fetches_bytes = requires(Store in) {
    in.fetch_bytes("key", 1min, [] { return Computed(); });
};
template <class Store>
constexpr bool fetches_what_it_stores =
    fetches<Store, std::string> &&fetches<Store, const char *> && !fetches<Store, int> &&
    fetches_bytes<Store, kvstore::byte_vector> && !fetches_bytes<Store, std::string>;
static_assert(fetches_what_it_stores<kvstore::store>);
static_assert(fetches_what_it_stores<kvstore::pooled_store>);

TEST(PoolTest, MakesNoMoreThanItMay) {
    kvstore::pool pool({}, {.max_size = 2, .wait = 20ms});
    EXPECT_EQ(pool.size(), 0U);
    auto first = pool.borrow();
    {
        auto second = pool.borrow();
        EXPECT_EQ(pool.size(), 2U);
        EXPECT_THROW(std::ignore = pool.borrow(), kvstore::timeout_error);
    }
    auto again = pool.borrow();
    again->set("pool", "v");
    EXPECT_EQ(first->get_del("pool"), "v");
    EXPECT_EQ(pool.size(), 2U);
}

TEST(PoolTest, MayBeAsLargeAsOneLikes) {
    kvstore::pool pool({}, {.max_size = std::numeric_limits<std::size_t>::max()});
    auto first = pool.borrow();
    auto second = pool.borrow();
    EXPECT_EQ(pool.size(), 2U);
}

TEST(PoolTest, WaitsForWhatIsGivenBack) {
    kvstore::pool pool({}, {.max_size = 1, .wait = std::chrono::milliseconds::max()});
    std::optional<kvstore::borrowed_client> only(pool.borrow());
    std::thread waiting([&] { pool.set("pool", "after"); });
    (*only)->set("pool", "before");
    only.reset();
    waiting.join();
    EXPECT_EQ(pool.get_del("pool"), "after");
}

TEST(PoolTest, IsUsedLikeAClient) {
    kvstore::pool pool({}, {.max_size = 2});
    pool.set("pool", "1");
    EXPECT_EQ(pool.incr("pool"), 2);
    EXPECT_EQ(pool.open_store("public.kv_store").get("pool"), "2");
    EXPECT_EQ(pool.transact([](auto &tx) { return tx.get_del("pool"); }), "2");
    EXPECT_EQ(pool.fetch("pool", 1min, [] { return "computed"; }), "computed");
    EXPECT_TRUE(pool.del("pool"));
    EXPECT_EQ(pool.size(), 1U);
}

// With one connection, which nothing keeps between two pages.
TEST(PoolTest, IsLoopedOverLikeAClient) {
    kvstore::pool pool({}, {.max_size = 1, .wait = 1ms});
    for (const char *key : {"pool:1", "pool:2", "pool:3"})
        pool.set(key, "v");
    std::string seen;
    for (const kvstore::entry &each : pool.entries({.prefix = "pool:", .max = 1})) {
        seen += each.key;
        EXPECT_TRUE(pool.exists(each.key));
    }
    EXPECT_EQ(seen, "pool:1pool:2pool:3");
    std::size_t bytes = 0;
    for (const auto &each : pool.open_store("public.kv_store").entries_bytes({.prefix = "pool:"}))
        bytes += each.value.size();
    EXPECT_EQ(bytes, 3U);
    pool.del_prefix("pool:");
}

TEST(PoolTest, HasWhatAClientHasOfStores) {
    kvstore::pool pool({}, {.max_size = 1});
    plain_connection().sql("DROP TABLE IF EXISTS pooled_images");
    kvstore::pooled_store images = pool.create_store("pooled_images", {.bytes = true});
    const auto pixel = [] { return kvstore::byte_vector{std::byte{0}, std::byte{255}}; };
    EXPECT_EQ(images.fetch_bytes("pixel", 1min, pixel), pixel());
    EXPECT_EQ(images.get_bytes("pixel"), pixel());
    const auto stats = pool.stats();
    EXPECT_TRUE(std::ranges::any_of(
        stats, [](const auto &each) { return each.name.ends_with("pooled_images"); }));
    pool.drop_store("pooled_images");
    EXPECT_EQ(sqlstate_of([&] { std::ignore = images.get_bytes("pixel"); }), "42P01");
}

TEST(PoolTest, HandsOutWhatIsConnected) {
    kvstore::pool pool({.conninfo = "application_name=victim"}, {.max_size = 1});
    pool.set("pool", "v");
    plain_connection().sql(
        "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity "
        "WHERE application_name = 'victim'");
    EXPECT_EQ(pool.get_del("pool"), "v");
}

TEST(PoolTest, KeepsItsPlacesWhenItCannotConnect) {
    kvstore::pool pool({.conninfo = "host=/nonexistent"}, {.max_size = 1, .wait = 1ms});
    EXPECT_THROW(std::ignore = pool.borrow(), kvstore::connection_error);
    EXPECT_THROW(std::ignore = pool.borrow(), kvstore::connection_error);
    EXPECT_EQ(pool.size(), 0U);
}

TEST(PoolTest, ClosesWhatIsBroken) {
    kvstore::pool pool({.conninfo = "application_name=victim"}, {.max_size = 1});
    {
        auto broken = pool.borrow();
        EXPECT_THROW(broken->transact([](auto &tx) {
            plain_connection().sql(
                "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity "
                "WHERE application_name = 'victim'");
            tx.set("pool", "v");
        }),
                     kvstore::connection_error);
    }
    EXPECT_EQ(pool.size(), 0U);
    EXPECT_FALSE(pool.exists("pool"));
}

TEST(PoolTest, ServesManyThreads) {
    kvstore::pool pool({}, {.max_size = 3, .wait = 60s});
    std::vector<std::thread> threads(8);
    for (std::size_t i = 0; i < threads.size(); i++)
        threads[i] = std::thread([&pool, i] {
            for (int round = 0; round < 25; round++) {
                auto client = pool.borrow();
                client->incr("pool:all");
                client->incr("pool:" + std::to_string(i));
            }
        });
    for (std::thread &each : threads)
        each.join();
    EXPECT_LE(pool.size(), 3U);
    EXPECT_EQ(pool.get("pool:all"), "200");
    EXPECT_EQ(pool.del_prefix("pool:"), 9);
}

}  // namespace
