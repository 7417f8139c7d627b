// A store as the table that it is: read as a stream, written in batches.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "connection.hpp"
#include "entry.hpp"

namespace kv {

struct store_table {
    std::string name;  // as SQL writes it, quoted where it must be
    bool holds_bytes;  // instead of text
};

// The table of a store; without a name, the extension's own. Throws sql_error if there is none of
// this name, or if it is no store.
store_table find_store(connection &on, const std::optional<std::string> &store);

// The stores of the database, without waiting for one that is locked.
std::vector<std::string> store_names(connection &on);

// Which live entries, in the order of their keys.
struct selection {
    std::string prefix = {};
    std::optional<std::string> after = {};
    std::optional<std::int64_t> max = {};
    bool with_values = true;  // or with empty ones, which are not fetched
};

// Gives the entries one after the other, as they arrive, so that memory does not grow with them.
void read_entries(connection &on, const store_table &from, const selection &which,
                  const std::function<void(const entry &)> &take);

// Stores entries, all or none, also instead of those that are there. No key may occur twice.
void write_entries(connection &on, const store_table &to, std::span<const entry *const> entries);

}  // namespace kv
