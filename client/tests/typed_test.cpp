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
    client.transaction([&](auto &tx) { kvstore::typed<player>(tx).set_ex(ada); });
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
    client.store("typed").set("point:1", "short");
    EXPECT_THROW(points.get(1), kvstore::decode_error);
}

TEST_F(TypedTest, SaysWhatCannotBeEncoded) {
    EXPECT_THROW(players.set_ex({"\xff", {}, {}}), kvstore::error);
}

TEST_F(TypedTest, SaysWhatCannotBeDecoded) {
    client.set("player:Eve", "not JSON");
    EXPECT_THROW(players.get("Eve"), kvstore::decode_error);
    client.set("player:Eve", R"({"name": 1})");
    EXPECT_THROW(players.get("Eve"), kvstore::decode_error);
}

}  // namespace
