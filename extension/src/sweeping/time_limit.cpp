#include "sweeping/time_limit.hpp"

#include <array>

#include "rules/monotonic.hpp"

namespace kvstore::time_limit {

namespace {

TimeoutId ending = MAX_TIMEOUTS;
volatile sig_atomic_t ended = 0;
timestamp began = 0;
bool reached = false;

// In a signal handler.
void end_process() {
    ended = 1;
    die(SIGTERM);
}

}  // namespace

void set_up() {
    ending = RegisterTimeout(USER_TIMEOUT, end_process);
}

void begin() {
    began = monotonic_now();
    reached = false;
    std::array<EnableTimeoutParams, 2> timeouts = {};
    timeouts[0] = {STATEMENT_TIMEOUT, TMPARAM_AFTER, until_cancelled, 0};
    timeouts[1] = {ending, TMPARAM_AFTER, until_ended, 0};
    enable_timeouts(timeouts.data(), timeouts.size());
}

void end() {
    disable_timeout(STATEMENT_TIMEOUT, false);
    disable_timeout(ending, false);
    QueryCancelPending = false;  // whose transaction is over
    reached = reached || monotonic_now() - began >= until_cancelled * INT64CONST(1000);
}

bool was_reached() {
    return reached;
}

bool has_ended_process() {
    return ended != 0;
}

}  // namespace kvstore::time_limit
