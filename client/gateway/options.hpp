// The options of kvstore-redis, each a row of one table, from which the command line, the
// configuration file, --help and the manual page are made.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "settings.hpp"

namespace kvstore::gateway {

struct option {
    const char *name;   // "listen", as in the file; on the command line with --
    const char *takes;  // nullptr if it is a flag
    const char *help;
    std::variant<std::string settings::*, std::vector<std::string> settings::*,
                 std::size_t settings::*, std::int64_t settings::*, bool settings::*>
        into;
    std::int64_t least = 0;  // of a number
    std::int64_t most = 0;

    bool is_in_range(std::int64_t number) const { return number >= least && number <= most; }
};

std::span<const option> options();
const option &find_option(std::string_view name);  // which there is

struct command_line {
    settings told;
    std::string answer;  // of --help and --version: print it, and that is all
};

// Throws std::runtime_error for what is wrong.
command_line read_command_line(int argc, char **argv);

// The default as a person would write it; empty if there is none.
std::string default_of(const option &one);

}  // namespace kvstore::gateway
