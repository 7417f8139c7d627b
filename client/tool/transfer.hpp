// Entries as lines of JSON, from and to files.
#pragma once

#include "command_line.hpp"

namespace kv {

status export_entries(context &in, const arguments &given);
status import_entries(context &in, const arguments &given);

}  // namespace kv
