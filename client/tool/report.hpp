// How errors are told.
#pragma once

#include <functional>
#include <string>

#include "output.hpp"

namespace kv {

// On standard error: "kv: " and the message.
void complain(const std::string &message);

// What the server says, in one line with the SQLSTATE, followed by its detail and hint.
std::string describe(const std::string &server_message, const std::string &sqlstate);

// Does it, or tells why not.
status report_errors(const std::function<status()> &what);

}  // namespace kv
