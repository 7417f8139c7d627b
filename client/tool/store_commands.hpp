// The commands about a store, the server and the program itself.
#pragma once

#include "command_line.hpp"

namespace kv {

status create(context &in, const arguments &given);
status sweep(context &in, const arguments &given);
status limit(context &in, const arguments &given);
status detour(context &in, const arguments &given);
status ping(context &in, const arguments &given);
status help(context &in, const arguments &given);
status version(context &in, const arguments &given);

}  // namespace kv
