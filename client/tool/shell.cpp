#include "shell.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <iostream>

#include "errors.hpp"
#include "line_editor.hpp"
#include "report.hpp"
#include "store_table.hpp"
#include "words.hpp"

namespace kv {

namespace {

// The commands of the table, and those that are about the shell itself.
class shell {
  public:
    explicit shell(const context &in)
        : in_{in.on, output(settings(in.out.json())), in.store, true} {}

    context &inside() { return in_; }
    bool is_over() const { return is_over_; }
    std::string prompt() {
        return visible(PQdb(in_.on.pq())) + "/" + visible(in_.store.value_or("kv_store")) + "=> ";
    }

    status run(const std::string &line) {
        return report_errors([&] {
            in_.on.notice_end();
            const status outcome = run_words(split_words(line));
            finish_output();
            return outcome;
        });
    }

  private:
    static output_settings settings(bool json) {
        return {.json = json, .newline = true, .nil = isatty(STDOUT_FILENO) != 0};
    }

    status run_words(std::vector<std::string> words) {
        if (words.empty())
            return found;
        const std::string name = upper_case(words.front());
        if (name == "EXIT" || name == "QUIT") {
            is_over_ = true;
            return found;
        }
        if (name == "USE")
            return use(words);
        return run_command(words);
    }

    status use(const std::vector<std::string> &words) {
        if (words.size() > 2)
            throw input_error("use: give the name of one store, or none for kv_store");
        in_.store.reset();
        if (words.size() == 2)
            in_.store = find_store(in_.on, words[1]).name;
        return found;
    }

    status run_command(const std::vector<std::string> &words) {
        options chosen;
        chosen.store = in_.store;
        chosen.json = in_.out.json();
        arguments given;
        const command &what = parse(words, shell_options(), chosen, given);
        context in{in_.on, output(settings(chosen.json)), chosen.store, true};
        return what.run(in, given);
    }

    context in_;
    bool is_over_ = false;
};

status run_typed(shell &running) {
    line_editor editor(running.inside());
    for (std::string line; !running.is_over() && editor.read(running.prompt(), line);)
        running.run(line);
    return found;
}

status run_script(shell &running, bool go_on) {
    status worst = found;
    std::int64_t number = 0;
    for (std::string line; !running.is_over() && std::getline(std::cin, line);) {
        number++;
        if (running.run(line) != failed)
            continue;
        complain("that was line " + std::to_string(number));
        worst = failed;
        if (!go_on)
            break;
    }
    if (std::cin.bad())
        throw input_error(std::string("cannot read the commands: ") + std::strerror(errno));
    return worst;
}

}  // namespace

status run_shell(context &in, const arguments &given) {
    if (in.in_shell)
        throw input_error("this is the shell already");
    shell running(in);
    if (isatty(STDIN_FILENO) == 0)
        return run_script(running, given.go_on);
    return run_typed(running);
}

}  // namespace kv
