// Documents made while a program is built, from a file in which @NAME@ stands for what the program
// knows of itself: what its manual page, completion and the like have in common.
#pragma once

#include <fstream>
#include <iterator>
#include <map>
#include <string>

namespace documents {

// Text of a manual page: a hyphen is another character than a minus, and a line that begins with .
// or ' is an order.
inline std::string roff(const std::string &text) {
    std::string escaped = text.starts_with('.') || text.starts_with('\'') ? "\\&" : "";
    for (const char c : text)
        if (c == '-')
            escaped += "\\-";
        else if (c == '\\')
            escaped += "\\e";
        else
            escaped += c;
    return escaped;
}

// A term and what it means, of a list of such.
inline std::string manual_item(const std::string &term, const std::string &meaning) {
    return ".TP\n.B " + roff(term) + "\n" + roff(meaning) + ".\n";
}

// Writes file `to`: file `from` with the meanings of these names. Returns the program's exit
// status.
inline int write(const char *from, const char *to,
                 const std::map<std::string, std::string> &meanings) {
    std::ifstream source(from, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(source), {}};
    for (const auto &[name, meaning] : meanings)
        for (std::size_t at = text.find(name); at != text.npos; at = text.find(name))
            text.replace(at, name.size(), meaning);
    std::ofstream target(to, std::ios::binary);
    target << text;
    target.close();
    return source && target ? 0 : 2;
}

}  // namespace documents
