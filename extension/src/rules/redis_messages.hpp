// How messages of Redis's PUBLISH travel by PostgreSQL's NOTIFY, which takes text alone: a channel
// of at most 63 bytes, and less than 8000 bytes on it. What is plain goes as it is, so that SQL's
// LISTEN hears it. Pure, and shared by the interpreter and kvstore-redis.
//
//   SUBSCRIBE   listens to notify_channel(channel), where a payload is read_message()'s
//   PSUBSCRIBE  listens to patterns_channel, where it is read_message()'s, too, and always encoded
//
// Encoded is, in base64 behind a byte 1, the size of the channel (u32), the channel, a number (u32)
// and the message. The number makes it another one each time: PostgreSQL drops the second of two
// equal notifications of a transaction.
//
// For a Buffer that has append(bytes, size) and size().
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "rules/behind.hpp"
#include "rules/redis_batch.hpp"

namespace kvstore::redis {

constexpr std::string_view own_channels = "kv_redis:";
constexpr std::string_view patterns_channel = "kv_redis:patterns";
constexpr std::size_t longest_channel = 63;
constexpr std::size_t longest_payload = 7999;
// With an empty message, as base64, with its size and a number.
constexpr std::size_t longest_channel_of_redis = (longest_payload - 1) / 4 * 3 - 8;
constexpr char encoded = '\x01';  // what a payload begins with that is base64

namespace detail {

// How many bytes the character takes that begins there, 0 if it is none of UTF-8.
constexpr std::size_t utf8_character(std::string_view at) {
    auto byte = [&](std::size_t i) { return static_cast<unsigned char>(at[i]); };
    std::size_t size = byte(0) < 0x80                       ? 1
                       : byte(0) >= 0xc2 && byte(0) <= 0xdf ? 2
                       : byte(0) >= 0xe0 && byte(0) <= 0xef ? 3
                       : byte(0) >= 0xf0 && byte(0) <= 0xf4 ? 4
                                                            : 0;
    if (size == 0 || size > at.size())
        return 0;
    for (std::size_t i = 1; i < size; i++)
        if ((byte(i) & 0xc0) != 0x80)
            return 0;
    bool overlong = (byte(0) == 0xe0 && byte(1) < 0xa0) || (byte(0) == 0xf0 && byte(1) < 0x90);
    bool none = (byte(0) == 0xed && byte(1) >= 0xa0) || (byte(0) == 0xf4 && byte(1) >= 0x90);
    return overlong || none ? 0 : size;
}

}  // namespace detail

// Whether NOTIFY takes it as it is, in a database whose encoding is UTF8, or another one.
constexpr bool is_plain(std::string_view text, bool in_utf8) {
    while (!text.empty()) {
        std::size_t size = detail::utf8_character(text);
        if (size == 0 || text[0] == '\0' || text[0] == encoded || (size > 1 && !in_utf8))
            return false;
        text.remove_prefix(size);
    }
    return true;
}

// The name of the channel on which to notify and to listen, in a buffer of its own.
class notify_channel {
  public:
    notify_channel(std::string_view channel, bool in_utf8) {
        is_itself_ = !channel.empty() && channel.size() <= longest_channel &&
                     is_plain(channel, in_utf8) && !channel.starts_with(own_channels);
        if (is_itself_)
            append(channel);
        else
            append_digest(channel);
    }

    std::string_view name() const { return {name_.data(), size_}; }
    bool is_itself() const { return is_itself_; }

  private:
    void append(std::string_view text) {
        for (char each : text)
            name_[size_++] = each;
    }
    // FNV-1a. Two channels of one digest are told apart by what is in the payload.
    void append_digest(std::string_view channel) {
        std::uint64_t digest = UINT64_C(0xcbf29ce484222325);
        for (char each : channel)
            digest = (digest ^ static_cast<unsigned char>(each)) * UINT64_C(0x100000001b3);
        append(own_channels);
        for (int shift = 60; shift >= 0; shift -= 4)
            name_[size_++] = "0123456789abcdef"[digest >> shift & 15];
    }

    std::array<char, longest_channel + 1> name_{};
    std::size_t size_ = 0;
    bool is_itself_ = false;
};

constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

template <class Buffer>
void append_base64(Buffer &to, std::string_view bytes) {
    for (; !bytes.empty(); bytes.remove_prefix(bytes.size() < 3 ? bytes.size() : 3)) {
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 3; i++)
            bits = bits << 8 | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0);
        std::array<char, 4> digits{};
        for (std::size_t i = 0; i < 4; i++)
            digits[i] = i <= bytes.size() ? base64_digits[bits >> (18 - 6 * i) & 63] : '=';
        to.append(digits.data(), digits.size());
    }
}

// False if it is not base64.
template <class Buffer>
bool append_decoded(Buffer &to, std::string_view base64) {
    if (base64.size() % 4 != 0)
        return false;
    for (std::size_t at = 0; at < base64.size(); at += 4) {
        std::uint32_t bits = 0;
        std::size_t size = 3;
        for (std::size_t i = 0; i < 4; i++) {
            char digit = base64[at + i];
            std::size_t value = base64_digits.find(digit);
            bool padding = digit == '=' && i >= 2 && at + 4 == base64.size();
            if (!padding && (value == std::string_view::npos || size < 3))
                return false;
            if (padding && size > i - 1)
                size = i - 1;
            bits = bits << 6 | (padding ? 0 : static_cast<std::uint32_t>(value));
        }
        std::array<char, 3> bytes{static_cast<char>(bits >> 16), static_cast<char>(bits >> 8),
                                  static_cast<char>(bits)};
        to.append(bytes.data(), size);
    }
    return true;
}

// The encoded payload.
template <class Buffer>
void append_message(Buffer &to, Buffer &scratch, std::string_view channel, std::string_view message,
                    std::uint32_t number) {
    byte_writer out(scratch);
    std::size_t start = scratch.size();
    out.sized(channel);
    out.u32(number);
    scratch.append(message.data(), message.size());
    to.append(&encoded, 1);
    append_base64(to, {scratch.data() + start, scratch.size() - start});
}

struct message {
    std::string_view channel;
    std::string_view text;
};

// What a notification tells; its views are into it, or into `scratch`. Nothing if it is malformed.
template <class Buffer>
std::optional<message> read_message(Buffer &scratch, std::string_view notified,
                                    std::string_view payload) {
    if (!payload.starts_with(encoded))
        return notified == patterns_channel ? std::nullopt
                                            : std::optional(message{notified, payload});
    std::size_t start = scratch.size();
    if (!append_decoded(scratch, behind(payload, 1)))
        return std::nullopt;
    byte_reader in({scratch.data() + start, scratch.size() - start});
    std::string_view channel = in.sized();
    in.u32();
    std::string_view text = in.bytes(in.left());
    return in.ok() ? std::optional(message{channel, text}) : std::nullopt;
}

}  // namespace kvstore::redis
