// Bytes that are text, and a way to write those that are not.
#pragma once

#include <string>
#include <string_view>

namespace kv {

// Whether PostgreSQL takes it as text: UTF-8 without a zero byte.
bool is_text(std::string_view bytes);

std::string to_base64(std::string_view bytes);
std::string from_base64(std::string_view text);  // throws input_error

}  // namespace kv
