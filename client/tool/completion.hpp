// How a line of the shell could go on.
#pragma once

#include <string>
#include <vector>

#include "command_line.hpp"

namespace kv {

// What the word that begins with `text` may be, after the words before it: a command, an option,
// a store, a key. Asks the server for the latter two; what it cannot find out is not offered.
std::vector<std::string> completions(context &in, const std::vector<std::string> &before,
                                     const std::string &text);

}  // namespace kv
