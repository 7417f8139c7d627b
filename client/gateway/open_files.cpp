#include "open_files.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace kvstore::gateway {

namespace {

constexpr std::size_t files_of_others = 256;  // backends above all

rlimit limit() {
    rlimit found{RLIM_INFINITY, RLIM_INFINITY};
    getrlimit(RLIMIT_NOFILE, &found);
    return found;
}

}  // namespace

std::size_t allow_open_files() {
    rlimit files = limit();
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    return limit().rlim_cur;
}

std::size_t most_clients() {
    const std::size_t all = limit().rlim_cur;
    return all - std::min(files_of_others, all / 2);
}

}  // namespace kvstore::gateway
