// The setting kvstore.redis_stores: names with commas between them, as SQL writes names. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "rules/behind.hpp"

namespace kvstore {

namespace detail {

constexpr std::string_view without_blanks(std::string_view text) {
    std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos)
        return {};
    return behind(text, first).substr(0, text.find_last_not_of(" \t\r\n") - first + 1);
}

// Where the first name ends: at a comma that is not within quotes.
constexpr std::size_t end_of_name(std::string_view list) {
    bool quoted = false;
    std::size_t at = 0;
    for (; at < list.size() && (quoted || list[at] != ','); at++)
        quoted ^= list[at] == '"';
    return at;
}

}  // namespace detail

// The n-th name, from 0 on.
constexpr std::optional<std::string_view> nth_name(std::string_view list, std::size_t n) {
    for (;; n--) {
        std::size_t end = detail::end_of_name(list);
        if (n == 0)
            return detail::without_blanks(list.substr(0, end));
        if (end == list.size())
            return std::nullopt;
        list.remove_prefix(end + 1);
    }
}

constexpr std::size_t count_names(std::string_view list) {
    std::size_t count = 1;
    for (std::size_t end = 0; (end = detail::end_of_name(list)) < list.size(); count++)
        list.remove_prefix(end + 1);
    return count;
}

}  // namespace kvstore
