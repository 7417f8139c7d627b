// What is said about the commands, from their table.
#pragma once

#include <string>
#include <vector>

#include "command_line.hpp"

namespace kv {

// "setex KEY TTL VALUE", "scan [PREFIX] [--max N]"
std::string usage(const command &what);

// A term and what it means.
struct item {
    std::string term;
    std::string meaning;
};

// "--ttl TTL", "-s, --store NAME"
template <class Into>
item described(const parameter<Into> &what);

std::vector<item> described_commands();  // each by its usage, with its other names
std::vector<item> described_options();   // of the program

// What `kv help` says, and with the name of a command. Throws input_error if there is none.
std::string help_text(const std::string &command_name = "");

}  // namespace kv
