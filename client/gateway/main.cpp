// kvstore-redis: speaks Redis's protocol, and has the extension kvstore carry out the commands.
#include <cstdio>
#include <exception>

#include "log.hpp"
#include "options.hpp"
#include "program.hpp"

int main(int argc, char **argv) {
    using namespace kvstore::gateway;
    try {
        const command_line line = read_command_line(argc, argv);
        if (!line.answer.empty())
            return std::fputs(line.answer.c_str(), stdout) < 0 ? 1 : 0;
        return run(line.told);
    } catch (const std::exception &problem) {
        log(problem.what());
        return 2;
    }
}
