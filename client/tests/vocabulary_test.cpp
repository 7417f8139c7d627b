// Every operation, with every way of reaching the functions.
#include <cmath>
#include <map>
#include <ostream>
#include <thread>

#include "support.hpp"

namespace {

using namespace std::chrono_literals;
using std::chrono::system_clock;
using texts = std::vector<std::optional<std::string>>;

struct way {
    const char *name;
    kvstore::connection_options options;
    const char *store;

    friend std::ostream &operator<<(std::ostream &out, const way &of) { return out << of.name; }
};

class VocabularyTest : public testing::TestWithParam<way> {
  protected:
    VocabularyTest() {
        plain_connection server;
        server.sql("DROP TABLE IF EXISTS vocabulary");
        client.create_store("vocabulary");
        store.flush();
    }

    kvstore::client client{GetParam().options};
    kvstore::store store = client.open_store(GetParam().store);
};

TEST_P(VocabularyTest, Stores) {
    store.set("k", "1");
    EXPECT_EQ(store.expires("k"), kvstore::never);
    store.set_ex("k", "2", 1h);
    EXPECT_FALSE(store.set_nx("k", "3"));
    EXPECT_TRUE(store.set_nx("new", "3"));
    EXPECT_TRUE(store.set_nx("newer", "3", 1h));
    EXPECT_TRUE(store.set_xx("k", "4", 1min));
    EXPECT_FALSE(store.set_xx("none", "4"));
    EXPECT_LE(store.ttl("k"), 1min);
    store.set_keepttl("k", kvstore::byte_vector{std::byte{'4'}, std::byte{'4'}});
    EXPECT_LE(store.ttl("k"), 1min);
    EXPECT_EQ(store.get_set("k", "5"), "44");
    EXPECT_EQ(store.get_set("unknown", "5"), std::nullopt);
    EXPECT_EQ(store.ttl("k"), std::nullopt);
    EXPECT_EQ(store.get("k"), "5");
    EXPECT_EQ(store.append("k", "6"), 2);
    EXPECT_EQ(store.append("k", kvstore::byte_vector{std::byte{'7'}}), 3);
    EXPECT_EQ(store.get("k"), "567");
}

TEST_P(VocabularyTest, ComparesAndSwaps) {
    EXPECT_FALSE(store.cas("k", "1", "2"));
    EXPECT_TRUE(store.cas("k", std::nullopt, "1", 1h));
    EXPECT_FALSE(store.cas("k", std::nullopt, "2"));
    EXPECT_TRUE(store.cas("k", "1", "2"));
    EXPECT_GT(store.ttl("k"), 30min);
    EXPECT_TRUE(store.cas("k", "2", "", 1min));
    EXPECT_LE(store.ttl("k"), 1min);
    EXPECT_EQ(store.get("k"), "");
}

TEST_P(VocabularyTest, Counts) {
    EXPECT_EQ(store.incr("n"), 1);
    EXPECT_EQ(store.incr("n", 1'000'000'000'000), 1'000'000'000'001);
    EXPECT_EQ(store.incr("n", -1'000'000'000'002), -1);
    EXPECT_EQ(store.ttl("n"), std::nullopt);
    EXPECT_EQ(store.incr("window", 2, 1h), 2);
    EXPECT_GT(store.ttl("window"), 59min);
    store.set("n", "x");
    EXPECT_EQ(sqlstate_of([&] { store.incr("n"); }), "22P02");
}

TEST_P(VocabularyTest, AddsFractions) {
    EXPECT_EQ(store.incr_float("n"), 1);
    EXPECT_EQ(store.incr_float("n", 0.1), 1.1);
    EXPECT_EQ(store.incr_float("n", -3.35), -2.25);
    EXPECT_EQ(store.get("n"), "-2.25");
    EXPECT_EQ(store.incr_float("n", 2.25), 0);
    EXPECT_EQ(store.incr_float("n", 120'345.5), 120'345.5);
    EXPECT_EQ(store.incr_float("n", -120'345.5), 0);
    EXPECT_EQ(store.incr_float("n", 1e300), 1e300);
    EXPECT_EQ(store.ttl("n"), std::nullopt);
    EXPECT_EQ(store.incr_float("window", 0.00025, 1h), 0.00025);
    EXPECT_GT(store.ttl("window"), 59min);
    store.set("n", "1e4000");
    EXPECT_THROW(store.incr_float("n"), kvstore::decode_error);
    store.set("n", "x");
    EXPECT_EQ(sqlstate_of([&] { store.incr_float("n"); }), "22P02");
    EXPECT_EQ(sqlstate_of([&] { store.incr_float("m", std::nan("")); }), "22003");
}

TEST_P(VocabularyTest, StoresReadsAndRemovesMany) {
    EXPECT_EQ(store.mset({{"a", "1"}, {"b", "2"}, {"a", "3"}}), 2);
    EXPECT_EQ(store.mget({"b", "none", "a", "b"}), (texts{"2", std::nullopt, "3", "2"}));
    const std::map<std::string, std::string> entries{{"c", "4"}, {"d", ""}};
    EXPECT_EQ(store.mset(entries, 1h), 2);
    const std::vector<std::string> keys{"c", "d"};
    EXPECT_EQ(store.mget(keys), (texts{"4", ""}));
    EXPECT_GT(store.ttl("d"), 59min);
    EXPECT_EQ(store.mdel({"a", "c", "none"}), 2);
    EXPECT_EQ(store.count(), 2);
    EXPECT_EQ(store.mget({}), texts{});
    EXPECT_EQ(store.mset(kvstore::entry_list({})), 0);
    EXPECT_EQ(store.mdel({}), 0);
    EXPECT_FALSE(store.mset_nx({{"e", "5"}, {"d", "5"}}));
    EXPECT_TRUE(store.mset_nx({{"e", "5"}, {"f", kvstore::byte_vector{std::byte{'6'}}}}, 1h));
    EXPECT_TRUE(store.mset_nx({{"g", "7"}}));
    EXPECT_EQ(store.mget({"d", "e", "f", "g"}), (texts{"", "5", "6", "7"}));
    EXPECT_LE(store.ttl("f"), 1h);
}

TEST_P(VocabularyTest, RenamesAndCopies) {
    kvstore::store other = client.open_store(store.name().empty() ? "vocabulary" : "kv_store");
    other.flush();
    store.set_ex("a", "1", 1h);
    EXPECT_TRUE(store.rename("a", "b"));
    EXPECT_FALSE(store.rename("a", "b"));
    EXPECT_GT(store.ttl("b"), 59min);
    store.set("a", "2");
    EXPECT_FALSE(store.rename_nx("a", "b"));
    EXPECT_TRUE(store.rename_nx("a", "c"));
    EXPECT_FALSE(store.copy("c", "b"));
    EXPECT_TRUE(store.copy("c", "b", {.replace = true}));
    EXPECT_EQ(store.mget({"a", "b", "c"}), (texts{std::nullopt, "2", "2"}));
    EXPECT_TRUE(store.copy("c", "c", {.to_store = other.name()}));
    EXPECT_TRUE(store.rename("b", "b", other.name()));
    EXPECT_TRUE(store.rename_nx("c", "d", other.name()));
    EXPECT_EQ(other.mget({"b", "c", "d"}), (texts{"2", "2", "2"}));
    EXPECT_EQ(store.count(), 0);
    EXPECT_EQ(sqlstate_of([&] { other.rename("b", "b", "no_such_store"); }), "42P01");
}

TEST_P(VocabularyTest, ChangesTheExpiry) {
    store.set("k", "v");
    EXPECT_TRUE(store.expire("k", 1h));
    EXPECT_FALSE(store.expire("none", 1h));
    EXPECT_FALSE(store.expire("k", 2h, kvstore::expire_if::nx));
    EXPECT_FALSE(store.expire("k", 2h, kvstore::expire_if::lt));
    EXPECT_TRUE(store.expire("k", 90min, kvstore::expire_if::gt));
    EXPECT_TRUE(store.expire_at(
        "k", std::chrono::floor<std::chrono::microseconds>(system_clock::now()) + 24h,
        kvstore::expire_if::xx));
    EXPECT_FALSE(store.expire_at("k", kvstore::never, kvstore::expire_if::lt));
    EXPECT_GT(store.ttl("k"), 23h);
    EXPECT_TRUE(store.expire("k", 1h));
    EXPECT_GT(store.ttl("k"), 59min);
    EXPECT_EQ(store.get_ex("k", 2h), "v");
    EXPECT_GT(store.ttl("k"), 119min);
    EXPECT_TRUE(store.persist("k"));
    EXPECT_FALSE(store.persist("k"));
    const auto moment = kvstore::time_point(std::chrono::sys_days{2100y / 2 / 29} + 123456789us);
    EXPECT_TRUE(store.expire_at("k", moment));
    EXPECT_EQ(store.expires("k"), moment);
    EXPECT_GT(store.ttl("k"), 24h * 365 * 50);
    EXPECT_TRUE(store.expire_at("k", kvstore::never));
    EXPECT_EQ(store.expires("k"), kvstore::never);
    EXPECT_TRUE(store.expire_at("k", moment - std::chrono::years(500)));
    EXPECT_FALSE(store.exists("k"));
    EXPECT_EQ(store.expires("k"), std::nullopt);
}

TEST_P(VocabularyTest, Removes) {
    store.mset({{"a:1", "v"}, {"a:2", "v"}, {"b", "v"}, {"c", "v"}});
    EXPECT_FALSE(store.del_if("b", "w"));
    EXPECT_TRUE(store.del_if("b", "v"));
    EXPECT_EQ(store.get_del("c"), "v");
    EXPECT_EQ(store.get_del("c"), std::nullopt);
    EXPECT_EQ(store.del_prefix("a:"), 2);
    EXPECT_EQ(sqlstate_of([&] { store.del_prefix(""); }), "22023");
    store.set("d", "v");
    EXPECT_TRUE(store.del("d"));
    EXPECT_FALSE(store.del("d"));
    store.set("e", "v");
    store.flush();
    EXPECT_EQ(store.count(), 0);
}

TEST_P(VocabularyTest, ScansPageByPage) {
    store.mset({{"a%1", "1"}, {"a%2", "2"}, {"a%3", "3"}, {"ab", "4"}});
    const auto page = store.scan({.prefix = "a%", .max = 2});
    EXPECT_EQ(page, (std::vector<kvstore::entry>{{"a%1", "1", kvstore::never},
                                                 {"a%2", "2", kvstore::never}}));
    const auto rest = store.scan({.prefix = "a%", .after = page.back().key, .max = std::nullopt});
    EXPECT_EQ(rest, (std::vector<kvstore::entry>{{"a%3", "3", kvstore::never}}));
    EXPECT_EQ(store.scan().size(), 4U);
    EXPECT_EQ(store.count("a%"), 3);
}

TEST_P(VocabularyTest, KeepsBytes) {
    const kvstore::byte_vector bytes{std::byte{0}, std::byte{255}, std::byte{'\\'}};
    plain_connection().sql("DROP TABLE IF EXISTS vocabulary");
    kvstore::store binary = client.create_store("vocabulary", {.logged = true, .bytes = true});
    binary.set("k", bytes);
    EXPECT_EQ(binary.get_bytes("k"), bytes);
    EXPECT_EQ(binary.get_ex_bytes("k", 1h), bytes);
    EXPECT_EQ(sqlstate_of([&] { std::ignore = binary.get("k"); }), "22021");
    EXPECT_EQ(binary.get_del_bytes("k"), bytes);
    EXPECT_EQ(binary.get_bytes("k"), std::nullopt);
    binary.set_ex("none", std::span<const std::byte>(), 1h);
    EXPECT_EQ(binary.get_bytes("none"), kvstore::byte_vector());
    binary.set_nx("text", "text");
    EXPECT_EQ(binary.get("text"), "text");
}

TEST_P(VocabularyTest, TakesAndGivesBytesWhereverText) {
    const kvstore::byte_vector zero{std::byte{0}};
    const kvstore::byte_vector high{std::byte{255}, std::byte{0}};
    plain_connection().sql("DROP TABLE IF EXISTS vocabulary");
    kvstore::store binary = client.create_store("vocabulary", {.bytes = true});
    EXPECT_EQ(binary.get_set_bytes("k", zero), std::nullopt);
    EXPECT_EQ(binary.get_set_bytes("k", high), zero);
    EXPECT_FALSE(binary.cas("k", zero, high));
    EXPECT_TRUE(binary.cas("k", high, zero));
    EXPECT_TRUE(binary.cas("k", zero, "text", 1h));
    EXPECT_TRUE(binary.cas("k", "text", zero));
    EXPECT_TRUE(binary.cas("new", std::nullopt, high));
    EXPECT_FALSE(binary.del_if("new", zero));
    EXPECT_TRUE(binary.del_if("new", high));
    EXPECT_EQ(binary.mset({{"a", zero}, {"b", "text"}}), 2);
    const std::map<std::string, kvstore::byte_vector> more{{"c", high}, {"d", {}}};
    EXPECT_EQ(binary.mset(more, 1h), 2);
    using values = std::vector<std::optional<kvstore::byte_vector>>;
    EXPECT_EQ(binary.mget_bytes({"c", "none", "a", "d"}),
              (values{high, std::nullopt, zero, kvstore::byte_vector()}));
    const auto page = binary.scan_bytes({.after = "b", .max = 1});
    ASSERT_EQ(page.size(), 1U);
    EXPECT_EQ(page.front().key, "c");
    EXPECT_EQ(page.front().value, high);
    auto compute = [&] { return kvstore::byte_vector(high); };
    EXPECT_EQ(binary.fetch_bytes("fetched", 1h, compute), high);
    EXPECT_EQ(binary.fetch_bytes("fetched", 1h, [&] { return kvstore::byte_vector(zero); }), high);
}

TEST_P(VocabularyTest, LimitsRates) {
    const auto first = store.rate_limit("rate", 3, 1h, 2);
    EXPECT_TRUE(first);
    EXPECT_EQ(first.count, 2);
    EXPECT_EQ(first.remaining, 1);
    EXPECT_EQ(first.resets, store.expires("rate"));
    EXPECT_FALSE(store.rate_limit("rate", 3, 1h, 2).allowed);
    EXPECT_TRUE(store.rate_limit("rate", 3, 1h));
    EXPECT_FALSE(store.rate_limit("rate", 3, 1h));
    EXPECT_EQ(store.rate_limit("unasked", 3, 1h, 0).resets, std::nullopt);
}

TEST_P(VocabularyTest, TouchesWithSomeSlack) {
    store.set_ex("k", "v", 1h);
    const auto before = store.expires("k");
    EXPECT_EQ(store.get_ex("k", 1h + 30s, 1min), "v");
    EXPECT_EQ(store.get_ex_bytes("k", 1h + 30s, 1min)->size(), 1U);
    EXPECT_EQ(store.expires("k"), before);
    EXPECT_EQ(store.get_ex("k", 2h, 1min), "v");
    EXPECT_GT(store.expires("k"), before);
}

TEST_P(VocabularyTest, TakesCareOfStores) {
    std::int64_t swept = 0;  // unless the server's sweeper was faster
    for (int i = 0; i < 20 && swept == 0; i++) {
        store.set_ex("k", "v", 1us);
        std::this_thread::sleep_for(1ms);
        swept = store.sweep();
    }
    EXPECT_EQ(swept, 1);
    EXPECT_EQ(store.sweep(10), 0);
    EXPECT_EQ(store.detour(), std::nullopt);
    EXPECT_EQ(sqlstate_of([&] { client.create_store("vocabulary"); }), "42P07");
    client.reset_stats();
    kvstore::store limited = client.open_store("vocabulary");
    limited.limit("100 MB", kvstore::eviction::oldest);
    EXPECT_EQ(sqlstate_of([&] { limited.limit("a lot"); }), "22023");
    const auto stats = client.stats();
    limited.lift_limit();
    limited.lift_limit();
    const auto found = std::ranges::find(stats, "vocabulary", &kvstore::store_stats::name);
    ASSERT_NE(found, stats.end());
    EXPECT_GT(found->index_bytes, 0);
    EXPECT_EQ(found->max_size, "100 MB");
}

TEST_P(VocabularyTest, TellsWhatIsNoStore) {
    EXPECT_EQ(sqlstate_of([&] { std::ignore = client.open_store("no_such_store").get("k"); }),
              "42P01");
    EXPECT_EQ(sqlstate_of([&] { std::ignore = client.open_store("pg_class").get("k"); }), "42809");
    EXPECT_EQ(
        sqlstate_of([&] { std::ignore = client.open_store("x'; DROP TABLE kv_store").get("k"); }),
        "42602");
    EXPECT_EQ(sqlstate_of([&] {
                  std::ignore = client.open_store(std::string("kv_store\0x", 10)).get("k");
              }),
              "42602");
}

INSTANTIATE_TEST_SUITE_P(
    Client, VocabularyTest,
    testing::Values(way{"prepared", {}, ""}, way{"unprepared", {.prepared = false}, ""},
                    way{"of_a_schema", {.schema = "public"}, ""},
                    way{"on_another_store", {}, "vocabulary"},
                    way{"on_another_store_of_a_schema", {.schema = "public"}, "public.vocabulary"}),
    [](const auto &info) { return info.param.name; });

TEST(SchemaTest, MayBeOutsideOfSearchPath) {
    plain_connection server;
    const kvstore::connection_options elsewhere{.conninfo = "options='-c search_path=pg_catalog'",
                                                .statement_timeout = 1min};
    kvstore::client lost(elsewhere);
    EXPECT_EQ(sqlstate_of([&] { std::ignore = lost.get("k"); }), "42883");
    kvstore::connection_options qualified = elsewhere;
    qualified.schema = "public";
    kvstore::client found(qualified);
    found.set("schema", "v");
    EXPECT_EQ(found.get_del("schema"), "v");
    EXPECT_FALSE(found.stats().empty());
}

TEST(SchemaTest, MayHoldSomethingElse) {
    plain_connection server;
    server.sql(R"(DROP SCHEMA IF EXISTS "Some ""schema" CASCADE; CREATE SCHEMA "Some ""schema")");
    server.sql(R"(CREATE FUNCTION "Some ""schema".kv_exists(key text) RETURNS int)"
               " LANGUAGE sql RETURN 1");
    server.sql(R"(CREATE FUNCTION "Some ""schema".kv_count(prefix text) RETURNS bigint)"
               " LANGUAGE sql RETURN NULL::bigint");
    kvstore::client client({.schema = "Some \"schema"});
    EXPECT_THROW(std::ignore = client.exists("k"), kvstore::decode_error);
    EXPECT_THROW(std::ignore = client.count("k"), kvstore::decode_error);
    EXPECT_EQ(sqlstate_of([&] { std::ignore = client.get("k"); }), "42883");
    kvstore::pipeline batch(client);
    auto odd = batch.exists("k");
    EXPECT_EQ(batch.run(), 1U);
    EXPECT_THROW(odd.get(), kvstore::decode_error);
}

}  // namespace
