#include "encoding.hpp"

#include <array>
#include <cstdint>

#include "errors.hpp"

namespace kv {

namespace {

constexpr std::string_view digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::uint8_t byte_at(std::string_view bytes, std::size_t i) {
    return static_cast<std::uint8_t>(bytes[i]);
}

// Length of the character that begins at i; 0 if there is none.
std::size_t character_length(std::string_view bytes, std::size_t i) {
    const std::uint8_t first = byte_at(bytes, i);
    if (first < 0x80)
        return first == 0 ? 0 : 1;
    const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || length > bytes.size() - i)
        return 0;
    for (std::size_t k = 1; k < length; k++)
        if (byte_at(bytes, i + k) >> 6 != 2)
            return 0;
    // Forms that are too long, surrogates, and what is past the last character.
    const std::uint8_t second = byte_at(bytes, i + 1);
    const bool forbidden = (first == 0xE0 && second < 0xA0) || (first == 0xED && second >= 0xA0) ||
                           (first == 0xF0 && second < 0x90) || (first == 0xF4 && second >= 0x90);
    return forbidden ? 0 : length;
}

// What each character stands for; -1 for those that stand for nothing.
constexpr std::array<std::int8_t, 256> values_of_digits() {
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    for (std::size_t i = 0; i < digits.size(); i++)
        values[static_cast<std::uint8_t>(digits[i])] = static_cast<std::int8_t>(i);
    return values;
}

}  // namespace

bool is_text(std::string_view bytes) {
    for (std::size_t i = 0; i < bytes.size();) {
        const std::size_t length = character_length(bytes, i);
        if (length == 0)
            return false;
        i += length;
    }
    return true;
}

std::string to_base64(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; k++)
            group = group << 8 | (k < count ? byte_at(bytes, i + k) : 0U);
        for (std::size_t k = 0; k < 4; k++)
            text += k <= count ? digits[group >> (18 - 6 * k) & 63] : '=';
    }
    return text;
}

std::string from_base64(std::string_view text) {
    static constexpr auto values = values_of_digits();
    if (text.size() % 4 != 0)
        throw input_error("not base64: its length is not a multiple of 4");
    for (int padding = 0; padding < 2 && text.ends_with('='); padding++)
        text.remove_suffix(1);
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t bits = 0;
    int available = 0;
    for (const char c : text) {
        const std::int8_t value = values[static_cast<std::uint8_t>(c)];
        if (value < 0)
            throw input_error("not base64");
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        available += 6;
        if (available >= 8)
            bytes += static_cast<char>(bits >> (available -= 8) & 255);
    }
    if ((bits & ((1U << available) - 1)) != 0)
        throw input_error("not base64: bits are left over");
    return bytes;
}

}  // namespace kv
