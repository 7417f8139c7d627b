// What a command found, as bytes for people and scripts, or as one line of JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "entry.hpp"

namespace kv {

// The exit status of the program.
enum status { found = 0, absent = 1, failed = 2 };

struct output_settings {
    bool json = false;
    bool newline = false;  // after a value, which is otherwise written as it is
    bool nil = false;      // (nil) for what is not there, to be seen on a terminal
};

class output {
  public:
    explicit output(output_settings settings) : settings_(settings) {}

    bool json() const { return settings_.json; }
    bool on_terminal() const { return settings_.nil; }

    // Each says by the status whether there was something.
    status done() const;                                        // OK, true
    status flag(bool holds) const;                              // 1 or 0, true or false
    status number(std::int64_t number) const;                   // always found
    status number_found(std::int64_t number) const;             // absent if it is 0
    status nothing() const;                                     // absent
    status seconds(std::optional<double> seconds) const;        // -1, null: none
    status text(const std::optional<std::string> &text) const;  // a line
    status value(std::string_view key, const std::optional<std::string> &value) const;

    // One of many, on a line of its own; several fields are separated by tabs.
    void entry(const kv::entry &what, bool with_value) const;
    void listed_value(std::string_view key, const std::optional<std::string> &value) const;
    void line(std::string_view text) const;
    void raw(std::string_view text) const;

  private:
    output_settings settings_;
};

// {"key": "k", "value": "v"}, with "value_base64" for bytes, or with null for no value.
std::string json_of(std::string_view key, const std::optional<std::string> &value);

// For a terminal, to which a name is not to say what to do: \x1b for ESC.
std::string visible(std::string_view name);

// Makes sure that what was written has arrived. Throws input_error if it has not.
void finish_output();

}  // namespace kv
