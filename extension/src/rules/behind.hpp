// A part of a text. std::string_view::substr() may throw, and what throws is not linked.
#pragma once

#include <cstddef>
#include <string_view>

namespace kvstore {

// What stands from `at` on, a place within the text or its end.
constexpr std::string_view behind(std::string_view text, std::size_t at) {
    text.remove_prefix(at);
    return text;
}

}  // namespace kvstore
