#include "line_editor.hpp"

#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
// readline needs FILE, and does not ask for it itself.
#include <readline/history.h>
#include <readline/readline.h>

#include "completion.hpp"
#include "errors.hpp"
#include "interrupt.hpp"
#include "words.hpp"

namespace kv {

namespace {

constexpr int remembered_lines = 1000;

// readline calls functions without an argument of ours, so what these need is here.
context *completed = nullptr;
termios as_before{};  // the terminal

int drop_line() {  // at Ctrl-C
    rl_replace_line("", 0);
    rl_crlf();
    rl_on_new_line();
    rl_redisplay();
    return 0;
}

// --- Completion --------------------------------------------------------------------------------

std::vector<std::string> words_before(int start) {
    try {
        return split_words({rl_line_buffer, static_cast<std::size_t>(start)});
    } catch (const input_error &) {  // in the middle of something quoted
        return {"?"};
    }
}

std::vector<std::string> offered;

// Called again and again until it gives nothing more; readline frees what it gives.
char *next_offered(const char *, int state) {
    static std::size_t next = 0;
    if (state == 0)
        next = 0;
    return next < offered.size() ? ::strdup(offered[next++].c_str()) : nullptr;
}

// While the server is asked, signals are for our handlers: those of readline would do nothing
// before it has answered.
class answering {
  public:
    answering() {
        rl_clear_signals();
        before_ending([] { tcsetattr(STDIN_FILENO, TCSANOW, &as_before); });
        cancel_on_interrupt(completed->on.connected() ? completed->on.pq() : nullptr);
    }
    ~answering() {
        cancel_on_interrupt(nullptr);
        before_ending(nullptr);
        rl_set_signals();
    }
    answering(const answering &) = delete;
    answering &operator=(const answering &) = delete;
};

char **complete(const char *text, int start, int) {
    rl_attempted_completion_over = 1;  // and no file names
    const answering now;
    offered = completions(*completed, words_before(start), text);
    return rl_completion_matches(text, next_offered);
}

}  // namespace

std::string history_file() {
    const auto variable = [](const char *name) {
        const char *value = std::getenv(name);
        return std::string(value != nullptr ? value : "");
    };
    if (std::string file = variable("KV_HISTFILE"); !file.empty())
        return file;
    if (const std::string folder = variable("XDG_STATE_HOME"); !folder.empty())
        return folder + "/kv/history";
    const std::string home = variable("HOME");
    return home.empty() ? "" : home + "/.local/state/kv/history";
}

line_editor::line_editor(context &in) : in_(in), file_(history_file()) {
    completed = &in_;
    tcgetattr(STDIN_FILENO, &as_before);
    rl_readline_name = "kv";
    rl_attempted_completion_function = complete;
    rl_completer_word_break_characters = " \t";
    rl_signal_event_hook = drop_line;
    go_on_after_interrupt();
    read_history(file_.c_str());
    stifle_history(remembered_lines);
}

line_editor::~line_editor() {
    end_on_interrupt();
    std::error_code none;
    const std::filesystem::path folder = std::filesystem::path(file_).parent_path();
    if (!folder.empty())
        std::filesystem::create_directories(folder, none);
    const mode_t before = umask(077);  // values may be secrets
    write_history(file_.c_str());
    umask(before);
}

bool line_editor::read(const std::string &prompt, std::string &line) {
    cancel_on_interrupt(nullptr);
    const std::unique_ptr<char, decltype(&std::free)> typed(readline(prompt.c_str()), &std::free);
    if (typed == nullptr) {
        std::puts("");
        return false;
    }
    line = typed.get();
    if (!line.empty() && line.front() != ' ')  // a blank in front keeps a line out of the history
        add_history(line.c_str());
    cancel_on_interrupt(in_.on.connected() ? in_.on.pq() : nullptr);
    return true;
}

}  // namespace kv
