// The client against a real server, the one that the PG* variables name.
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
    EXPECT_EQ(sqlstate_of([&] { client.get(std::string(2049, 'k')); }), "54000");
    EXPECT_EQ(sqlstate_of([&] { client.set("k", "\xff"); }), "22021");
    client.set("k", "usable after errors");
    EXPECT_EQ(client.get("k"), "usable after errors");
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
