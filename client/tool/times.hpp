// Times as people write them.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kv {

// As PostgreSQL keeps a timestamptz: microseconds since the year 2000.
using server_time = std::int64_t;
inline constexpr server_time never = std::numeric_limits<server_time>::max();

// "90", "0.5", "500ms", "1h30m", "2 days": a number without a unit is seconds.
// Throws input_error for what is none of these; whether it is positive is for the server to say.
std::chrono::duration<double> parse_ttl(std::string_view text);

// The same, of what may not be given.
std::optional<std::chrono::duration<double>> parse_optional_ttl(
    const std::optional<std::string> &text);

// A TTL in one word, or as in Redis {"EX", seconds} or {"PX", milliseconds}. Throws input_error.
std::chrono::duration<double> parse_ttl_words(const std::vector<std::string> &words);

std::chrono::duration<double> parse_milliseconds(std::string_view text);  // throws input_error

// "2026-11-23T15:38:12.123456Z", or with a blank for the T, without the fraction, with an offset
// such as +01:00 for the Z. Throws input_error.
server_time parse_time(std::string_view text);

// The first of these forms; for times from the year 2000 on.
std::string format_time(server_time time);

// The SQL that writes a timestamptz in that form, whatever the session's DateStyle and TimeZone.
std::string formatted_in_sql(const std::string &time);

server_time server_time_of(std::chrono::sys_time<std::chrono::microseconds> time);

}  // namespace kv
