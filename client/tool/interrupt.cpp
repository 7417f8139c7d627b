#include "interrupt.hpp"

#include <signal.h>

#include <array>
#include <atomic>

namespace kv {

namespace {

std::atomic<PGcancel *> to_cancel = nullptr;  // signals call functions without an argument of ours

std::atomic<void (*)()> last_thing = nullptr;

void cancel_statement(int) {
    std::array<char, 256> ignored{};
    if (PGcancel *cancel = to_cancel.load(); cancel != nullptr)
        PQcancel(cancel, ignored.data(), ignored.size());  // may be called from a signal handler
}

void cancel_and_end(int signal) {
    cancel_statement(signal);
    if (void (*const last)() = last_thing.load(); last != nullptr)
        last();
    raise(signal);
}

void handle(int signal, void (*handler)(int), int flags) {
    struct sigaction action {};
    action.sa_handler = handler;  // NOLINT: a union in the C library
    action.sa_flags = flags;
    sigaction(signal, &action, nullptr);
}

bool is_ignored(int signal) {
    struct sigaction present {};
    sigaction(signal, nullptr, &present);
    return present.sa_handler == SIG_IGN;  // NOLINT: a union in the C library
}

}  // namespace

void cancel_on_interrupt(PGconn *of) {
    PQfreeCancel(to_cancel.exchange(of != nullptr ? PQgetCancel(of) : nullptr));
}

// The handler is good for one signal: what comes then, or while the server is not reached, ends us.
void end_on_interrupt() {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP})
        if (!is_ignored(signal))
            handle(signal, cancel_and_end, SA_RESETHAND | SA_NODEFER);
}

void before_ending(void (*last)()) {
    last_thing = last;
}

void go_on_after_interrupt() {
    handle(SIGINT, cancel_statement, 0);
}

}  // namespace kv
