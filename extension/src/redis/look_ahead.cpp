#include "redis/look_ahead.hpp"

#include <array>

#include "paths/prefetch.hpp"

namespace kvstore::redis {

namespace {

// The first key of a command that has any. Without a look at the table of commands: what is no key
// is found nowhere.
std::string_view read_first_key(section_reader &from) {
    std::string_view key;
    std::uint32_t count = from.arguments();
    for (std::uint32_t i = 0; i < count && from.ok(); i++) {
        std::string_view argument = from.next_argument();
        if (i == 1)
            key = argument;
    }
    return key;
}

}  // namespace

// The first command of a batch is carried out before, since it opens the store.
void look_ahead::look(const execution &x, section_reader section, std::uint32_t left) {
    const store *in = x.opened();
    if (in == nullptr)
        return;
    batch_reader behind = batch_;
    std::array<std::string_view, most_prefetched> keys;
    std::size_t count = 0;
    while (seen_ < keys.size() && section.ok()) {
        if (left > 0) {
            std::string_view key = read_first_key(section);
            if (section.database() == x.database())
                keys[count++] = key;
            seen_++;
            left--;
        } else if (behind.has_section()) {
            section = behind.next_section();
            left = section.watched() > 0 ? 0 : section.commands();
        } else {
            break;
        }
    }
    prefetch(*in, std::span(keys).first(count));
}

}  // namespace kvstore::redis
