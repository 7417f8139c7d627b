// Patterns as KEYS, SCAN and PSUBSCRIBE of Redis have them: * ? [abc] [^a-c] and \ before what
// stands for itself. Pure, and without recursion: its time is bounded by both lengths multiplied.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

namespace kvstore {

// For patterns that others have to wait for.
constexpr std::size_t longest_pattern = 1024;

namespace detail {

// Whether the class that begins at pattern[at], behind its bracket, has `byte`; and where the
// class ends. Without a closing bracket it reaches to the end of the pattern.
struct class_match {
    bool matches;
    std::size_t end;
};

inline class_match match_class(std::string_view pattern, std::size_t at, unsigned char byte) {
    auto part = [&](std::size_t i) { return static_cast<unsigned char>(pattern[i]); };
    bool negated = at < pattern.size() && pattern[at] == '^';
    at += negated ? 1 : 0;
    bool found = false;
    for (; at < pattern.size() && pattern[at] != ']'; at++) {
        std::size_t left = pattern.size() - at;
        if (pattern[at] == '\\' && left >= 2) {
            at++;
            found |= part(at) == byte;
        } else if (left >= 3 && pattern[at + 1] == '-') {
            unsigned char low = std::min(part(at), part(at + 2));
            unsigned char high = std::max(part(at), part(at + 2));
            found |= low <= byte && byte <= high;
            at += 2;
        } else {
            found |= part(at) == byte;
        }
    }
    return {found != negated, std::min(at + 1, pattern.size())};
}

// Matches one byte by what stands at pattern[at], which is no star; where the pattern goes on.
inline std::optional<std::size_t> match_one(std::string_view pattern, std::size_t at, char byte) {
    if (pattern[at] == '?')
        return at + 1;
    if (pattern[at] == '[') {
        class_match found = match_class(pattern, at + 1, static_cast<unsigned char>(byte));
        return found.matches ? std::optional(found.end) : std::nullopt;
    }
    if (pattern[at] == '\\' && at + 1 < pattern.size())
        at++;
    return pattern[at] == byte ? std::optional(at + 1) : std::nullopt;
}

}  // namespace detail

// A star takes as little as it can; what does not go on goes back to the last star only, which
// takes one byte more.
inline bool glob_matches(std::string_view pattern, std::string_view text) {
    std::size_t at = 0;
    std::size_t next = 0;
    std::optional<std::size_t> behind_star;
    std::size_t taken = 0;
    while (next < text.size()) {
        if (at < pattern.size() && pattern[at] == '*') {
            behind_star = ++at;
            taken = next;
            continue;
        }
        std::optional<std::size_t> on =
            at < pattern.size() ? detail::match_one(pattern, at, text[next]) : std::nullopt;
        if (on) {
            at = *on;
            next++;
        } else if (behind_star) {
            at = *behind_star;
            next = ++taken;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

// What every text that matches begins with.
inline std::string_view literal_prefix(std::string_view pattern) {
    return pattern.substr(0, pattern.find_first_of("*?[\\"));
}

}  // namespace kvstore
