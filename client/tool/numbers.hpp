// Numbers as people write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace kv {

// To the base of 10, with a sign or without, as PostgreSQL reads it. Nothing if the word is
// something else, or does not fit into 64 bits.
std::optional<std::int64_t> integer_of(std::string_view word);

// Such as 2 or 0.5. Nothing if the word is something else; it is finite.
std::optional<double> decimal_of(std::string_view word);

}  // namespace kv
