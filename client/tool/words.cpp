#include "words.hpp"

#include <charconv>

#include "errors.hpp"

namespace kv {

namespace {

constexpr std::string_view blanks = " \t\r\n";

bool is_blank(char c) {
    return blanks.find(c) != std::string_view::npos;
}

// Takes words off the front of a line.
class word_reader {
  public:
    explicit word_reader(std::string_view line) : rest_(line) {}

    bool next(std::string &word) {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(blanks), rest_.size()));
        if (rest_.empty() || rest_.front() == '#')
            return false;
        word.clear();
        while (!rest_.empty() && !is_blank(rest_.front()))
            read_part(word);
        return true;
    }

  private:
    void read_part(std::string &word) {
        switch (const char first = take()) {
            case '\'':
                return read_single_quoted(word);
            case '"':
                return read_double_quoted(word);
            case '\\':
                word += rest_.empty() ? '\\' : take();
                return;
            default:
                word += first;
        }
    }

    void read_single_quoted(std::string &word) {
        const std::size_t end = rest_.find('\'');
        if (end == std::string_view::npos)
            throw input_error("a ' is not closed");
        word += rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
    }

    void read_double_quoted(std::string &word) {
        while (!rest_.empty()) {
            const char c = take();
            if (c == '"')
                return;
            word += c == '\\' && !rest_.empty() ? read_escape() : c;
        }
        throw input_error("a \" is not closed");
    }

    char read_escape() {
        switch (const char c = take()) {
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case '0':
                return '\0';
            case 'x':
                return read_hex();
            default:
                return c;
        }
    }

    char read_hex() {
        unsigned byte = 0;
        const std::string_view digits = rest_.substr(0, 2);
        const auto [end, problem] =
            std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
        if (problem != std::errc() || end != digits.data() + 2)
            throw input_error("\\x needs two hexadecimal digits");
        rest_.remove_prefix(2);
        return static_cast<char>(byte);
    }

    char take() {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }

    std::string_view rest_;
};

}  // namespace

std::vector<std::string> split_words(std::string_view line) {
    std::vector<std::string> words;
    word_reader reader(line);
    for (std::string word; reader.next(word);)
        words.push_back(word);
    return words;
}

std::string upper_case(std::string_view word) {
    std::string upper;
    for (const char c : word)
        upper += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return upper;
}

std::string quote_word(std::string_view word) {
    const bool plain =
        !word.empty() && word.find_first_of(" \t\r\n'\"\\") == word.npos && word.front() != '#';
    if (plain)
        return std::string(word);
    std::string quoted = "'";
    for (const char c : word)
        if (c == '\'')
            quoted += R"('\'')";
        else
            quoted += c;
    return quoted + "'";
}

}  // namespace kv
