// The commands that need no values but counters: which keys there are, and their end.
#pragma once

#include "command_line.hpp"

namespace kv {

status exists(context &in, const arguments &given);
status scan(context &in, const arguments &given);
status keys(context &in, const arguments &given);
status count(context &in, const arguments &given);
status incr(context &in, const arguments &given);
status decr(context &in, const arguments &given);
status incrfloat(context &in, const arguments &given);
status ratelimit(context &in, const arguments &given);
status rename(context &in, const arguments &given);
status renamenx(context &in, const arguments &given);
status copy(context &in, const arguments &given);
status del(context &in, const arguments &given);
status delprefix(context &in, const arguments &given);
status flush(context &in, const arguments &given);

}  // namespace kv
