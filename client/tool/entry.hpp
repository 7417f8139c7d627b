// An entry, and the line of JSON that import takes and export gives.
#pragma once

#include <string>
#include <string_view>

#include "times.hpp"

namespace kv {

struct entry {
    std::string key;
    std::string value;
    server_time expires = never;

    bool operator==(const entry &) const = default;
};

// {"key": "k", "value": "text", "expires": "2026-11-23T15:38:12.123456Z"}, where "key_base64" and
// "value_base64" may stand for "key" and "value", and "expires" may be absent. Throws input_error
// for anything else, also for a key with a zero byte.
entry parse_entry(std::string_view line);

// Such a line, without the newline.
std::string format_entry(const entry &what);

// The same without the value.
std::string format_key(const entry &what);

// {"key": "k", "value": null}
std::string format_absence(std::string_view key);

}  // namespace kv
