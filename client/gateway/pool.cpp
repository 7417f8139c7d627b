#include "pool.hpp"

#include <algorithm>

#include "batch_replies.hpp"
#include "reply.hpp"

namespace kvstore::gateway {

namespace {

using std::chrono::steady_clock;

// While the server carries out one batch, the replies to the one before go out, and the commands of
// the next come in: so not all that there is makes one.
constexpr std::size_t commands_of_batch = 384;
constexpr std::size_t bytes_of_batch = 4 << 20;
constexpr std::size_t few_commands = 32;
constexpr int turns_of_arriving = 3;  // of the event loop
constexpr std::size_t jobs_of_asking = 32;
constexpr auto pause_of_waiting = std::chrono::milliseconds(100);
// So that clients which keep asking do not have the server asked as often.
constexpr auto pause_after_failure = std::chrono::milliseconds(200);

std::string begin_batch(int flags) {
    std::string batch;
    redis::batch_writer(batch, flags);
    return batch;
}

// The first command that is left, which was sent alone.
void answer_with_error(const answer &told, job &what) {
    std::string reply;
    reply_writer(reply, 2).error(told.how == answer::kind::lost
                                     ? may_be_done(told.message)
                                     : redis_error(told.sqlstate, told.message));
    what.reply(reply);
    what.commands.answer(1);
}

}  // namespace

// --- Queues and workers -------------------------------------------------------------------------

void pool::submit(job &what) {
    what.replied = 0;
    main_.jobs.push_back(&what);
    wake(main_, sizes_.main);
}

void pool::withdraw(job &what) {
    what.is_withdrawn = true;
    for (queue *each : {&main_, &waiting_})
        if (std::erase(each->jobs, &what) > 0)
            asio::post(on_, [&what] { what.done.set(); });
    for (worker &each : waiting_.workers)
        if (each.waits_with == &what) {
            each.is_canceling = true;
            spawn(on_, cancel(each));
        }
}

// By another backend of the role. Until that is done, this one gets no other job, which the cancel
// could hit.
task<void> pool::cancel(worker &whose) {
    job order;
    order.what = job::kind::cancel;
    order.process = whose.its->process();
    submit(order);
    co_await order.done.wait();
    whose.is_canceling = false;
    whose.canceled.set();
}

// After what has happened in this turn of the loop, in which more may be submitted.
void pool::wake(queue &one, std::size_t most) {
    if (std::exchange(one.waking, true))
        return;
    asio::post(on_, [this, &one, most] {
        one.waking = false;
        for (worker &each : one.workers)
            if (!each.busy && !one.jobs.empty())
                each.woken.set();
        if (!one.jobs.empty() && one.workers.size() < most) {
            worker &added = one.workers.emplace_back();
            added.its = std::make_unique<backend>(on_);
            spawn(on_, work(one, added));
        }
    });
}

task<void> pool::work(queue &from, worker &self) {
    for (;;) {
        while (from.jobs.empty()) {
            self.busy = false;
            self.last_used = steady_clock::now();
            co_await self.woken.wait();
        }
        self.busy = true;
        if (&from == &main_ && in_a_crowd_)
            co_await let_more_arrive();
        std::string problem;
        const bool is_ready = co_await ready(self, problem);
        if (from.jobs.empty())
            continue;
        if (!is_ready) {
            for (job *each : std::exchange(from.jobs, {})) {
                fail(*each, no_connection(problem));
                each->done.set();
            }
        } else if (&from == &main_) {
            std::vector<job *> batch = take_batch();
            co_await carry_out(*self.its, std::move(batch));
        } else {
            job &next = *from.jobs.front();
            from.jobs.pop_front();
            self.waits_with = &next;
            co_await carry_out_waiting(*self.its, next);
            self.waits_with = nullptr;
            while (self.is_canceling)
                co_await self.canceled.wait();
        }
    }
}

task<bool> pool::ready(worker &self, std::string &problem) {
    if (self.its->is_open() && !self.its->is_bloated())
        co_return true;
    if (steady_clock::now() - last_failure_ < pause_after_failure) {
        problem = last_problem_;
        co_return false;
    }
    problem = co_await self.its->open(address_);
    if (!problem.empty()) {
        last_problem_ = problem;
        last_failure_ = steady_clock::now();
        co_return false;
    }
    databases_ = self.its->databases();
    co_return true;
}

void pool::adopt(std::unique_ptr<backend> opened) {
    databases_ = opened->databases();
    last_failure_ = {};
    for (worker &each : main_.workers)
        if (!each.busy && !each.its->is_open()) {
            each.its = std::move(opened);
            each.last_used = steady_clock::now();
            return;
        }
    if (main_.workers.size() >= sizes_.main)
        return;
    worker &added = main_.workers.emplace_back();
    added.its = std::move(opened);
    spawn(on_, work(main_, added));
}

void pool::close_idle(std::chrono::seconds longer_than) {
    for (queue *each : {&main_, &waiting_})
        for (worker &one : each->workers)
            if (!one.busy && steady_clock::now() - one.last_used > longer_than)
                one.its->close();
}

bool pool::is_idle() const {
    const auto idle = [](const worker &one) { return !one.busy; };
    return main_.jobs.empty() && waiting_.jobs.empty() &&
           std::ranges::all_of(main_.workers, idle) && std::ranges::all_of(waiting_.workers, idle);
}

std::size_t pool::open_backends() const {
    std::size_t open = 0;
    for (const queue *each : {&main_, &waiting_})
        for (const worker &one : each->workers)
            open += one.its->has_connection() ? 1 : 0;
    return open;
}

bool pool::is_on_standby() const {
    return std::ranges::any_of(main_.workers,
                               [](const worker &one) { return one.its->is_on_standby(); });
}

// --- Batches ------------------------------------------------------------------------------------

// A batch costs the server what ten commands do, besides its own. So where clients come in a crowd
// and few wait, the replies to the last one go out, and what has arrived is read, before the next.
task<void> pool::let_more_arrive() {
    for (int turn = 0; turn < turns_of_arriving && few_wait(); turn++)
        co_await asio::post(on_, asio::use_awaitable_t<executor>());
}

bool pool::few_wait() const {
    std::size_t commands = 0;
    for (const job *each : main_.jobs) {
        commands += each->commands.left();
        if (commands >= few_commands)
            return false;
    }
    return true;
}

// An EXEC is alone, since it has a transaction of its own; and so is what had conflicts, so that
// the next is nobody else's.
std::vector<job *> pool::take_batch() {
    std::vector<job *> taken;
    std::size_t commands = 0;
    std::size_t bytes = 0;
    while (!main_.jobs.empty() && commands < commands_of_batch) {
        job *next = main_.jobs.front();
        const bool is_alone = next->what != job::kind::plain || next->conflicts > 0;
        if (!taken.empty() && (is_alone || bytes + next->commands.size() > bytes_of_batch))
            break;
        main_.jobs.pop_front();
        taken.push_back(next);
        commands += next->commands.left();
        bytes += next->commands.size();
        if (is_alone)
            break;
    }
    return taken;
}

task<void> pool::carry_out(backend &on, std::vector<job *> jobs) {
    if (job &first = *jobs.front(); first.what == job::kind::cancel) {
        co_await on.execute("SELECT pg_catalog.pg_cancel_backend($1)", first.process.c_str());
        first.done.set();
        co_return;
    }
    if (jobs.front()->what != job::kind::plain) {
        co_await carry_out_exec(on, *jobs.front(), false);
        co_return;
    }
    std::string batch = begin_batch(0);
    for (const job *each : jobs)
        each->commands.append_left(batch);
    counters_.batches++;
    counters_.sections += jobs.size();
    const auto begin = steady_clock::now();
    in_a_crowd_ = jobs.size() > 1;
    const bool is_alone = jobs.size() == 1 && main_.jobs.empty();
    for (job *each : jobs)
        each->was_alone = is_alone;
    answer told =
        co_await on.call(batch, is_alone ? backend::waiting::awake : backend::waiting::asleep);
    const auto time = steady_clock::now() - begin;
    counters_.took(static_cast<std::uint64_t>(time / std::chrono::microseconds(1)));
    switch (told.how) {
        case answer::kind::done:
            take_replies_after_next(std::move(told), std::move(jobs));
            break;
        case answer::kind::failed:
            counters_.batch_errors++;
            for (job *each : jobs)
                co_await carry_out_alone(on, *each, jobs.size() > 1);
            break;
        case answer::kind::lost:
            counters_.lost_backends++;
            for (job *each : jobs) {
                fail(*each, may_be_done(told.message));
                each->done.set();
            }
    }
}

// A section of a batch that failed: all of it in one call, if others may be at fault, then each
// command. So exactly the command at fault is told.
task<void> pool::carry_out_alone(backend &on, job &what, bool had_others) {
    bool whole = had_others && what.commands.left() > 1;
    while (what.commands.left() > 0 && !what.is_to_be_sent() && !what.is_withdrawn) {
        if (!on.is_open()) {
            hand_back(what, main_);
            co_return;
        }
        std::string batch = begin_batch(0);
        if (whole)
            what.commands.append_left(batch);
        else
            what.commands.append_next(batch);
        const answer told = co_await call_until_serializable(on, batch, what);
        if (helps_later(told, what)) {
            put_off(what, main_);
            co_return;
        }
        const bool was_whole = std::exchange(whole, false);
        if (told.how == answer::kind::done) {
            const redis::section_status status = read_section(told, what);
            if (status != redis::section_status::complete) {
                settle(what, status);
                co_return;
            }
        } else if (!was_whole) {
            answer_with_error(told, what);
        } else if (told.how == answer::kind::lost) {
            fail(what, may_be_done(told.message));
        }
    }
    what.done.set();
}

// The first command that is left, which may wait. What is behind it goes back to the others.
task<void> pool::carry_out_waiting(backend &on, job &what) {
    if (what.what != job::kind::plain) {
        co_await carry_out_exec(on, what, true);
        co_return;
    }
    std::string batch = begin_batch(redis::may_wait);
    what.commands.append_next(batch);
    const answer told = co_await call_until_serializable(on, batch, what);
    if (helps_later(told, what)) {
        put_off(what, waiting_);
        co_return;
    }
    if (told.how != answer::kind::done) {
        answer_with_error(told, what);
    } else if (const auto status = read_section(told, what);
               status == redis::section_status::would_wait) {
        hand_back(what, waiting_);
        co_return;
    }
    go_on(what);
}

void pool::hand_back(job &what, queue &to) {
    if (what.is_withdrawn) {
        what.done.set();
        return;
    }
    // One that is asked for again and again is counted once.
    counters_.handed_back += &to == &waiting_ && !what.is_blocked ? 1 : 0;
    what.is_blocked = &to == &waiting_;
    what.forget_conflicts();
    queue_up(what, to);
}

void pool::queue_up(job &what, queue &in) {
    in.jobs.push_back(&what);
    wake(in, &in == &main_ ? sizes_.main : sizes_.waiting);
    if (&in == &waiting_ && !std::exchange(is_asking_again_, true))
        spawn(on_, ask_again());
}

// Many that wait for one row are not to keep those of other rows from a backend: who has found none
// asks the main ones again, now and then. (An EXEC would keep one from batches.)
task<void> pool::ask_again() {
    while (!waiting_.jobs.empty()) {
        co_await sleep_for(on_, pause_of_waiting);
        std::size_t asking = 0;
        for (auto each = waiting_.jobs.begin();
             each != waiting_.jobs.end() && asking < jobs_of_asking;) {
            if ((*each)->what != job::kind::plain) {
                ++each;
                continue;
            }
            main_.jobs.push_back(*each);
            each = waiting_.jobs.erase(each);
            asking++;
        }
        if (asking > 0)
            wake(main_, sizes_.main);
    }
    is_asking_again_ = false;
}

// --- Replies ------------------------------------------------------------------------------------

// If there is another batch to be sent, that comes first, for the server to be busy in the
// meantime.
void pool::take_replies_after_next(answer from, std::vector<job *> jobs) {
    if (main_.jobs.empty())
        take_replies(from, jobs);
    else
        asio::post(on_, [this, from = std::move(from), jobs = std::move(jobs)] {
            take_replies(from, jobs);
        });
}

void pool::take_replies(const answer &from, std::span<job *const> jobs) {
    redis::replies_reader replies(from.rows.bytes());
    for (job *each : jobs)
        settle(*each, read_section(replies, *each));
}

// What becomes of a section, of which some commands may not have been carried out.
void pool::settle(job &what, redis::section_status status) {
    if (what.commands.left() > 0 && status == redis::section_status::would_wait)
        hand_back(what, waiting_);
    else
        go_on(what);
}

// The commands that are left, in their turn, unless there are many replies to be sent first.
void pool::go_on(job &what) {
    if (what.commands.left() > 0 && !what.is_to_be_sent())
        hand_back(what, main_);
    else
        what.done.set();
}

}  // namespace kvstore::gateway
