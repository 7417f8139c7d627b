// EXEC, and other transactions, which are tried again where PostgreSQL says that this helps.
#include <algorithm>
#include <random>

#include "batch_replies.hpp"
#include "pool.hpp"

namespace kvstore::gateway {

namespace {

using std::chrono::milliseconds;

constexpr int tries_at_once = 5;
constexpr milliseconds longest_pause(20);
constexpr milliseconds most_pausing(10'000);  // in all

// A standby has nothing to serialize. If it was promoted since it said that it is one, nothing is
// written either.
const char *begin_of(job::kind what, const backend &on) {
    if (on.is_on_standby())
        return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    return what == job::kind::watched_exec ? "BEGIN ISOLATION LEVEL SERIALIZABLE"
                                           : "BEGIN ISOLATION LEVEL REPEATABLE READ";
}

int flags_of(const job &what, bool may_wait) {
    return redis::exec | (may_wait ? redis::may_wait : 0) |
           (what.what == job::kind::watching ? redis::in_any_case : 0);
}

// Random, so that those who met do not meet again; and longer each time.
milliseconds pause_after(int conflicts) {
    static std::minstd_rand random(std::random_device{}());
    const int doubled = std::clamp(conflicts - tries_at_once, 0, 10);
    const milliseconds longest = std::min(milliseconds(2 << doubled), longest_pause);
    return milliseconds(std::uniform_int_distribution<std::int64_t>(1, longest.count())(random));
}

}  // namespace

task<void> pool::carry_out_exec(backend &on, job &what, bool may_wait) {
    std::string batch;
    redis::batch_writer writer(batch, flags_of(what, may_wait));
    what.commands.append_left(batch);
    counters_.batches++;
    counters_.sections++;
    answer told;
    do
        told = co_await on.call_in_transaction(begin_of(what.what, on), batch);
    while (helps_at_once(told, on, what));
    if (told.how == answer::kind::lost) {
        counters_.lost_backends++;
        fail(what, may_be_done(told.message));
    } else if (told.how == answer::kind::done) {
        read_section(told, what);
    } else if (told.sqlstate == "55P03" && !may_wait) {
        hand_back(what, waiting_);
        co_return;
    } else if (helps_later(told, what)) {
        put_off(what, may_wait ? waiting_ : main_);
        co_return;
    } else {
        fail(what, redis_error(told.sqlstate, told.message));
    }
    what.done.set();
}

// A role may have another isolation by default than READ COMMITTED.
task<answer> pool::call_until_serializable(backend &on, const std::string &batch, job &what) {
    answer told;
    do
        told = co_await on.call(batch);
    while (helps_at_once(told, on, what));
    counters_.lost_backends += told.how == answer::kind::lost ? 1 : 0;
    if (told.how == answer::kind::done)
        what.forget_conflicts();
    co_return told;
}

// --- Trying again ------------------------------------------------------------------------------

// Each try may be another conflict, as long as others write the same entries. So it is time that is
// limited, of pauses alone: a try may have waited for a row for long. After the first few tries
// there are pauses, in which it has no backend.

bool pool::helps_at_once(const answer &told, backend &on, job &what) {
    return helps_later(told, what) && ++what.conflicts < tries_at_once && on.is_open();
}

bool pool::helps_later(const answer &told, const job &what) {
    return told.may_help_again() && !what.is_withdrawn && what.paused < most_pausing;
}

void pool::put_off(job &what, queue &from) {
    const milliseconds pause = pause_after(what.conflicts);
    what.paused += pause;
    spawn(on_, come_back(what, from, pause));
}

task<void> pool::come_back(job &what, queue &to, milliseconds pause) {
    co_await sleep_for(on_, pause);
    if (what.is_withdrawn) {
        what.done.set();
        co_return;
    }
    queue_up(what, to);
}

}  // namespace kvstore::gateway
