#include "log.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <string>
#include <utility>

namespace kvstore::gateway {

namespace {

std::string now() {
    const std::time_t seconds = std::time(nullptr);
    std::tm broken_down{};
    gmtime_r(&seconds, &broken_down);
    char text[32];
    return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC ", &broken_down)};
}

}  // namespace

// What others have sent may be part of it, so nothing but printable characters, in one line.
void log(std::string_view line) {
    static const bool is_timed = std::getenv("JOURNAL_STREAM") == nullptr;
    std::string text = (is_timed ? now() : std::string()) + "kvstore-redis: ";
    for (const char c : line)
        text += static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? ' ' : c;
    text += '\n';
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
}

void rare_log::add(std::string_view line) {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) {
        left_out_++;
        return;
    }
    next_ = now + std::chrono::seconds(1);
    const std::size_t others = std::exchange(left_out_, 0);
    log(others == 0 ? std::string(line)
                    : std::string(line) + " (and " + std::to_string(others) + " more before)");
}

}  // namespace kvstore::gateway
