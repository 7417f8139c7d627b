// Replies, as RESP2 and RESP3 write them, at the end of a string.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kvstore::gateway {

class reply_writer {
  public:
    reply_writer(std::string &to, int protocol) : to_(to), protocol_(protocol) {}

    void ok() { to_ += "+OK\r\n"; }
    void simple(std::string_view text) { line('+', text); }
    // `text` begins with its prefix, such as ERR, and becomes one line.
    void error(std::string_view text);
    void integer(std::int64_t value) { line(':', std::to_string(value)); }
    void bulk(std::string_view bytes) { sized('$', bytes); }
    void null() { to_ += protocol_ == 3 ? "_\r\n" : "$-1\r\n"; }
    void null_array() { to_ += protocol_ == 3 ? "_\r\n" : "*-1\r\n"; }
    void array(std::size_t size) { line('*', std::to_string(size)); }
    // `size` pairs follow, which are an array where the protocol has no maps.
    void map(std::size_t size) {
        line(protocol_ == 3 ? '%' : '*', std::to_string(protocol_ == 3 ? size : size * 2));
    }
    void set(std::size_t size) { line(protocol_ == 3 ? '~' : '*', std::to_string(size)); }
    // What nobody asked for, if the protocol knows such.
    void push(std::size_t size) { line(protocol_ == 3 ? '>' : '*', std::to_string(size)); }
    // Text for people.
    void verbatim(std::string_view text);

  private:
    void line(char type, std::string_view text) {
        to_ += type;
        to_ += text;
        to_ += "\r\n";
    }
    void sized(char type, std::string_view bytes) {
        line(type, std::to_string(bytes.size()));
        to_ += bytes;
        to_ += "\r\n";
    }

    std::string &to_;
    int protocol_;
};

// As a field of a line, such as CLIENT LIST's: what is no graphic character of ASCII is \xHH, and
// so is the backslash.
inline std::string as_one_word(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string word;
    for (const char c : text)
        if (c > ' ' && c <= '~' && c != '\\') {
            word += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            (word += "\\x") += {digits[byte >> 4], digits[byte & 15]};
        }
    return word;
}

inline void reply_writer::error(std::string_view text) {
    to_ += '-';
    for (const char c : text)
        to_ += c == '\r' || c == '\n' ? ' ' : c;
    to_ += "\r\n";
}

inline void reply_writer::verbatim(std::string_view text) {
    if (protocol_ == 3)
        sized('=', "txt:" + std::string(text));
    else
        bulk(text);
}

}  // namespace kvstore::gateway
