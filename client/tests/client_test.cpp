// The client against a real server, the one that the PG* variables name.
#include <cmath>
#include <iterator>
#include <kvstore/pool.hpp>
#include <thread>

#include "support.hpp"

namespace {

using namespace std::chrono_literals;

class ClientTest : public testing::Test {
  protected:
    kvstore::client client;
};

TEST_F(ClientTest, GetsWhatWasSet) {
    client.set("client", "value");
    EXPECT_EQ(client.get("client"), "value");
    client.set("client", "another");
    EXPECT_EQ(client.get("client"), "another");
    EXPECT_TRUE(client.del("client"));
    EXPECT_EQ(client.get("client"), std::nullopt);
    EXPECT_FALSE(client.del("client"));
}

TEST_F(ClientTest, KeepsEveryCharacter) {
    const std::string value = "'; DROP TABLE kv_store; --\t\"\\ ключ \n";
    client.set(value, value);
    EXPECT_EQ(client.get(value), value);
    client.set("", "");
    EXPECT_EQ(client.get(""), "");
    const std::string large(5'000'000, 'x');
    client.set("large", large);
    EXPECT_EQ(client.get_del("large"), large);
}

TEST_F(ClientTest, ExpiresWithAnyDuration) {
    client.set_ex("brief", "v", 30ms);
    client.set_ex("hour", "v", 1h);
    client.set_ex("fraction", "v", std::chrono::duration<double>(0.03));
    EXPECT_EQ(client.get("hour"), "v");
    std::this_thread::sleep_for(60ms);
    EXPECT_EQ(client.get("brief"), std::nullopt);
    EXPECT_EQ(client.get("fraction"), std::nullopt);
    EXPECT_EQ(client.get("hour"), "v");
}

TEST_F(ClientTest, TouchesAndPops) {
    client.set_ex("touched", "v", 1h);
    EXPECT_EQ(client.get_ex("touched", 2h), "v");
    EXPECT_GT(client.ttl("touched"), 1h);
    EXPECT_EQ(client.get_del("touched"), "v");
    EXPECT_EQ(client.get_del("touched"), std::nullopt);
    EXPECT_EQ(client.get_ex("touched", 1h), std::nullopt);
}

TEST_F(ClientTest, TellsTheServersErrors) {
    EXPECT_EQ(sqlstate_of([&] { client.set_ex("k", "v", 0s); }), "22023");
    EXPECT_EQ(sqlstate_of([&] { std::ignore = client.get(std::string(2049, 'k')); }), "54000");
    EXPECT_EQ(sqlstate_of([&] { client.set("k", "\xff"); }), "22021");
    client.set("k", "usable after errors");
    EXPECT_EQ(client.get("k"), "usable after errors");
}

TEST_F(ClientTest, TellsErrorsByTheirTypes) {
    EXPECT_TRUE(throws_just<kvstore::undefined_store>(
        [&] { client.open_store("no_such_store").set("k", "v"); }));
    EXPECT_TRUE(throws_just<kvstore::sql_error>([&] { client.open_store("pg_class").del("k"); }));
    try {
        client.del(std::string(2049, 'k'));
    } catch (const kvstore::sql_error &problem) {
        EXPECT_EQ(problem.message(), "key of 2049 bytes is too long");
        EXPECT_EQ(problem.detail(), "A key has at most 2048 bytes.");
        EXPECT_EQ(problem.hint(), "Use a digest of it as the key.");
        EXPECT_NE(std::string(problem.what()).find("HINT:  Use"), std::string::npos);
    }
}

TEST_F(ClientTest, CountsWholeMicroseconds) {
    using kvstore::time_to_live;
    using seconds = std::chrono::duration<double>;
    static_assert(time_to_live(1h + 1us).count() == 3'600'000'001us);
    static_assert(time_to_live(seconds(0.03)).count() == 30ms);
    static_assert(time_to_live(1400ns).count() == 1us);
    static_assert(time_to_live(std::chrono::hours::max()).count() ==
                  std::chrono::microseconds::max());
    static_assert(time_to_live(std::chrono::hours::min()).count() == 0us);
    static_assert(time_to_live(1500ns).count() == 2us);
    // What is hardly too long, or not quite, in each unit.
    static_assert(time_to_live(seconds(9'223'372'036'854.775)).count() > std::chrono::hours(1));
    static_assert(time_to_live(9'223'372'036'854'775'807ns).count() > std::chrono::hours(1));
    static_assert(time_to_live(9'223'372'036'854'775'807us).count() == 9'223'372'036'854'775'807us);
    for (const time_to_live refused :
         {time_to_live(std::chrono::hours::max()), time_to_live(seconds(NAN)),
          time_to_live(seconds(INFINITY)), time_to_live(-1h), time_to_live(1ns)})
        EXPECT_EQ(sqlstate_of([&] { client.set_ex("ttl", "v", refused); }), "22023");
    client.set_ex("ttl", "v", std::chrono::years(100'000));
    EXPECT_GT(client.ttl("ttl"), std::chrono::years(99'999));
    client.del("ttl");
}

TEST_F(ClientTest, TakesMomentsInAnyUnit) {
    using namespace std::chrono;
    client.set("moment", "v");
    EXPECT_TRUE(client.expire_at("moment", system_clock::now() + 1h));
    EXPECT_LE(client.ttl("moment"), 1h);
    EXPECT_GT(client.ttl("moment"), 59min);
    constexpr sys_days day = year{2100} / 1 / 1;
    EXPECT_TRUE(client.expire_at("moment", day));
    EXPECT_EQ(client.expires("moment"), day);
    EXPECT_TRUE(client.expire_at("moment", sys_time<duration<double>>(4'102'444'800.25s)));
    EXPECT_EQ(client.expires("moment"), day + 250ms);
    EXPECT_TRUE(client.expire_at("moment", sys_time<hours>::max()));
    EXPECT_EQ(client.expires("moment"), kvstore::never);
    EXPECT_TRUE(client.expire_at("moment", system_clock::time_point::max()));
    EXPECT_TRUE(client.expire_at("moment", system_clock::time_point::min()));
    EXPECT_FALSE(client.exists("moment"));
}

// A handle may be captured by a lambda, or passed on as one that is only read from.
TEST_F(ClientTest, IsReadThroughConstHandles) {
    client.set_ex("const", "v", 1h);
    const auto is_read = [](const auto &from) {
        const auto found = from.mget({"const"});
        return from.get("const") == "v" && from.get_bytes("const")->size() == 1 &&
               found == from.mget({"const"}) && from.mget_bytes({"const"}).size() == 1 &&
               from.exists("const") && from.ttl("const") > 0s && from.expires("const") &&
               from.count("const") == 1 && from.scan({.prefix = "const"}).size() == 1 &&
               from.scan_bytes({.prefix = "const"}).size() == 1 && from.detour() == from.detour();
    };
    kvstore::pool pool;
    const kvstore::client &whole = client;
    EXPECT_TRUE(is_read(client.open_store("kv_store")));
    EXPECT_TRUE(is_read(whole));
    EXPECT_TRUE(is_read(pool.open_store("kv_store")));
    EXPECT_EQ(([store = pool.open_store("kv_store")] { return store.get("const"); }()), "v");
    EXPECT_FALSE(whole.stats().empty());
    client.del("const");
}

TEST_F(ClientTest, DropsStores) {
    plain_connection().sql(
        R"(DROP TABLE IF EXISTS "Dropped; --"; CREATE TABLE IF NOT EXISTS kept ())");
    client.create_store("\"Dropped; --\"").set("k", "v");
    client.drop_store("\"Dropped; --\"");
    EXPECT_THROW(client.drop_store("\"Dropped; --\""), kvstore::undefined_store);
    EXPECT_EQ(sqlstate_of([&] { client.drop_store("kept"); }), "42809");
    EXPECT_EQ(sqlstate_of([&] { client.drop_store("x; DROP TABLE kept"); }), "42602");
    plain_connection().sql("DROP TABLE kept");
}

TEST_F(ClientTest, GivesEntriesAsARange) {
    for (int i = 0; i < 25; i++)
        client.set("range:" + std::to_string(100 + i), std::to_string(i));
    for (const std::optional<std::int32_t> page :
         {std::optional(1), std::optional(7), std::optional(25), std::optional(1000),
          std::optional<std::int32_t>()}) {
        int seen = 0;
        for (const kvstore::entry &each : client.entries({.prefix = "range:", .max = page}))
            EXPECT_EQ(each.value, std::to_string(seen++));
        EXPECT_EQ(seen, 25);
    }
    auto after = client.entries_bytes({.prefix = "range:", .after = "range:122", .max = 1});
    static_assert(std::input_iterator<decltype(after.begin())>);
    EXPECT_EQ(after.begin()->value.size(), 2U);
    for (const kvstore::entry &each : client.entries({.prefix = "no such"}))
        ADD_FAILURE() << each.key;
    EXPECT_EQ(client.del_prefix("range:"), 25);
}

// It stays where it is, so that going on can be tried again.
TEST_F(ClientTest, DoesNotEndARangeThatCannotBeRead) {
    const plain_connection server;
    server.sql("DROP TABLE IF EXISTS ranged, ranged_away");
    kvstore::store store = client.create_store("ranged");
    store.mset({{"a", "1"}, {"b", "2"}, {"c", "3"}});
    auto range = store.entries({.max = 1});
    auto at = range.begin();
    for (const char *key : {"a", "b"}) {
        EXPECT_EQ(at->key, key);
        server.sql("ALTER TABLE ranged RENAME TO ranged_away");
        EXPECT_THROW(++at, kvstore::undefined_store);
        EXPECT_TRUE(at != range.end());
        EXPECT_EQ(at->key, key);
        EXPECT_THROW(range.begin(), kvstore::undefined_store);
        server.sql("ALTER TABLE ranged_away RENAME TO ranged");
        ++at;
    }
    EXPECT_EQ(at->key, "c");
    ++at;
    EXPECT_TRUE(at == range.end());
    client.drop_store("ranged");
}

// As a later version of the extension may have them.
TEST_F(ClientTest, ReadsStatisticsThatHaveMoreColumns) {
    const plain_connection server;
    server.sql("DROP SCHEMA IF EXISTS later CASCADE; CREATE SCHEMA later");
    server.sql("CREATE VIEW later.kv_stats AS SELECT * FROM public.kv_stats");
    kvstore::client of_later({.schema = "later"});
    const std::size_t number = of_later.stats().size();
    server.sql("CREATE OR REPLACE VIEW later.kv_stats AS SELECT *, 1 AS more FROM public.kv_stats");
    EXPECT_EQ(of_later.stats().size(), number);
    server.sql("DROP SCHEMA later CASCADE");
}

TEST_F(ClientTest, IsToldWhereInAnyWay) {
    const std::string conninfo = "application_name=told";
    EXPECT_NO_THROW(kvstore::client());
    EXPECT_NO_THROW(kvstore::client(conninfo).check());
    EXPECT_NO_THROW(kvstore::client("application_name=told").check());
    EXPECT_NO_THROW(kvstore::client({.conninfo = "application_name=told"}).check());
    EXPECT_NO_THROW(kvstore::client({.conninfo = conninfo, .connect_timeout = 5s}).check());
}

TEST_F(ClientTest, MovesButDoesNotCopy) {
    static_assert(!std::is_copy_constructible_v<kvstore::client>);
    client.set("moved", "v");
    kvstore::client other = std::move(client);
    EXPECT_EQ(other.get_del("moved"), "v");
}

}  // namespace
