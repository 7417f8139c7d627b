// EXEC, and other transactions, which are tried again where PostgreSQL says that this helps.
#include "batch_replies.hpp"
#include "pool.hpp"

namespace kvstore::gateway {

namespace {

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

}  // namespace

task<void> pool::carry_out_exec(backend &on, job &what, bool may_wait) {
    std::string batch;
    redis::batch_writer writer(batch, flags_of(what, may_wait));
    what.commands.append_left(batch);
    counters_.batches++;
    counters_.sections++;
    for (int tries = 1;; tries++) {
        const answer told = co_await on.call_in_transaction(begin_of(what.what, on), batch);
        if (told.how == answer::kind::lost) {
            counters_.lost_backends++;
            fail(what, may_be_done(told.message));
        } else if (told.how == answer::kind::done) {
            read_section(told, what);
        } else if (told.sqlstate == "55P03" && !may_wait) {
            hand_back(what, waiting_, sizes_.waiting);
            co_return;
        } else if (told.may_help_again() && tries < most_tries && on.is_open() &&
                   !what.is_withdrawn) {
            continue;
        } else {
            fail(what, redis_error(told.sqlstate, told.message));
        }
        break;
    }
    what.done.set();
}

}  // namespace kvstore::gateway
