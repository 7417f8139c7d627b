#include "output.hpp"

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

void finish_output() {
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
        throw input_error(std::string("cannot write the output: ") + std::strerror(errno));
}

}  // namespace kv
