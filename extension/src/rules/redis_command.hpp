// What is known of a command of Redis.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "rules/behind.hpp"

namespace kvstore::redis {

enum class flag : std::uint16_t {
    none = 0,
    write = 1 << 0,
    readonly = 1 << 1,
    denyoom = 1 << 2,  // may need more memory
    fast = 1 << 3,
    admin = 1 << 4,
    dangerous = 1 << 5,
    pubsub = 1 << 6,
    noscript = 1 << 7,
    loading = 1 << 8,
    stale = 1 << 9,
    no_auth = 1 << 10,
};
constexpr flag operator|(flag a, flag b) {
    return static_cast<flag>(static_cast<std::uint16_t>(a) | static_cast<std::uint16_t>(b));
}
constexpr bool has(flag set, flag one) {
    return (static_cast<std::uint16_t>(set) & static_cast<std::uint16_t>(one)) != 0;
}

enum class group : std::uint8_t {
    bitmap,
    cluster,
    connection,
    generic,
    geo,
    hash,
    hyperloglog,
    list,
    pubsub,
    scripting,
    server,
    set,
    sorted_set,
    stream,
    string,
    transactions,
};

// As COMMAND DOCS has it.
constexpr std::string_view name_of(group one) {
    constexpr std::array<std::string_view, 16> names{
        "bitmap",      "cluster", "connection", "generic",     "geo",    "hash",
        "hyperloglog", "list",    "pubsub",     "scripting",   "server", "set",
        "sorted-set",  "stream",  "string",     "transactions"};
    return names[static_cast<std::size_t>(one)];
}

enum class where : std::uint8_t { gateway, interpreter };

struct key_positions {
    std::int16_t first;
    std::int16_t last;
    std::int16_t step;
};

struct command {
    std::string_view name;  // "get"; of a subcommand "client|id"
    std::int16_t arity;
    flag flags;
    key_positions keys;
    group about;
    std::string_view since;
    where answered;
    std::string_view summary;

    constexpr bool is_subcommand() const { return name.find('|') != std::string_view::npos; }
    // The subcommand without its container.
    constexpr std::string_view last_name() const { return behind(name, name.find('|') + 1); }

    // `given` counts the name, and both names of a subcommand.
    constexpr bool takes(std::size_t given) const {
        return arity >= 0 ? given == static_cast<std::size_t>(arity)
                          : given >= static_cast<std::size_t>(-arity);
    }
};

}  // namespace kvstore::redis
