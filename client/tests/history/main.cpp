// history: runs operations at random on few keys of a store, and checks whether what was answered
// is what docs/reference.md promises.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <random>

#include "run.hpp"

namespace {

using namespace history;

constexpr const char *about =
    "Runs operations at random on few keys with short TTLs, and checks each key's history "
    "for linearizability against a model of docs/reference.md.\n"
    "PG* variables name the server. A seed repeats what is asked for, but not what happens at "
    "the same time, which is the machine's choice.";

void add_options(CLI::App &app, run_options &options, std::vector<std::string> &fronts) {
    disturbance_options &disturb = options.disturb;
    const auto every = [&](const char *name, micros &time, const char *what) {
        app.add_option_function<double>(
               name, [&time](double seconds) { time = static_cast<micros>(seconds * 1e6); },
               std::string(what) + ", once in so many seconds")
            ->type_name("SECONDS");
    };
    app.add_option("--seed", options.seed, "Of all choices; another one each time without");
    app.add_option("--operations", options.operations, "How many there are");
    app.add_option_function<int>(
        "--seconds", [&](int time) { options.seconds = std::chrono::seconds(time); },
        "Ends after this time, however many there were");
    app.add_option("--clients", options.clients, "How many ask at once")->check(CLI::Range(1, 40));
    app.add_option("--keys", options.work.keys, "How many keys there are")
        ->check(CLI::Range(1, 100));
    app.add_option_function<double>(
        "--ttl",
        [&](double seconds) { options.work.longest_ttl = static_cast<micros>(seconds * 1e6); },
        "The longest TTL, in seconds; 0.03 without");
    app.add_option("--only", options.work.only,
                   "Only these operations, by their names: get set_nx ..");
    app.add_option("--front", fronts,
                   "How clients call: sql, prepared or client, and a connection string, "
                   "client='port=6432'; or redis=PATH, the socket of a kvstore-redis. Several are "
                   "dealt out to the clients");
    app.add_option("--store", options.store, "The store's name; it is dropped and created");
    app.add_flag("--logged", options.logged, "The store survives a crash");
    app.add_option("--holders", disturb.holders, "Transactions that hold locks, at once")
        ->check(CLI::Range(0, 10));
    every("--hold-every", disturb.hold_every, "Each holds one");
    every("--kill-every", disturb.kill_every, "Ends a client's backend");
    every("--lose-every", disturb.lose_every,
          "Ends backends of a logged store between commit and answer");
    every("--cancel-every", disturb.cancel_every, "Cancels a client's statement");
    every("--vacuum-every", disturb.vacuum_every, "VACUUM, and a snapshot is kept");
    every("--crash-every", disturb.crash_every, "Runs the command of --crash");
    app.add_option("--crash", disturb.crash,
                   "A shell command that kills the server and starts it again");
    every("--gateway-every", disturb.gateway_every, "Runs the command of --gateway");
    app.add_option("--gateway", disturb.gateway,
                   "A shell command that ends one of several kvstore-redis, which one and how by "
                   "a number that is added, and starts it again");
}

void print(const run_options &options, const run_summary &summary, const disturbances &beside) {
    const auto &done = beside.done();
    const double seconds = summary.took.count();
    std::printf(
        "%llu operations by %d clients on %d keys of a%s store, in %.1f s (%.0f a second)\n",
        static_cast<unsigned long long>(summary.operations), options.clients, options.work.keys,
        options.logged ? " logged" : "n unlogged", seconds,
        static_cast<double>(summary.operations) / seconds);
    std::printf("  seed        %llu\n  asked by   ", static_cast<unsigned long long>(options.seed));
    for (const auto &[front, number] : summary.by_front)
        std::printf(" %s %llu", front.c_str(), static_cast<unsigned long long>(number));
    std::printf("\n  answered   ");
    for (const auto &[how, number] : summary.by_answer)
        std::printf(" %s %llu", how.c_str(), static_cast<unsigned long long>(number));
    std::printf(
        "\n  beside      %d backends ended, %d statements cancelled, %d locks held (%zu calls seen "
        "waiting), %d vacuums, %d snapshots kept, %d crashes, %d ends of kvstore-redis\n",
        done.kills.load(), done.cancels.load(), done.held.load(), summary.seen_waiting,
        done.vacuums.load(), done.snapshots.load(), done.crashes.load(), done.gateways.load());
    std::printf(
        "  checked     %llu calls, of each key by itself; %zu explanations at once at most\n",
        static_cast<unsigned long long>(summary.checked), summary.most_configurations);
    std::printf("  anomalies   %s\n", summary.found ? "1" : "none");
}

int run_with(const run_options &options) {
    run one(options);
    const run_summary summary = one.carry_out();
    print(options, summary, one.beside());
    if (summary.found)
        std::printf("\n%s\nRows that the table has of it now:\n%s",
                    to_string(*summary.found).c_str(), summary.rows_found.c_str());
    if (!summary.failure.empty())
        std::printf("\nFailed: %s\n", summary.failure.c_str());
    return summary.found ? 1 : summary.failure.empty() ? 0 : 2;
}

}  // namespace

int main(int argc, char **argv) {
    run_options options;
    std::vector<std::string> fronts;
    CLI::App app(about, "history");
    app.option_defaults()->always_capture_default();
    add_options(app, options, fronts);
    CLI11_PARSE(app, argc, argv);
    try {
        if (options.seconds.count() > 0 && app.count("--operations") == 0)
            options.operations = INT64_MAX;
        if (options.seed == 0)
            options.seed = std::random_device()();
        for (const std::string &each : fronts)
            options.fronts.push_back(front_choice::parse(each));
        if (options.fronts.empty())
            options.fronts = {{"prepared", ""}, {"client", ""}};
        options.disturb.store = options.store;
        options.disturb.keys = options.work.keys;
        options.disturb.longest_ttl = options.work.longest_ttl;
        options.disturb.first_client = options.clients;
        return run_with(options);
    } catch (const std::exception &problem) {
        std::cerr << "history: " << problem.what() << "\n";
        return 2;
    }
}
