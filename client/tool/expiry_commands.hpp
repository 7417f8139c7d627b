// The commands about the time that an entry has left.
#pragma once

#include "command_line.hpp"

namespace kv {

status ttl_left(context &in, const arguments &given);
status expire(context &in, const arguments &given);
status expireat(context &in, const arguments &given);
status expires(context &in, const arguments &given);
status persist(context &in, const arguments &given);

// As in Redis: with milliseconds for seconds, and with Unix time.
status pttl(context &in, const arguments &given);
status pexpire(context &in, const arguments &given);
status pexpireat(context &in, const arguments &given);
status expiretime(context &in, const arguments &given);
status pexpiretime(context &in, const arguments &given);

}  // namespace kv
