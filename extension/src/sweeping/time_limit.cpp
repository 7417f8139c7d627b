#include "sweeping/time_limit.hpp"

#include <algorithm>
#include <array>

#include "rules/monotonic.hpp"

namespace kvstore::time_limit {

namespace {

TimeoutId ending = MAX_TIMEOUTS;
volatile sig_atomic_t ended = 0;
timestamp began = 0;
timestamp limit = 0;  // 0 for none, else so long after it began
int times_before = 0;
bool reached = false;

constexpr timestamp microseconds_per_millisecond = 1000;
constexpr std::int64_t bytes_per_millisecond = 50000;  // of a slow machine
constexpr int most_doublings = 6;

// In a signal handler.
void end_process() {
    ended = 1;
    die(SIGTERM);
}

void set(timestamp milliseconds) {
    limit = monotonic_now() - began + milliseconds * microseconds_per_millisecond;
    auto until = static_cast<int>(milliseconds);
    std::array<EnableTimeoutParams, 2> timeouts = {};
    timeouts[0] = {STATEMENT_TIMEOUT, TMPARAM_AFTER, until, 0};
    timeouts[1] = {ending, TMPARAM_AFTER, until + until_ended - until_cancelled, 0};
    enable_timeouts(timeouts.data(), timeouts.size());
}

void disable() {
    limit = 0;
    disable_timeout(STATEMENT_TIMEOUT, false);
    disable_timeout(ending, false);
}

}  // namespace

void set_up() {
    ending = RegisterTimeout(USER_TIMEOUT, end_process);
}

void begin(int times) {
    began = monotonic_now();
    times_before = std::min(times, most_doublings);
    reached = false;
    set(until_cancelled);
}

void end() {
    reached = reached || (limit != 0 && monotonic_now() - began >= limit);
    disable();
    QueryCancelPending = false;  // whose transaction is over
}

void lift() {
    disable();
}

void allow_for(std::int64_t bytes) {
    if (limit == 0)
        return;
    timestamp needed = until_cancelled + bytes / bytes_per_millisecond;
    timestamp more = std::min<timestamp>(needed, until_cancelled << times_before);
    if (more > until_cancelled)
        set(more);
}

bool was_reached() {
    return reached;
}

bool has_ended_process() {
    return ended != 0;
}

}  // namespace kvstore::time_limit
