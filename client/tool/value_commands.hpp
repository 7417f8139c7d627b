// The commands that take or give values.
//
// What came in at the shell goes out as it came, in every command. In a store of text a value is
// text, which the server converts between the shell's encoding and the database's: so SQL sees the
// same characters. In a store of bytes a value is bytes.
#pragma once

#include "command_line.hpp"

namespace kv {

status get(context &in, const arguments &given);
status set(context &in, const arguments &given);
status setnx(context &in, const arguments &given);
status setxx(context &in, const arguments &given);
status psetex(context &in, const arguments &given);
status getset(context &in, const arguments &given);
status append(context &in, const arguments &given);
status cas(context &in, const arguments &given);
status getex(context &in, const arguments &given);
status getdel(context &in, const arguments &given);
status delif(context &in, const arguments &given);
status mget(context &in, const arguments &given);
status mset(context &in, const arguments &given);
status msetnx(context &in, const arguments &given);

}  // namespace kv
