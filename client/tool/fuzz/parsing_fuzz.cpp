// Whatever is typed or imported: nothing but input_error, and what is written is read back.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "encoding.hpp"
#include "entry.hpp"
#include "errors.hpp"
#include "numbers.hpp"
#include "times.hpp"
#include "words.hpp"

namespace {

void require(bool holds) {
    if (!holds)
        std::abort();
}

// What a parser makes of the input, unless it refuses it.
template <class Parse>
auto accepted(Parse parse) -> std::optional<decltype(parse())> {
    try {
        return parse();
    } catch (const kv::input_error &) {
        return std::nullopt;
    }
}

void check_all(std::string_view input) {
    if (const auto entry = accepted([&] { return kv::parse_entry(input); }))
        require(entry->expires < 0 || kv::parse_entry(kv::format_entry(*entry)) == *entry);
    if (const auto words = accepted([&] { return kv::split_words(input); }))
        for (const std::string &word : *words)
            require(kv::split_words(kv::quote_word(word)).at(0) == word);
    if (const auto time = accepted([&] { return kv::parse_time(input); }))
        require(*time < 0 || kv::parse_time(kv::format_time(*time)) == *time);
    if (const auto bytes = accepted([&] { return kv::from_base64(input); }))
        require(kv::to_base64(*bytes) == input);
    require(kv::from_base64(kv::to_base64(input)) == input);
    accepted([&] { return kv::parse_ttl(input); });
    if (const auto number = kv::integer_of(input))
        require(kv::integer_of(std::to_string(*number)) == number);
    kv::decimal_of(input);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    check_all({reinterpret_cast<const char *>(data), size});
    return 0;
}
