// Typed values against a real server.
#include <gtest/gtest.h>

#include <kvstore/typed.hpp>
#include <thread>

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

}  // namespace

template <>
struct kvstore::entry_traits<player> {
    static constexpr std::chrono::milliseconds expires_in{400};
    static std::string key(const std::string &name) { return "player:" + name; }
    static std::string id(const player &value) { return value.name; }
};

namespace {

using namespace std::chrono_literals;

static_assert(kvstore::storable<player>);
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
    std::this_thread::sleep_for(500ms);
    EXPECT_EQ(players.get(ada.name), std::nullopt);
}

TEST_F(TypedTest, SaysWhatCannotBeDecoded) {
    client.set("player:Eve", "not JSON");
    EXPECT_THROW(players.get("Eve"), kvstore::decode_error);
    client.set("player:Eve", R"({"name": 1})");
    EXPECT_THROW(players.get("Eve"), kvstore::decode_error);
}

}  // namespace
