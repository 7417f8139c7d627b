#include "rules/real.hpp"

#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace kvstore {

std::optional<long double> parse_real(std::string_view text) {
    char copy[longest_real];
    if (text.empty() || text.size() >= sizeof(copy) ||
        std::isspace(static_cast<unsigned char>(text[0])) != 0)
        return std::nullopt;
    std::memcpy(copy, text.data(), text.size());
    copy[text.size()] = '\0';
    char *end = nullptr;
    errno = 0;
    long double value = std::strtold(copy, &end);
    bool out_of_range = errno == ERANGE && (std::isinf(value) || std::fpclassify(value) == FP_ZERO);
    if (end != copy + text.size() || out_of_range || std::isnan(value))
        return std::nullopt;
    return value;
}

std::string_view write_real(long double value, char *buffer) {
    int written = std::snprintf(buffer, longest_real, "%.17Lf", value);
    std::string_view text(buffer, static_cast<std::size_t>(written));
    if (text.find('.') != std::string_view::npos) {
        text.remove_suffix(text.size() - 1 - text.find_last_not_of('0'));
        if (text.ends_with('.'))
            text.remove_suffix(1);
    }
    return text == "-0" ? text.substr(1) : text;
}

}  // namespace kvstore
