// Typed values against a real server.
#include <array>
#include <cmath>
#include <cstring>
#include <kvstore/typed.hpp>
#include <ranges>

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

struct measured {
    int id;
    std::vector<double> values;

    bool operator==(const measured &) const = default;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(measured, id, values)

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

// Codecs may return whatever text or bytes can be seen in.
struct colour {
    unsigned char id;

    bool operator==(const colour &) const = default;
};
struct colour_codec {
    static std::array<std::byte, 1> encode(const colour &from) { return {std::byte{from.id}}; }
    static colour decode(std::span<const std::byte> bytes) {
        return {static_cast<unsigned char>(bytes[0])};
    }
};
struct word {
    std::string_view id;

    bool operator==(const word &) const = default;
};
struct word_codec {
    static std::string_view encode(const word &from) { return from.id; }
    static word decode(std::string_view text) { return {text == "one" ? "one" : "two"}; }
};

}  // namespace

template <>
struct kvstore::entry_traits<colour> {
    using codec = colour_codec;
    static constexpr std::chrono::hours expires_in{1};
    static std::string key(unsigned char id) { return "colour:" + std::to_string(id); }
    static unsigned char id(const colour &value) { return value.id; }
};

template <>
struct kvstore::entry_traits<word> {
    using codec = word_codec;
    static constexpr std::chrono::hours expires_in{1};
    static std::string key(std::string_view id) { return "word:" + std::string(id); }
    static std::string_view id(const word &value) { return value.id; }
};

template <>
struct kvstore::entry_traits<player> {
    static constexpr std::chrono::hours expires_in{1};
    static std::string key(const std::string &name) { return "player:" + name; }
    static std::string id(const player &value) { return value.name; }
};

template <>
struct kvstore::entry_traits<measured> {
    static constexpr std::chrono::hours expires_in{1};
    static std::string key(int id) { return "measured:" + std::to_string(id); }
    static int id(const measured &value) { return value.id; }
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

template <class T>
void is_kept(const kvstore::store &in, const T &one, const T &two) {
    using traits = kvstore::entry_traits<T>;
    kvstore::typed<T> all(in);
    all.set(one);
    EXPECT_EQ(all.get(traits::id(one)), one);
    EXPECT_EQ(all.mset({one, two}), 2);
    EXPECT_EQ(all.mget({traits::id(one), traits::id(two)}),
              (std::vector<std::optional<T>>{one, two}));
    EXPECT_TRUE(all.cas(one, one));
    EXPECT_EQ(all.get_set(one), one);
    EXPECT_TRUE(all.del_if(one));
    EXPECT_EQ(all.fetch(traits::id(one), [&] { return one; }), one);
}

TEST_F(TypedTest, KeepsWhateverACodecReturns) {
    plain_connection().sql("DROP TABLE IF EXISTS typed");
    is_kept<colour>(client.create_store("typed", {.bytes = true}), {1}, {255});
    is_kept<word>(client, {"one"}, {"two"});
    client.del_prefix("word:");
}

// Those too that have another end than beginning, and change when they are looped over.
TEST_F(TypedTest, TakesValuesAndIdsFromAnyRange) {
    plain_connection().sql("DROP TABLE IF EXISTS typed");
    kvstore::typed<point> points(client.create_store("typed", {.bytes = true}));
    const std::vector<point> all{{1, 1}, {2, 2}, {3, 3}, {-1, 4}};
    const auto is_positive = [](const point &each) { return each.x > 0; };
    const auto id_of = [](const point &each) { return each.x; };
    EXPECT_EQ(points.mset(all | std::views::filter(is_positive)), 3);
    EXPECT_EQ(points.mset(all), 4);
    const auto few =
        points.mget(all | std::views::take_while(is_positive) | std::views::transform(id_of));
    EXPECT_EQ(few, (std::vector<std::optional<point>>{all[0], all[1], all[2]}));
    EXPECT_EQ(points.mget(std::views::iota(1) | std::views::take(3)), few);
    EXPECT_EQ(points.mdel(all | std::views::filter(is_positive) | std::views::transform(id_of)), 3);
    EXPECT_EQ(points.mdel(std::vector{-1, 1}), 1);

    // What an id looks into lives as long as it.
    kvstore::typed<word> words(client);
    words.mset({{"one"}, {"two"}});
    const auto long_id = [](int) { return std::string(100, 'x'); };
    EXPECT_EQ(words.mdel(std::views::iota(0, 3) | std::views::transform(long_id)), 0);
    EXPECT_EQ(words.mdel({"one", "two"}), 2);
}

// Handles are views: what only reads is const.
TEST_F(TypedTest, IsReadThroughAConstHandle) {
    players.set_ex(ada);
    const kvstore::typed<player> &reader = players;
    EXPECT_EQ(reader.get(ada.name), ada);
    EXPECT_EQ(reader.mget({ada.name}).at(0), ada);
    EXPECT_TRUE(reader.exists(ada.name));
    EXPECT_GT(reader.ttl(ada.name), 59min);
    EXPECT_NE(reader.expires(ada.name), kvstore::never);
    EXPECT_TRUE(players.expire_at(ada.name, std::chrono::system_clock::now() + 1min));
    EXPECT_LE(reader.ttl(ada.name), 1min);
    players.del(ada.name);
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

// JSON has no such numbers.
TEST_F(TypedTest, StoresNoNumberThatIsNone) {
    kvstore::typed<measured> all(client);
    all.set_ex({1, {0.5, -1e300}});
    EXPECT_EQ(all.get(1), (measured{1, {0.5, -1e300}}));
    for (const double none : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
        measured spoilt{1, {0.5, none}};
        EXPECT_TRUE(throws_just<kvstore::error>([&] { all.set_ex(spoilt); }));
        EXPECT_TRUE(throws_just<kvstore::error>([&] { all.mset({spoilt}); }));
        EXPECT_TRUE(throws_just<kvstore::error>([&] { all.fetch(2, [&] { return spoilt; }); }));
    }
    EXPECT_EQ(all.get_del(1), (measured{1, {0.5, -1e300}}));
    EXPECT_EQ(all.fetch(2, [] { return measured{2, {}}; }), (measured{2, {}}));
    EXPECT_TRUE(all.del(2));
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
