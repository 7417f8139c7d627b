#include "rules/redis_commands.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kvstore::redis {
namespace {

std::string fault_of(const std::vector<std::string_view> &arguments) {
    std::string text;
    append_fault(text, resolve(arguments), arguments);
    return text;
}

TEST(RedisCommands, AreFoundInAnyCase) {
    ASSERT_NE(find_command("gEt"), nullptr);
    EXPECT_EQ(find_command("gEt")->name, "get");
    EXPECT_EQ(find_command("CLIENT", "SetName")->last_name(), "setname");
    for (std::string_view name : {"", "g", "gett", "client|id", "a name that is longer than any"})
        EXPECT_EQ(find_command(name), nullptr) << name;
    for (const command &each : commands)
        EXPECT_EQ(find_command(each.name.substr(0, each.name.find('|')),
                               each.is_subcommand() ? each.last_name() : std::string_view()),
                  &each);
}

TEST(RedisCommands, TellWhatIsWrongInRedissWords) {
    EXPECT_EQ(fault_of({"GET", "k"}), "");
    EXPECT_EQ(fault_of({"command"}), "");
    EXPECT_EQ(fault_of({"Get"}), "ERR wrong number of arguments for 'get' command");
    EXPECT_EQ(fault_of({"client"}), "ERR wrong number of arguments for 'client' command");
    EXPECT_EQ(fault_of({"CLIENT", "SETNAME"}),
              "ERR wrong number of arguments for 'client|setname' command");
    EXPECT_EQ(fault_of({"OBJECT", "what"}), "ERR unknown subcommand 'what'. Try OBJECT HELP.");
    EXPECT_EQ(fault_of({"object", ""}), "ERR unknown subcommand ''. Try OBJECT HELP.");
    EXPECT_EQ(fault_of({"nope", "a", "b\r\nc"}),
              "ERR unknown command 'nope', with args beginning with: 'a' 'b  c' ");
    EXPECT_EQ(fault_of({"nope"}), "ERR unknown command 'nope', with args beginning with: ");
    EXPECT_EQ(fault_of({"LPUSH", "a", "b"}),
              "ERR unknown command 'LPUSH', not supported by kvstore, whose values are strings");
    EXPECT_EQ(fault_of({"eval", "a", "b"}), "ERR unknown command 'eval', not supported by kvstore");
    EXPECT_EQ(fault_of({"CLUSTER", "NODES"}), "ERR This instance has cluster support disabled");
}

TEST(RedisCommands, ErrorsAreOfBoundedLength) {
    std::string much(100000, 'x');
    EXPECT_LT(fault_of({much, much, much}).size(), 400u);
    EXPECT_LT(fault_of({"object", much}).size(), 400u);
}

TEST(RedisCommands, KeysStandWhereTheyShould) {
    for (const command &each : commands) {
        EXPECT_EQ(each.keys.first == 0, each.keys.step == 0) << each.name;
        bool about_keys = has(each.flags, flag::write) || has(each.flags, flag::readonly);
        EXPECT_TRUE(about_keys || each.keys.first == 0 || each.name == "watch") << each.name;
    }
}

}  // namespace
}  // namespace kvstore::redis
