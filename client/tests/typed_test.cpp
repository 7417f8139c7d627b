// Typed values against a real server.
#include <cstring>
#include <kvstore/typed.hpp>

#include "support.hpp"

namespace {

struct player {
    std::string name;
    std::vector<int> scores;
    std::optional<std::string> team;

    bool operator==(const player &) const = default;
};

void to_json(nlohmann::json &json, const player &from) {
    json = {{"name", from.name}, {"scores", from.scores}};
    if (from.team)
        json["team"] = *from.team;
}

void from_json(const nlohmann::json &json, player &to) {
    json.at("name").get_to(to.name);
    json.at("scores").get_to(to.scores);
    if (json.contains("team"))
        to.team = json["team"].get<std::string>();
}

struct unknown {};

struct point {
    int x;
    int y;

    bool operator==(const point &) const = default;
};

struct point_codec {
    static kvstore::byte_vector encode(const point &from) {
        kvstore::byte_vector bytes(sizeof from);
        std::memcpy(bytes.data(), &from, sizeof from);
        return bytes;
    }
    static point decode(std::span<const std::byte> bytes) {
        point to{};
        if (bytes.size() != sizeof to)
            throw kvstore::decode_error("not a point");
        std::memcpy(&to, bytes.data(), sizeof to);
        return to;
    }
};

}  // namespace

template <>
struct kvstore::entry_traits<player> {
    static constexpr std::chrono::hours expires_in{1};
    static std::string key(const std::string &name) { return "player:" + name; }
    static std::string id(const player &value) { return value.name; }
};

template <>
struct kvstore::entry_traits<point> {
    using codec = point_codec;
    static constexpr std::chrono::hours expires_in{1};
    static std::string key(int x) { return "point:" + std::to_string(x); }
    static int id(const point &value) { return value.x; }
};

