// Commands line by line.
#pragma once

#include "command_line.hpp"

namespace kv {

status run_shell(context &in, const arguments &given);

}  // namespace kv
