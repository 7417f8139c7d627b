// Integers that are kept as text: pure, so that they are tested without a server.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace kvstore {

// The longest way to write an integer of 64 bits: a sign and 19 digits.
constexpr std::size_t longest_integer = 20;

// An optional minus and digits, nothing around them, 64 bits.
inline std::optional<std::int64_t> parse_integer(std::string_view text) {
    std::int64_t value = 0;
    const char *end = text.data() + text.size();
    auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stop != end)
        return std::nullopt;
    return value;
}

// The same as Redis takes it for a number: each number has one way to write it, so that "007" and
// "-0" are none.
inline std::optional<std::int64_t> parse_strict_integer(std::string_view text) {
    std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
    if (digits.empty() || (digits[0] == '0' && text.size() > 1))
        return std::nullopt;
    return parse_integer(text);
}

// Nothing if the sum does not fit.
inline std::optional<std::int64_t> sum_of(std::int64_t a, std::int64_t b) {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(a, b, &sum))
        return std::nullopt;
    return sum;
}

// A number as text, in a buffer of its own.
class integer_text {
  public:
    explicit integer_text(std::int64_t value)
        : length_(std::to_chars(digits_, digits_ + sizeof(digits_), value).ptr - digits_) {}

    std::string_view view() const { return {digits_, static_cast<std::size_t>(length_)}; }

  private:
    char digits_[longest_integer];
    std::ptrdiff_t length_;
};

}  // namespace kvstore
