// What can be said on the command line and on a line of the shell: the commands, each a row of
// one table, and the options of the program. Parsing, help, completion and the manual page all
// come from these.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "context.hpp"

namespace kv {

// What commands take; each uses a part of it.
struct arguments {
    std::string key;
    std::string new_key;
    std::optional<std::string> to_store;
    std::vector<std::string> keys;
    std::vector<std::string> pairs;
    std::vector<std::string> words;
    std::string value;
    std::string expected;
    std::optional<std::string> ttl;  // "" is none that was given, but one that is wrong
    std::optional<std::string> slack;
    std::string period;
    std::optional<std::int64_t> cost;
    std::string time;
    std::optional<std::string> condition;
    std::string prefix;
    std::string pattern = "*";
    std::optional<std::string> after;
    std::optional<std::int64_t> max;
    std::optional<std::int64_t> by;
    std::string number = "1";
    std::optional<std::string> name;
    std::string file = "-";
    std::string size;
    std::string evict = "soonest";
    double interval = 2;
    bool replace = false;
    bool with_values = false;
    bool go_on = false;
    bool logged = false;
    bool bytes = false;
};

// What the program is told besides.
struct options : connection_settings {
    std::optional<std::string> store;  // none: the extension's own, kv_store
    bool json = false;
    bool help = false;
    bool version = false;
};

// An argument of a command, or an option: where it goes to says what it takes.
template <class Into>
struct parameter {
    const char *name;             // KEY; or --ttl, or -s,--store
    const char *takes = nullptr;  // what an option is followed by; nothing if it is a flag
    const char *help;
    std::variant<std::string Into::*, std::optional<std::string> Into::*,
                 std::vector<std::string> Into::*, std::optional<std::int64_t> Into::*,
                 double Into::*, bool Into::*>
        into;
    bool required = false;
    const char *usage = nullptr;  // where the name alone does not say enough
    double least = std::numeric_limits<double>::lowest();
    double most = std::numeric_limits<double>::max();
    std::vector<std::string> one_of = {};
    bool is_value = false;  // in which a zero byte may be

    bool is_option() const { return name[0] == '-'; }
};

using argument = parameter<arguments>;
using option = parameter<options>;

struct command {
    const char *name;
    std::vector<const char *> aliases;
    const char *help;
    std::vector<argument> takes;
    status (*run)(context &, const arguments &);
    bool only_in_redis = false;  // where it has this name, and kv has another way
};

std::span<const command> commands();

// By a name or an alias, in any case and also as SQL has it: setex, SETEX, set_ex, kv_set_ex.
// Throws input_error, which names the nearest, if there is none.
const command &find_command(std::string_view name);

std::span<const option> program_options();
std::span<const option> shell_options();  // those that a line of the shell may have

// The name that completion offers of an option: --store.
std::string_view long_name(std::string_view names);

// The command of these words. What else they say goes to `into` and `given`; --help and --version
// make them a `help` or a `version`. Throws input_error.
const command &parse(const std::vector<std::string> &line, std::span<const option> known,
                     options &into, arguments &given);

}  // namespace kv
