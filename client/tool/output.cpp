#include "output.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "errors.hpp"

namespace kv {

namespace {

using json_value = nlohmann::json;

void write(std::string_view bytes) {
    std::fwrite(bytes.data(), 1, bytes.size(), stdout);
}

constexpr std::string_view nil = "(nil)";

std::string json_text(std::string_view text) {
    return json_value(text).dump(-1, ' ', false, json_value::error_handler_t::replace);
}

}  // namespace

std::string json_of(std::string_view key, const std::optional<std::string> &value) {
    if (value)
        return format_entry({std::string(key), *value});
    return format_absence(key);
}

void output::line(std::string_view text) const {
    write(text);
    write("\n");
}

void output::raw(std::string_view text) const {
    write(text);
}

status output::nothing() const {
    if (json())
        line("null");
    else if (settings_.nil)
        line(nil);
    return absent;
}

status output::done() const {
    line(json() ? "true" : "OK");
    return found;
}

status output::flag(bool holds) const {
    if (json())
        line(holds ? "true" : "false");
    else
        line(holds ? "1" : "0");
    return holds ? found : absent;
}

status output::number(std::int64_t number) const {
    line(std::to_string(number));
    return found;
}

status output::number_found(std::int64_t number) const {
    this->number(number);
    return number > 0 ? found : absent;
}

status output::seconds(std::optional<double> seconds) const {
    if (seconds)
        line(json_value(*seconds).dump());
    else
        line(json() ? "null" : "-1");
    return found;
}

status output::text(const std::optional<std::string> &text) const {
    if (!text)
        return nothing();
    line(json() ? json_text(*text) : *text);
    return found;
}

status output::value(std::string_view key, const std::optional<std::string> &value) const {
    if (json()) {
        line(json_of(key, value));
        return value ? found : absent;
    }
    if (!value)
        return nothing();
    write(*value);
    if (settings_.newline)
        write("\n");
    return found;
}

void output::entry(const kv::entry &what, bool with_value) const {
    if (json()) {
        line(with_value ? format_entry(what) : format_key(what));
        return;
    }
    write(what.key);
    if (with_value) {
        write("\t");
        write(what.value);
    }
    write("\n");
}

void output::listed_value(std::string_view key, const std::optional<std::string> &value) const {
    if (json())
        line(json_of(key, value));
    else
        line(value ? std::string_view(*value) : settings_.nil ? nil : "");
}

std::string visible(std::string_view name) {
    std::string shown;
    for (std::size_t i = 0; i < name.size(); i++) {
        const auto byte = static_cast<unsigned char>(name[i]);
        // Those from U+0080 to U+009F have two bytes in UTF-8.
        const bool is_wide =
            byte == 0xC2 && i + 1 < name.size() && static_cast<unsigned char>(name[i + 1]) < 0xA0;
        if (byte >= 0x20 && byte != 0x7F && !is_wide) {
            shown += name[i];
            continue;
        }
        const unsigned character = is_wide ? static_cast<unsigned char>(name[++i]) : byte;
        std::array<char, 8> escape{};
        std::snprintf(escape.data(), escape.size(), "\\x%02x", character);
        shown += escape.data();
    }
    return shown;
}

void finish_output() {
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
        throw input_error(std::string("cannot write the output: ") + std::strerror(errno));
}

}  // namespace kv