namespace {

using namespace std::chrono_literals;

static_assert(kvstore::storable<player>);
static_assert(kvstore::storable<point>);
static_assert(!kvstore::storable<unknown>);

class TypedTest : public testing::Test {
  protected:
    kvstore::client client;
    kvstore::typed<player> players{client};
    const player ada{"Ada \"the\" Lovelace", {1, 2, 3}, "ключ"};
};

TEST_F(TypedTest, GetsWhatWasSet) {
    players.set_ex(ada);
    EXPECT_EQ(players.get(ada.name), ada);
    EXPECT_EQ(players.get_ex(ada.name), ada);
    EXPECT_EQ(players.get_del(ada.name), ada);
    EXPECT_EQ(players.get(ada.name), std::nullopt);
    EXPECT_EQ(players.get_ex(ada.name), std::nullopt);
    EXPECT_EQ(players.get_del(ada.name), std::nullopt);
    players.set_ex(ada);
    EXPECT_TRUE(players.del(ada.name));
    EXPECT_FALSE(players.del(ada.name));
}

TEST_F(TypedTest, KeepsItUnderItsKeyAsJson) {
    players.set_ex({"Bob", {}, {}});
    EXPECT_EQ(client.get("player:Bob"), R"({"name":"Bob","scores":[]})");
}

TEST_F(TypedTest, ExpiresAsTheTypeSays) {
    players.set_ex(ada);
    EXPECT_GT(client.ttl("player:" + ada.name), 59min);
    EXPECT_LE(client.ttl("player:" + ada.name), 1h);
    client.expire("player:" + ada.name, 1min);
    players.get_ex(ada.name);
    EXPECT_GT(client.ttl("player:" + ada.name), 59min);
    players.del(ada.name);
}

TEST_F(TypedTest, MayBeInAnyStore) {
    plain_connection().sql("DROP TABLE IF EXISTS typed");
    kvstore::typed<player> elsewhere(client.create_store("typed"));
    EXPECT_TRUE(elsewhere.set_nx(ada));
    EXPECT_FALSE(elsewhere.set_nx(ada));
    EXPECT_TRUE(elsewhere.exists(ada.name));
    EXPECT_FALSE(players.exists(ada.name));
    client.transact([&](auto &tx) { kvstore::typed<player>(tx).set_ex(ada); });
    EXPECT_EQ(players.get_del(ada.name), ada);
}

TEST_F(TypedTest, ComputesWhatIsMissing) {
    EXPECT_EQ(players.fetch(ada.name, [&] { return ada; }), ada);
    EXPECT_EQ(players.get_del(ada.name), ada);
}

TEST_F(TypedTest, KeepsBytesOfOnesOwn) {
    plain_connection().sql("DROP TABLE IF EXISTS typed");
    kvstore::typed<point> points(client.create_store("typed", {.bytes = true}));
    points.set_ex({1, -2});
    EXPECT_EQ(points.get(1), (point{1, -2}));
    EXPECT_EQ(points.get_ex(1), (point{1, -2}));
    EXPECT_EQ(points.get_del(1), (point{1, -2}));
    EXPECT_EQ(points.get(1), std::nullopt);
    EXPECT_EQ(points.fetch(1, [] { return point{1, 3}; }), (point{1, 3}));
    EXPECT_TRUE(points.cas({1, 3}, {1, 4}));
    EXPECT_EQ(points.mset({{2, 2}, {3, 3}}), 2);
    EXPECT_EQ(points.mget({3, 1, 9}),
              (std::vector<std::optional<point>>{point{3, 3}, point{1, 4}, std::nullopt}));
    EXPECT_EQ(points.get_set({1, 5}), (point{1, 4}));
    EXPECT_TRUE(points.del_if({1, 5}));
    client.open_store("typed").set("point:1", "short");
    EXPECT_THROW(std::ignore = points.get(1), kvstore::decode_error);
}

TEST_F(TypedTest, HasTheWholeVocabulary) {
    const player bob{"Bob", {4}, {}};
    const player older{"Bob", {5}, {}};
    players.del("Bob");
    EXPECT_FALSE(players.set_xx(bob));
    players.set(bob);
    EXPECT_EQ(players.ttl("Bob"), std::nullopt);
    EXPECT_EQ(players.expires("Bob"), kvstore::never);
    EXPECT_TRUE(players.expire("Bob"));
    EXPECT_GT(players.ttl("Bob"), 59min);
    EXPECT_TRUE(players.persist("Bob"));
    EXPECT_TRUE(players.expire_at("Bob", kvstore::never));
    EXPECT_TRUE(players.set_xx(bob, 1min));
    EXPECT_LE(players.ttl("Bob"), 1min);
    EXPECT_EQ(players.get_ex("Bob", 2h, 1min), bob);
    EXPECT_TRUE(players.cas(bob, older));
    EXPECT_FALSE(players.cas(bob, older));
    EXPECT_EQ(players.get_set(bob), older);
    EXPECT_FALSE(players.del_if(older));
    EXPECT_EQ(players.mset({ada, older}), 2);
    const std::vector<std::string> names{"Bob", "nobody", ada.name};
    EXPECT_EQ(players.mget(names), (std::vector<std::optional<player>>{older, std::nullopt, ada}));
    EXPECT_TRUE(players.del_if(older));
    EXPECT_EQ(players.mdel({"Bob", ada.name}), 1);
}

TEST_F(TypedTest, MayBeOnAPipelineOrAPool) {
    kvstore::pipeline batch(client);
    kvstore::typed<player, kvstore::queued> later(batch);
    later.set_ex(ada);
    const auto found = later.get(ada.name);
    const auto many = later.mget({"nobody", ada.name});
    const auto removed = later.del(ada.name);
    EXPECT_FALSE(found.ready());
    EXPECT_EQ(batch.run(), 0U);
    EXPECT_EQ(found.get(), ada);
    EXPECT_EQ(many.get().at(1), ada);
    EXPECT_TRUE(removed.get());

    kvstore::pool pool;
    kvstore::typed<player, kvstore::pooled> shared(pool);
    shared.set_ex(ada);
    EXPECT_EQ(shared.get_del(ada.name), ada);
    EXPECT_EQ(shared.fetch(ada.name, [&] { return ada; }), ada);
    EXPECT_EQ(shared.get_del(ada.name), ada);
}

TEST_F(TypedTest, SaysWhatCannotBeEncoded) {
    EXPECT_THROW(players.set_ex({"\xff", {}, {}}), kvstore::error);
}

TEST_F(TypedTest, SaysWhatCannotBeDecoded) {
    client.set("player:Eve", "not JSON");
    EXPECT_THROW(std::ignore = players.get("Eve"), kvstore::decode_error);
    client.set("player:Eve", R"({"name": 1})");
    EXPECT_THROW(std::ignore = players.get("Eve"), kvstore::decode_error);

    const player eve{"Eve", {}, {}};  // what the call does is done all the same
    EXPECT_THROW(players.get_set(eve), kvstore::decode_error);
    EXPECT_EQ(players.get_del("Eve"), eve);
}

}  // namespace
