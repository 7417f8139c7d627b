// Lines typed on a terminal, with history and completion, by readline.
#pragma once

#include <string>

#include "command_line.hpp"

namespace kv {

// Where lines are remembered: $KV_HISTFILE, or else below $XDG_STATE_HOME, or else below
// ~/.local/state; empty if there is no such place.
std::string history_file();

// There is one terminal, and one of these at a time. While it lives, Ctrl-C drops the line that
// is being typed, or cancels what the server is doing, but does not end the program.
class line_editor {
  public:
    explicit line_editor(context &in);
    ~line_editor();  // remembers the lines
    line_editor(const line_editor &) = delete;
    line_editor &operator=(const line_editor &) = delete;

    // False at the end of the input.
    bool read(const std::string &prompt, std::string &line);

  private:
    context &in_;
    const std::string file_;
};

}  // namespace kv
