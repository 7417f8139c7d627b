#include "progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace kv {

std::string progress_line(const std::string &what, std::int64_t entries, std::int64_t done,
                          std::int64_t whole) {
    const std::string count = std::to_string(entries) + " entries";
    if (whole <= 0)
        return what + "  " + count;
    constexpr std::size_t width = 40;
    // The whole may be an estimate.
    const double part =
        std::clamp(static_cast<double>(done) / static_cast<double>(whole), 0.0, 1.0);
    const auto filled = static_cast<std::size_t>(part * width);
    const std::string percent = std::to_string(static_cast<int>(part * 100));
    return what + " [" + std::string(filled, '#') + std::string(width - filled, ' ') + "] " +
           std::string(3 - std::min<std::size_t>(percent.size(), 3), ' ') + percent + " %  " +
           count;
}

progress::progress(std::string what, std::int64_t whole)
    : what_(std::move(what)), whole_(whole), visible_(is_seen()) {}

progress::~progress() {
    if (visible_)
        std::fputs("\r\033[K", stderr);
}

bool progress::is_seen() {
    return isatty(STDERR_FILENO) != 0;
}

void progress::show(std::int64_t entries, std::int64_t done) {
    using namespace std::chrono_literals;
    if (!visible_)
        return;
    const auto now = std::chrono::steady_clock::now();
    if (now < next_)
        return;
    next_ = now + 200ms;
    std::fprintf(stderr, "\r%s\033[K", progress_line(what_, entries, done, whole_).c_str());
}

}  // namespace kv
