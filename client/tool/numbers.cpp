#include "numbers.hpp"

#include <charconv>
#include <cmath>

namespace kv {

namespace {

template <class Number, class... Form>
std::optional<Number> whole(std::string_view word, Form... form) {
    if (word.size() > 1 && word[0] == '+' && word[1] != '-')  // which from_chars() does not know
        word.remove_prefix(1);
    Number number{};
    const auto [end, problem] =
        std::from_chars(word.data(), word.data() + word.size(), number, form...);
    if (problem != std::errc() || end != word.data() + word.size())
        return std::nullopt;
    return number;
}

}  // namespace

std::optional<std::int64_t> integer_of(std::string_view word) {
    return whole<std::int64_t>(word);
}

std::optional<double> decimal_of(std::string_view word) {
    const std::optional<double> number = whole<double>(word, std::chars_format::fixed);
    return number && std::isfinite(*number) ? number : std::nullopt;  // it knows "inf" and "nan"
}

}  // namespace kv
