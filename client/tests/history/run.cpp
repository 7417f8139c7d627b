#include "run.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <thread>

namespace history {

namespace {

using namespace std::chrono_literals;

// The longest that nothing may happen, on the slowest of machines.
constexpr auto longest_silence = 10min;

std::string outcome_of(const operation &what, const answer &answered) {
    switch (answered.how) {
        case outcome::answered:
            return to_string(what.what);
        case outcome::refused:
            return "error " + answered.sqlstate;
        case outcome::nothing:
            return "not carried out" +
                   (answered.sqlstate.empty() ? "" : " (" + answered.sqlstate + ")");
        case outcome::in_doubt:
            break;
    }
    return "in doubt";
}

}  // namespace

run::run(const run_options &options) : options_(options), model_(options.logged) {
    create_store();
    for (int key = 0; key < options_.work.keys; key++)
        checkers_.emplace_back(model_);
}

void run::create_store() {
    connection admin(options_.disturb.conninfo, "history");
    admin.connect();
    admin.run("CREATE EXTENSION IF NOT EXISTS kvstore");
    admin.run("DROP TABLE IF EXISTS " + options_.store);
    admin.run("SELECT kv_create_store('" + options_.store + "', logged => " +
              (options_.logged ? "true" : "false") + ")");
}

// As the table has them, whatever its index says.
std::string run::rows_of(int key) const {
    connection admin(options_.disturb.conninfo, "history");
    admin.connect();
    admin.run("SET enable_indexscan = off; SET enable_bitmapscan = off");
    std::string text;
    for (const auto &row : admin
                               .run("SELECT concat_ws(' ', ctid, xmin, xmax, value, extract(epoch "
                                    "FROM expires)) FROM " +
                                    options_.store + " WHERE key = '" + key_name(key) + "'")
                               .all)
        text += "  " + row[0].value() + "\n";
    return text.empty() ? "  none\n" : text;
}

bool run::goes_through_sql(const front_choice &choice) const {
    connection asks(choice.is_redis() ? options_.disturb.conninfo : choice.conninfo, "history");
    asks.connect();
    return asks.run("SELECT kv_detour(store => '" + options_.store + "')").first().has_value();
}

run_summary run::carry_out() {
    {
        std::vector<std::jthread> clients;
        disturbances_ =
            std::make_unique<disturbances>(options_.disturb, options_.seed, records_,
                                           [this](const std::string &why) { fail(why); });
        asking_ = options_.clients;
        clients.reserve(static_cast<std::size_t>(options_.clients));
        for (int client = 0; client < options_.clients; client++)
            clients.emplace_back([this, client] {
                try {
                    ask(client);
                } catch (const std::exception &problem) {
                    fail("client " + std::to_string(client) + ": " + problem.what());
                }
                asking_--;
            });
        try {
            check();
        } catch (const std::exception &problem) {
            fail(problem.what());
        }
        stopping_ = true;
        // Nobody waits for room in the records any more.
        while (asking_ > 0) {
            records_.take();
            std::this_thread::sleep_for(1ms);
        }
    }
    disturbances_->stop();
    for (const checker &each : checkers_) {
        summary_.checked += each.checked();
        summary_.most_configurations =
            std::max(summary_.most_configurations, each.most_configurations());
    }
    if (summary_.found)
        summary_.rows_found = rows_of(summary_.found->what->key);
    summary_.seen_waiting = records_.seen_waiting();
    summary_.took = std::chrono::steady_clock::now() - began_;
    if (summary_.in_doubt > most_in_doubt() && summary_.failure.empty())
        summary_.failure = "more connections were lost than were ended";
    return summary_;
}

// A backend of kvstore-redis serves many clients.
std::uint64_t run::most_in_doubt() const {
    const disturbances::counts &done = disturbances_->done();
    const bool is_shared = std::ranges::any_of(options_.fronts, &front_choice::is_redis);
    return static_cast<std::uint64_t>(done.kills) * (is_shared ? options_.clients : 1) +
           static_cast<std::uint64_t>(done.crashes + done.gateways) * options_.clients;
}

// --- Clients -----------------------------------------------------------------------------------

void run::ask(int client) {
    const front_choice &choice = options_.fronts[client % options_.fronts.size()];
    const bool counts_apart = goes_through_sql(choice);
    const std::unique_ptr<front> on =
        make_front(choice, "client " + std::to_string(client), options_.store);
    workload asks(options_.work, options_.seed, client);
    std::uint64_t left = (options_.operations + options_.clients - 1) / options_.clients;
    auto gives_up = std::chrono::steady_clock::now() + longest_silence;
    while (!stopping_ && left > 0) {
        try {
            on->connect();
        } catch (const std::exception &) {
            if (std::chrono::steady_clock::now() > gives_up)
                throw;
            std::this_thread::sleep_for(10ms);
            continue;
        }
        const operation what = on->adapted(asks.next(recorder::now()));
        const calls under_way = records_.begin(client, what, counts_apart);
        const answer answered = on->perform(what);
        if (answered.how == outcome::in_doubt)
            disturbances_->await_the_end();
        records_.end(under_way, answered);
        asks.learn(what, answered);
        count(what, answered, choice.name());
        left--;
        gives_up = std::chrono::steady_clock::now() + longest_silence;
    }
}

void run::count(const operation &what, const answer &answered, const std::string &front) {
    const std::lock_guard lock(mutex_);
    summary_.operations++;
    summary_.by_front[front]++;
    summary_.by_answer[outcome_of(what, answered)]++;
    if (answered.how == outcome::in_doubt)
        summary_.in_doubt++;
}

void run::fail(const std::string &why) {
    const std::lock_guard lock(mutex_);
    if (summary_.failure.empty())
        summary_.failure = why;
    stopping_ = true;
}

// --- Checking ----------------------------------------------------------------------------------

void run::check() {
    auto gives_up = std::chrono::steady_clock::now() + longest_silence;
    bool is_stopped = false;
    for (;;) {
        const bool was_last = asking_ == 0;
        if (was_last && !is_stopped) {
            disturbances_->stop();
            is_stopped = true;
        }
        std::vector<event> events = records_.take();
        for (event &each : events) {
            checker &its = checkers_[each.what->key];
            its.add(std::move(each));
        }
        for (const checker &each : checkers_)
            if (each.found())
                summary_.found = each.found();
        show_progress(false);
        const auto now = std::chrono::steady_clock::now();
        if (summary_.found || (was_last && events.empty()) || !summary_.failure.empty())
            break;
        if (options_.seconds > 0s && now - began_ > options_.seconds)
            stopping_ = true;
        if (!events.empty())
            gives_up = now + longest_silence;
        if (now > gives_up)
            throw std::runtime_error("nothing has happened for ten minutes");
        if (events.size() < 100)
            std::this_thread::sleep_for(5ms);
    }
    show_progress(true);
}

void run::show_progress(bool is_last) {
    static const bool is_terminal = isatty(STDERR_FILENO) != 0;
    static auto next = std::chrono::steady_clock::now();
    const auto now = std::chrono::steady_clock::now();
    if (!is_terminal || (now < next && !is_last))
        return;
    next = now + 500ms;
    const std::lock_guard lock(mutex_);
    if (is_last)
        std::fputs("\r\033[K", stderr);
    else
        std::fprintf(stderr, "\r%llu operations, %d kills, %d crashes\033[K",
                     static_cast<unsigned long long>(summary_.operations),
                     disturbances_->done().kills.load(), disturbances_->done().crashes.load());
}

}  // namespace history
