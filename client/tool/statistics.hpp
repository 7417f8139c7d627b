// What the view kv_stats tells.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "command_line.hpp"

namespace kv {

status list_stores(context &in, const arguments &given);
status print_statistics(context &in, const arguments &given);
status watch(context &in, const arguments &given);

// The columns of a store, by name; without those that are NULL, or not in this version's view.
using store_row = std::map<std::string, std::string>;

// A look at all stores, by name.
using look = std::map<std::string, store_row>;

// What watch shows: a line of titles, and one for each store. Rates come from the difference to
// the look before, so many seconds ago; there are none without one (0 seconds).
std::string watch_table(const look &now, const look &before, double seconds);

std::string format_size(double bytes);  // 812 B, 1.5 kB, 20 MB

}  // namespace kv
