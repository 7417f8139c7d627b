// kv, the command-line tool of kvstore.
#include <unistd.h>

#include <iostream>

#include "command_line.hpp"
#include "report.hpp"

namespace {

int run(int argc, char **argv) {
    kv::options options;
    kv::arguments arguments;
    const std::unique_ptr<CLI::App> app = kv::make_command_line(options, arguments);
    try {
        app->parse(argc, argv);
    } catch (const CLI::Success &asked) {  // for help or the version
        return app->exit(asked);
    } catch (const CLI::ParseError &problem) {
        kv::complain(std::string(problem.what()) + "\nkv --help says more.");
        return kv::failed;
    }

    kv::connection connection(options.connection);
    const kv::output_settings settings{.json = options.json, .newline = isatty(STDOUT_FILENO) != 0};
    kv::context context{connection, kv::output(settings), options.store, false};
    const kv::status status = kv::parsed_command(*app).run(context, arguments);
    kv::finish_output();
    return status;
}

}  // namespace

int main(int argc, char **argv) {
    std::ios::sync_with_stdio(false);  // which would read and write every character by itself
    return kv::report_errors([&] { return static_cast<kv::status>(run(argc, argv)); });
}
