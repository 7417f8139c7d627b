// kv, the command-line tool of kvstore.
#include <unistd.h>

#include <iostream>

#include "../common/standard_streams.hpp"

#include "command_line.hpp"
#include "interrupt.hpp"
#include "report.hpp"

namespace {

kv::status run(const std::vector<std::string> &words) {
    kv::options options;
    kv::arguments arguments;
    const kv::command &what = parse(words, kv::program_options(), options, arguments);
    kv::connection connection(static_cast<const kv::connection_settings &>(options));
    const bool on_terminal = isatty(STDOUT_FILENO) != 0;
    kv::context context{
        connection, kv::output({.json = options.json, .newline = on_terminal, .nil = on_terminal}),
        options.store, false};
    const kv::status status = what.run(context, arguments);
    kv::finish_output();
    return status;
}

}  // namespace

int main(int argc, char **argv) {
    if (!standard_streams::fill())
        return kv::failed;
    std::ios::sync_with_stdio(false);  // which would read and write every character by itself
    kv::end_on_interrupt();
    return kv::report_errors([&] { return run({argv + 1, argv + argc}); });
}
