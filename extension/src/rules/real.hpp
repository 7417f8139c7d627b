// Numbers with a fraction that are kept as text, as INCRBYFLOAT of Redis reads and writes them.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace kvstore {

// Longer than any number is written with all its digits.
constexpr std::size_t longest_real = 5 * 1024;

// What strtold() of C takes, with nothing before or behind it, but not "nan", nor what is too
// large or too small.
std::optional<long double> parse_real(std::string_view text);

// At most 17 digits behind the point, without zeros at the end. In a buffer of longest_real bytes;
// returns what was written there.
std::string_view write_real(long double value, char *buffer);

}  // namespace kvstore
