// A command as people type it into redis-cli, and a reply as it prints it. Pure. For a Buffer that
// has append(bytes, size) and size().
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "rules/behind.hpp"

namespace kvstore::redis {

// --- Words ---

// Splits a line into words: at blanks, except within "..", where \n, \r, \t, \b, \a and \x41 stand
// for bytes and \ before any other for that one, and within '..', where \' is a quote.
class word_splitter {
  public:
    explicit word_splitter(std::string_view line) : rest_(line) { skip_blanks(); }

    bool at_end() const { return rest_.empty(); }

    // Appends the next word, of which there is one. False if a quote is not closed, or something
    // stands right behind it.
    template <class Buffer>
    bool next(Buffer &to) {
        bool ok = true;
        while (ok && !rest_.empty() && !is_blank(rest_[0])) {
            char first = take();
            if (first == '"' || first == '\'')
                ok = take_quoted(to, first);
            else
                to.append(&first, 1);
        }
        skip_blanks();
        return ok;
    }

  private:
    static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

    static std::optional<unsigned> hex(char c) {
        std::size_t at = std::string_view("0123456789abcdefABCDEF").find(c);
        if (at == std::string_view::npos)
            return std::nullopt;
        return static_cast<unsigned>(at < 16 ? at : at - 6);
    }

    std::optional<char> byte_in_hex() const {
        if (rest_.size() < 3 || rest_[0] != 'x')
            return std::nullopt;
        std::optional<unsigned> high = hex(rest_[1]);
        std::optional<unsigned> low = hex(rest_[2]);
        return high && low ? std::optional(static_cast<char>(*high * 16 + *low)) : std::nullopt;
    }

    char take() {
        char first = rest_[0];
        rest_.remove_prefix(1);
        return first;
    }

    void skip_blanks() {
        while (!rest_.empty() && is_blank(rest_[0]))
            rest_.remove_prefix(1);
    }

    // Behind a backslash within double quotes.
    char take_escaped() {
        if (std::optional<char> byte = byte_in_hex()) {
            rest_.remove_prefix(3);
            return *byte;
        }
        char letter = take();
        constexpr std::string_view letters = "nrtba";
        std::size_t at = letters.find(letter);
        return at == std::string_view::npos ? letter : "\n\r\t\b\a"[at];
    }

    template <class Buffer>
    bool take_quoted(Buffer &to, char quote) {
        while (!rest_.empty()) {
            char one = take();
            if (one == quote)
                return rest_.empty() || is_blank(rest_[0]);
            if (one == '\\' && !rest_.empty() && quote == '"')
                one = take_escaped();
            else if (one == '\\' && !rest_.empty() && rest_[0] == '\'')
                one = take();
            to.append(&one, 1);
        }
        return false;
    }

    std::string_view rest_;
};

// --- Replies ---

namespace detail {

template <class Buffer>
void print(Buffer &to, std::string_view text) {
    to.append(text.data(), text.size());
}

// In quotes, with what cannot be printed in hexadecimal digits.
template <class Buffer>
void print_quoted(Buffer &to, std::string_view bytes) {
    print(to, "\"");
    for (char each : bytes) {
        constexpr std::string_view special = "\\\"\n\r\t\a\b";
        constexpr std::string_view written = "\\\"nrtab";
        auto byte = static_cast<unsigned char>(each);
        if (std::size_t at = special.find(each); at != std::string_view::npos) {
            std::array<char, 2> escaped{'\\', written[at]};
            to.append(escaped.data(), escaped.size());
        } else if (byte >= ' ' && byte < 0x7f) {
            to.append(&each, 1);
        } else {
            constexpr std::string_view digits = "0123456789abcdef";
            std::array<char, 4> escaped{'\\', 'x', digits[byte >> 4], digits[byte & 15]};
            to.append(escaped.data(), escaped.size());
        }
    }
    print(to, "\"");
}

// One reply of RESP2, which is well-formed, and all that is in it.
template <class Buffer>
class reply_printer {
  public:
    reply_printer(Buffer &to, std::string_view reply) : to_(to), rest_(reply) {}

    void print_one(std::size_t indent) {
        std::string_view line = take_line();
        std::string_view text = behind(line, 1);
        switch (line[0]) {
            case '+':
                return print(to_, text);
            case '-':
                print(to_, "(error) ");
                return print(to_, text);
            case ':':
                print(to_, "(integer) ");
                return print(to_, text);
            case '$':
                return print_bulk(number(text));
            default:
                return print_array(number(text), indent);
        }
    }

  private:
    std::string_view take_line() {
        std::size_t end = rest_.find("\r\n");
        std::string_view line = rest_.substr(0, end);
        rest_.remove_prefix(end + 2);
        return line;
    }

    static std::int64_t number(std::string_view text) {
        std::int64_t value = 0;
        std::from_chars(text.data(), text.data() + text.size(), value);
        return value;
    }

    void print_bulk(std::int64_t size) {
        if (size < 0)
            return print(to_, "(nil)");
        auto length = static_cast<std::size_t>(size);
        print_quoted(to_, rest_.substr(0, length));
        rest_.remove_prefix(length + 2);
    }

    // Each on a line of its own behind its number, all as wide as the last one.
    void print_array(std::int64_t size, std::size_t indent) {
        if (size <= 0)
            return print(to_, size < 0 ? "(nil)" : "(empty array)");
        std::size_t width = digits_of(size).size();
        for (std::int64_t i = 1; i <= size; i++) {
            std::string_view digits = digits_of(i);
            if (i > 1)
                print(to_, "\n");
            print_blanks((i > 1 ? indent : 0) + width - digits.size());
            print(to_, digits);
            print(to_, ") ");
            print_one(indent + width + 2);
        }
    }

    void print_blanks(std::size_t count) {
        for (; count > 0; count--)
            print(to_, " ");
    }

    std::string_view digits_of(std::int64_t value) {
        char *end = std::to_chars(digits_.data(), digits_.data() + digits_.size(), value).ptr;
        return {digits_.data(), static_cast<std::size_t>(end - digits_.data())};
    }

    Buffer &to_;
    std::string_view rest_;
    std::array<char, 20> digits_{};
};

}  // namespace detail

// A reply of RESP2, as redis-cli prints it for a person.
template <class Buffer>
void append_printed(Buffer &to, std::string_view reply) {
    detail::reply_printer(to, reply).print_one(0);
}

}  // namespace kvstore::redis
