#include "slow_log.hpp"

#include <algorithm>

namespace kvstore::gateway {

namespace {

constexpr std::size_t most_arguments = 32;
constexpr std::size_t longest_argument = 128;

std::string shortened(std::string_view argument) {
    if (argument.size() <= longest_argument)
        return std::string(argument);
    return std::string(argument.substr(0, longest_argument)) + "... (" +
           std::to_string(argument.size() - longest_argument) + " more bytes)";
}

}  // namespace

void slow_log::add(std::span<const std::string_view> arguments, entry what, std::size_t most) {
    const std::size_t shown =
        arguments.size() > most_arguments ? most_arguments - 1 : arguments.size();
    for (const std::string_view each : arguments.first(shown))
        what.arguments.push_back(shortened(each));
    if (shown < arguments.size())
        what.arguments.push_back("... (" + std::to_string(arguments.size() - shown) +
                                 " more arguments)");
    if (what.commands > 1)
        what.arguments.push_back("... (" + std::to_string(what.commands - 1) + " more commands)");
    what.number = next_++;
    entries_.push_front(std::move(what));
    shorten_to(most);
}

void slow_log::shorten_to(std::size_t most) {
    if (entries_.size() > most)
        entries_.resize(most);
}

void slow_log::forget(std::string_view role) {
    std::erase_if(entries_, [&](const entry &each) { return each.role == role; });
}

std::vector<const slow_log::entry *> slow_log::of(std::string_view role) const {
    std::vector<const entry *> its;
    for (const entry &each : entries_)
        if (each.role == role)
            its.push_back(&each);
    return its;
}

}  // namespace kvstore::gateway
