// What a command works with.
#pragma once

#include <optional>
#include <string>

#include "connection.hpp"
#include "output.hpp"

namespace kv {

struct context {
    connection &on;
    output out;
    std::optional<std::string> store;  // its name; none: the extension's own
    bool in_shell;                     // whose input is not for values

    // The operations on the store.
    kvstore::store selected() const { return on.client().open_store(store.value_or("")); }

    // The store as a parameter of the type regclass; "-" is the extension's own.
    std::string regclass() const { return store.value_or("-"); }
};

}  // namespace kv
