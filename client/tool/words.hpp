// A line of the shell, taken apart.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kv {

// Words are separated by blanks. '..' keeps everything as it is; ".." knows \n \r \t \0 \xHH and
// takes any other character after a backslash for itself, as does a backslash without quotes.
// # at the beginning of a word begins a comment. Throws input_error if a quote is not closed.
std::vector<std::string> split_words(std::string_view line);

// What split_words() takes for this one word.
std::string quote_word(std::string_view word);

// As Redis's words are compared, which may be in either case.
std::string upper_case(std::string_view word);

}  // namespace kv
