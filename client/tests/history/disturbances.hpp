// What goes on beside the clients: locks that are held for longer than entries live,
// transactions that take long, backends that are ended, statements that are cancelled, VACUUM,
// old snapshots, and the end of a kvstore-redis or of the server.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <random>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "connection.hpp"
#include "recorder.hpp"

namespace history {

struct disturbance_options {
    std::string conninfo;  // of the server itself
    std::string store;
    int keys = 8;
    micros longest_ttl = 30'000;
    int first_client = 0;        // the numbers of those that hold locks
    int holders = 1;             // how many there are
    micros hold_every = 50'000;  // how long each rests, on average
    micros kill_every = 0;       // 0: never
    micros lose_every = 0;
    micros cancel_every = 0;
    micros vacuum_every = 0;
    micros crash_every = 0;
    std::string crash;  // a shell command, which kills the server and starts it again
    micros gateway_every = 0;
    std::string gateway;  // likewise a kvstore-redis, of which no backend is left then
};

class disturbances {
  public:
    // `failed` is told what must not happen.
    disturbances(const disturbance_options &options, std::uint64_t seed, recorder &records,
                 std::function<void(const std::string &)> failed);

    // Whoever has lost the connection waits until it is certain that the backend is gone.
    void await_the_end() { const std::lock_guard lock(ending_); }

    void stop();

    struct counts {
        std::atomic<int> held = 0;
        std::atomic<int> kills = 0;
        std::atomic<int> cancels = 0;
        std::atomic<int> vacuums = 0;
        std::atomic<int> snapshots = 0;
        std::atomic<int> crashes = 0;
        std::atomic<int> gateways = 0;
    };
    const counts &done() const { return done_; }

  private:
    using random = std::mt19937_64;

    // Runs `what` again and again, with pauses of that length on average, on a connection.
    template <class What>
    void repeat(const char *name, micros every, What what);

    void hold(int client, connection &on, random &chooses);
    void hold_and_roll_back(connection &on, int key, random &chooses);
    void change_and_commit(int client, connection &on, int key, random &chooses);
    void hold_for_a_while(connection &on, int key, random &chooses);
    void end_a_backend(connection &on);
    void end(connection &on, const std::string &pid);
    void lose_answers(connection &on);
    void cancel_a_statement(connection &on);
    void crash_server();
    void end_a_gateway(random &chooses);

    const disturbance_options options_;
    const std::uint64_t seed_;
    recorder &records_;
    const std::function<void(const std::string &)> failed_;
    std::mutex ending_;  // held while a backend, or the server, is being ended
    std::uint64_t values_ = 0;
    counts done_;
    std::vector<std::jthread> threads_;  // the last: they use all of the above
};

}  // namespace history
