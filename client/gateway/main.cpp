// kvstore-redis: speaks Redis's protocol, and has the extension kvstore carry out the commands.
#include <cstdio>
#include <exception>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "../common/standard_streams.hpp"
#include "log.hpp"
#include "options.hpp"
#include "program.hpp"

namespace {

// What large requests and replies took goes back to the system, instead of being kept for others.
// What batches of usual size take does not, for they would need it again at once.
void give_back_memory() {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    mallopt(M_TRIM_THRESHOLD, 4 << 20);
#endif
}

}  // namespace

int main(int argc, char **argv) {
    using namespace kvstore::gateway;
    if (!standard_streams::fill())
        return 2;
    hold_back_hangup(true);
    try {
        const command_line line = read_command_line(argc, argv);
        give_back_memory();
        if (!line.answer.empty())
            return std::fputs(line.answer.c_str(), stdout) < 0 ? 1 : 0;
        return run(line.told);
    } catch (const std::exception &problem) {
        log(problem.what());
        return 2;
    }
}
