// The commands of Redis: found by name, and what is wrong with a call before it is carried out.
// Pure, and shared by the interpreter and kvstore-redis.
#pragma once

#include <optional>
#include <span>

#include "rules/redis_command_table.hpp"

namespace kvstore::redis {

constexpr std::span<const command> commands{table::commands};

constexpr bool in_order(std::span<const command> all) {
    for (std::size_t i = 1; i < all.size(); i++)
        if (all[i - 1].name >= all[i].name)
            return false;
    return true;
}
static_assert(in_order(commands));

// Redis's words for a number that is an integer, but not one of 32 bits.
constexpr std::string_view not_of_32_bits =
    "ERR value is out of range, value must between -2147483648 and 2147483647";
constexpr bool is_of_32_bits(std::int64_t number) {
    return number == static_cast<std::int32_t>(number);
}

constexpr char lower(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

// Whether a word of a client's, in any case, is `word`, which is in small letters.
constexpr bool is_word(std::string_view given, std::string_view word) {
    if (given.size() != word.size())
        return false;
    for (std::size_t i = 0; i < given.size(); i++)
        if (lower(given[i]) != word[i])
            return false;
    return true;
}

// "client", or with a subcommand "client|id", in any case; nullptr if there is none.
constexpr const command *find_command(std::string_view name, std::string_view subcommand = {}) {
    std::array<char, 32> full{};
    std::size_t size = name.size() + (subcommand.empty() ? 0 : 1 + subcommand.size());
    if (size > full.size() || name.find('|') != std::string_view::npos)
        return nullptr;
    std::size_t end = 0;
    for (char letter : name)
        full[end++] = lower(letter);
    if (!subcommand.empty()) {
        full[end++] = '|';
        for (char letter : subcommand)
            full[end++] = lower(letter);
    }
    std::string_view wanted(full.data(), size);
    std::size_t low = 0;
    std::size_t high = commands.size();
    while (low < high) {
        std::size_t middle = low + (high - low) / 2;
        if (commands[middle].name < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low < commands.size() && commands[low].name == wanted ? &commands[low] : nullptr;
}

constexpr bool is_container(const command &one) {
    std::size_t next = static_cast<std::size_t>(&one - commands.data()) + 1;
    return next < commands.size() && commands[next].name.starts_with(one.name) &&
           behind(commands[next].name, one.name.size()).starts_with('|');
}

// What a command of Redis's own is about that is not supported; nothing for any other word.
constexpr std::optional<group> find_not_supported(std::string_view name) {
    for (const auto &[about, names] : table::not_supported)
        for (std::size_t at = 1; at < names.size(); at = names.find(' ', at) + 1)
            if (is_word(name, behind(names, at).substr(0, names.find(' ', at) - at)))
                return about;
    return std::nullopt;
}

// Whether its commands are about a type of values, all of which kvstore lacks but strings.
constexpr bool is_of_values(group one) {
    using enum group;
    for (group each : {bitmap, geo, hash, hyperloglog, list, group::set, sorted_set, stream})
        if (each == one)
            return true;
    return false;
}

enum class call_fault : std::uint8_t { none, unknown, unknown_subcommand, wrong_arity };

// The command that a call is of, and what is wrong with it before it is carried out.
struct call {
    const command *of = nullptr;  // with call_fault::none and ::wrong_arity, and its container
    call_fault fault = call_fault::none;
};

// `arguments` begins with the name and is not empty.
constexpr call resolve(std::span<const std::string_view> arguments) {
    const command *found = find_command(arguments[0]);
    if (found == nullptr)
        return {nullptr, call_fault::unknown};
    if (arguments.size() > 1 && is_container(*found)) {
        const command *container = found;
        found = arguments[1].empty() ? nullptr : find_command(arguments[0], arguments[1]);
        if (found == nullptr)
            return {container, call_fault::unknown_subcommand};
    }
    return {found, found->takes(arguments.size()) ? call_fault::none : call_fault::wrong_arity};
}

namespace detail {

template <class Buffer>
void append(Buffer &to, std::string_view text) {
    to.append(text.data(), text.size());
}

// What a client sent, within an error, which is one line: as much as fits, up to a zero byte.
template <class Buffer>
void append_given(Buffer &to, std::string_view given, std::size_t most) {
    given = given.substr(0, most);
    for (char letter : given.substr(0, given.find('\0'))) {
        char shown = letter == '\r' || letter == '\n' ? ' ' : letter;
        to.append(&shown, 1);
    }
}

template <class Buffer>
void append_upper(Buffer &to, std::string_view name) {
    for (char letter : name) {
        char big = letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
        to.append(&big, 1);
    }
}

// At most 128 bytes of arguments, each in quotes with a blank behind it.
template <class Buffer>
void append_arguments(Buffer &to, std::span<const std::string_view> arguments) {
    std::size_t before = to.size();
    for (std::string_view each : arguments) {
        std::size_t written = to.size() - before;
        if (written >= 128)
            return;
        append(to, "'");
        append_given(to, each, 128 - written);
        append(to, "' ");
    }
}

}  // namespace detail

// Redis's words for a fault, without the minus before them and the line's end behind: "ERR unknown
// command ..". For a Buffer that has append(bytes, size) and size().
template <class Buffer>
void append_fault(Buffer &to, const call &made, std::span<const std::string_view> arguments) {
    using namespace detail;
    switch (made.fault) {
        case call_fault::none:
            return;
        case call_fault::unknown:
            if (is_word(arguments[0], "cluster"))
                return append(to, "ERR This instance has cluster support disabled");
            append(to, "ERR unknown command '");
            append_given(to, arguments[0], 128);
            if (std::optional<group> about = find_not_supported(arguments[0]))
                return append(to, is_of_values(*about)
                                      ? "', not supported by kvstore, whose values are strings"
                                      : "', not supported by kvstore");
            append(to, "', with args beginning with: ");
            return append_arguments(to, arguments.subspan(1));
        case call_fault::unknown_subcommand:
            append(to, "ERR unknown subcommand '");
            append_given(to, arguments[1], 128);
            append(to, "'. Try ");
            append_upper(to, made.of->name);
            return append(to, " HELP.");
        case call_fault::wrong_arity:
            append(to, "ERR wrong number of arguments for '");
            append(to, made.of->name);
            return append(to, "' command");
    }
}

// Its words where a subcommand could take more arguments than the table says, and does not.
template <class Buffer>
void append_too_many(Buffer &to, std::span<const std::string_view> arguments) {
    using namespace detail;
    append(to, "ERR unknown subcommand or wrong number of arguments for '");
    append_given(to, arguments[1], 128);
    append(to, "'. Try ");
    append_upper(to, arguments[0]);
    append(to, " HELP.");
}

}  // namespace kvstore::redis
