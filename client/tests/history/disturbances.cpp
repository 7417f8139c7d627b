#include "disturbances.hpp"

#include <array>
#include <cctype>
#include <chrono>
#include <cstdlib>

namespace history {

namespace {

using std::chrono::microseconds;

// Clients of this run, by the names that their connections have, through a pooler too. What a
// kvstore-redis has for many of them is "client" and no number.
constexpr const char *of_clients = " FROM pg_stat_activity WHERE application_name LIKE 'client %'";

int client_named(const std::string &application_name) {
    const char *number = application_name.c_str() + std::string_view("client ").size();
    return std::isdigit(static_cast<unsigned char>(*number)) != 0 ? std::atoi(number) : -1;
}

micros up_to(micros most, std::mt19937_64 &chooses) {
    return static_cast<micros>(chooses() % static_cast<std::uint64_t>(most + 1));
}

void rest(micros time, const std::stop_token &until) {
    constexpr micros at_once = 50'000;
    for (micros left = time; left > 0 && !until.stop_requested(); left -= at_once)
        std::this_thread::sleep_for(microseconds(std::min(left, at_once)));
}

// Locks the row of a key, in one of the ways in which it can be locked; whether there is one.
bool lock_row(connection &on, const std::string &store, const std::string &key, int way) {
    const std::string row = store + " WHERE key = '" + key + "'";
    switch (way) {
        case 0:
            return !on.run("SELECT 1 FROM " + row + " FOR UPDATE").all.empty();
        case 1:
            return on.run("UPDATE " + store + " SET value = 'never seen' WHERE key = '" + key + "'")
                       .affected > 0;
        case 2:
            return on.run("DELETE FROM " + row).affected > 0;
        default:
            return on.run("INSERT INTO " + store + " VALUES ('" + key +
                          "', 'never seen', 'infinity') ON CONFLICT DO NOTHING")
                       .affected > 0;
    }
}

}  // namespace

disturbances::disturbances(const disturbance_options &options, std::uint64_t seed,
                           recorder &records, std::function<void(const std::string &)> failed)
    : options_(options), seed_(seed), records_(records), failed_(std::move(failed)) {
    for (int i = 0; i < options_.holders; i++)
        repeat("holder", options_.hold_every, [this, i](connection &on, random &chooses) {
            hold(options_.first_client + i, on, chooses);
        });
    repeat("killer", options_.kill_every, [this](connection &on, random &) { end_a_backend(on); });
    repeat("loser", options_.lose_every, [this](connection &on, random &) { lose_answers(on); });
    repeat("canceller", options_.cancel_every,
           [this](connection &on, random &) { cancel_a_statement(on); });
    repeat("vacuum", options_.vacuum_every, [this](connection &on, random &) {
        on.run("VACUUM " + options_.store);
        done_.vacuums++;
    });
    repeat("old snapshot", options_.vacuum_every, [this](connection &on, random &chooses) {
        on.run("BEGIN ISOLATION LEVEL REPEATABLE READ");
        on.run("SELECT count(*) FROM " + options_.store);
        std::this_thread::sleep_for(microseconds(up_to(5 * options_.longest_ttl, chooses)));
        on.run("COMMIT");
        done_.snapshots++;
    });
    if (!options_.crash.empty())
        repeat("crasher", options_.crash_every, [this](connection &, random &) { crash_server(); });
    if (!options_.gateway.empty())
        repeat("gateways", options_.gateway_every,
               [this](connection &, random &chooses) { end_a_gateway(chooses); });
}

template <class What>
void disturbances::repeat(const char *name, micros every, What what) {
    if (every == 0)
        return;
    const std::uint64_t seed = seed_ * 1000 + 500 + threads_.size();
    threads_.emplace_back([this, name, every, what, seed](const std::stop_token &until) {
        random chooses(seed);
        connection on(options_.conninfo, name);
        for (;;)
            try {
                rest(every / 2 + up_to(every, chooses), until);
                if (until.stop_requested())
                    return;
                on.connect();
                what(on, chooses);
            } catch (const connection_lost &) {
                // There are crashes: the next time.
            } catch (const std::exception &problem) {
                return failed_(std::string(name) + ": " + problem.what());
            }
    });
}

void disturbances::stop() {
    for (std::jthread &each : threads_)
        each.request_stop();
    threads_.clear();
}

// --- Locks -------------------------------------------------------------------------------------

void disturbances::hold(int client, connection &on, random &chooses) {
    const int key = static_cast<int>(up_to(options_.keys - 1, chooses));
    if (up_to(2, chooses) == 0)
        change_and_commit(client, on, key, chooses);
    else
        hold_and_roll_back(on, key, chooses);
    done_.held++;
}

void disturbances::hold_and_roll_back(connection &on, int key, random &chooses) {
    on.run("BEGIN");
    if (lock_row(on, options_.store, key_name(key), static_cast<int>(up_to(3, chooses))))
        hold_for_a_while(on, key, chooses);
    on.run("ROLLBACK");
}

// As others would do in a long transaction.
void disturbances::change_and_commit(int client, connection &on, int key, random &chooses) {
    operation change{.what = up_to(1, chooses) == 0 ? verb::set : verb::get_del, .keys = {key}};
    if (change.what == verb::set) {
        change.values = {std::to_string((++values_ * 100 + client) * 10)};
        change.ttl = 500 + up_to(options_.longest_ttl, chooses);
    }
    const std::string store = ", store => '" + options_.store + "')";
    const std::string statement = change.what == verb::set
                                      ? "SELECT kv_set_ex('" + key_name(key) + "', '" +
                                            change.values[0] + "', interval '" +
                                            std::to_string(change.ttl) + " microseconds'" + store
                                      : "SELECT kv_get_del('" + key_name(key) + "'" + store;
    on.run("BEGIN");
    const calls under_way = records_.begin(client, change, true);
    answer answered{.how = outcome::nothing};
    try {
        const rows found = on.run(statement);
        records_.decided(under_way);
        const bool has_changed = change.what == verb::set || found.first();
        if (has_changed)
            hold_for_a_while(on, key, chooses);
        if (has_changed)
            records_.becomes_visible(under_way);
        on.run("COMMIT");
        answered = change.what == verb::set ? answer() : answer{.values = {found.first()}};
    } catch (const connection_lost &) {
        await_the_end();
        answered.how = outcome::in_doubt;
    }
    records_.end(under_way, answered);
}

// Until entries have expired, and others have begun to wait. Those that are seen waiting for this
// key must do all that depends on the clock after it was released.
void disturbances::hold_for_a_while(connection &on, int key, random &chooses) {
    std::this_thread::sleep_for(microseconds(up_to(3 * options_.longest_ttl / 2, chooses)));
    const micros seen = recorder::now();
    std::vector<int> waiting;
    const std::string lock_waits =
        " AND wait_event_type = 'Lock' AND wait_event IN ('transactionid', 'tuple', 'spectoken')";
    for (const auto &row :
         on.run(std::string("SELECT application_name") + of_clients + lock_waits).all)
        if (const int client = client_named(row[0].value()); client >= 0)
            waiting.push_back(client);
    records_.waited(waiting, key, seen);
}

// --- The end of a backend, a statement, a server ------------------------------------------------

void disturbances::end_a_backend(connection &on) {
    const auto pid =
        on.run(std::string("SELECT pid") + of_clients + " ORDER BY random() LIMIT 1").first();
    if (!pid)
        return;
    end(on, *pid);
}

void disturbances::end(connection &on, const std::string &pid) {
    const std::lock_guard lock(ending_);
    if (on.run("SELECT pg_terminate_backend(" + pid + ", 600000)").first() == "t")
        done_.kills++;
    else if (!on.run("SELECT FROM pg_stat_activity WHERE pid = " + pid).all.empty())
        throw std::runtime_error("a backend did not end within ten minutes");
}

// What is done, and then not told: with a standby to wait for, which never comes, a backend of a
// logged store is ended between its commit and its answer.
void disturbances::lose_answers(connection &on) {
    const auto wait_for = [&](const char *standby) {
        connect_patiently(on);
        on.run(std::string("ALTER SYSTEM SET synchronous_standby_names = '") + standby + "'");
        on.run("SELECT pg_reload_conf()");
    };
    try {
        wait_for("nobody");
        for (int i = 0; i < 20; i++) {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
            const rows waiting =
                on.run(std::string("SELECT pid") + of_clients + " AND wait_event = 'SyncRep'");
            for (const auto &each : waiting.all)
                end(on, each[0].value());
        }
    } catch (const connection_lost &) {
        // The server has crashed meanwhile.
    }
    wait_for("");
}

void disturbances::cancel_a_statement(connection &on) {
    done_.cancels +=
        static_cast<int>(on.run(std::string("SELECT pg_cancel_backend(pid)") + of_clients +
                                " AND state = 'active' ORDER BY random() LIMIT 1")
                             .all.size());
}

void disturbances::crash_server() {
    const std::lock_guard lock(ending_);
    operation crash{.what = verb::crash};
    for (int key = 0; key < options_.keys; key++)
        crash.keys.push_back(key);
    const calls under_way = records_.begin(options_.first_client + options_.holders, crash);
    if (std::system(options_.crash.c_str()) != 0)
        throw std::runtime_error("failed: " + options_.crash);
    records_.end(under_way, {});
    done_.crashes++;
}

// The command chooses, by the number, which one, and how it ends.
void disturbances::end_a_gateway(random &chooses) {
    const std::lock_guard lock(ending_);
    const std::string command = options_.gateway + " " + std::to_string(chooses() % 1000);
    if (std::system(command.c_str()) != 0)
        throw std::runtime_error("failed: " + command);
    done_.gateways++;
}

}  // namespace history
