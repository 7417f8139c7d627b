// What can be said on the command line and on a line of the shell: the commands, each a row of
// one table, and the options of the program.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "connection.hpp"
#include "output.hpp"

namespace kv {

// What commands take; each uses a part of it.
struct arguments {
    std::string key;
    std::vector<std::string> keys;
    std::vector<std::string> pairs;
    std::string value;
    std::string expected;
    std::string ttl;
    std::string time;
    std::string prefix;
    std::optional<std::string> after;
    std::optional<std::int64_t> max;
    std::int64_t by = 1;
    std::string name;
    std::string file = "-";
    std::string size;
    std::string evict = "soonest";
    double interval = 2;
    bool with_values = false;
    bool go_on = false;
    bool logged = false;
    bool bytes = false;
};

// What a command works with.
struct context {
    connection &on;
    output out;
    std::string store;  // its name
    bool in_shell;      // whose input is not for values

    kvstore::store selected() const { return on.client().open_store(store); }
};

// Tells a command's part of the command line about one argument.
using parameter = void (*)(CLI::App &, arguments &);

struct command {
    const char *name;
    std::vector<std::string> aliases;
    const char *help;
    std::vector<parameter> parameters;
    status (*run)(context &, const arguments &);
};

std::span<const command> commands();
const command *find_command(std::string_view name);  // or alias; nullptr if there is none
void declare(CLI::App &app, const command &what, arguments &into);
bool takes_key(const command &what);  // as its first argument

struct options {
    connection_settings connection;
    std::string store = "kv_store";
    bool json = false;
};

// The whole command line. What is parsed goes to `into` and `given`.
std::unique_ptr<CLI::App> make_command_line(options &into, arguments &given);

// The same for a line of the shell, which is connected already.
std::unique_ptr<CLI::App> make_shell_line(options &into, arguments &given);

// The command that was parsed. Throws input_error if there was none.
const command &parsed_command(const CLI::App &app);

// What `kv --help`, or `kv help` with the name of a command, says. Throws input_error if there
// is no such command.
std::string help_text(const std::string &name = "");

}  // namespace kv
