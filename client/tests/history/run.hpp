// A run: clients that ask, disturbances, and the checkers that look at what is answered.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "disturbances.hpp"
#include "front.hpp"
#include "workload.hpp"

namespace history {

struct run_options {
    std::uint64_t seed = 0;
    std::uint64_t operations = 100'000;
    std::chrono::seconds seconds{0};  // 0: until all operations are done
    int clients = 8;
    std::vector<front_choice> fronts;  // dealt out to the clients
    std::string store = "history";
    bool logged = false;
    workload_options work;
    disturbance_options disturb;
};

struct run_summary {
    std::uint64_t operations = 0;  // as clients asked for
    std::uint64_t checked = 0;     // returns, of each key by itself
    std::map<std::string, std::uint64_t> by_front;
    std::map<std::string, std::uint64_t> by_answer;
    std::uint64_t in_doubt = 0;
    std::size_t most_configurations = 0;
    std::size_t seen_waiting = 0;
    std::chrono::duration<double> took{};
    std::optional<anomaly> found;
    std::string rows_found;  // the table's, of that key, when all was over
    std::string failure;     // what else must not happen
};

class run {
  public:
    explicit run(const run_options &options);

    run_summary carry_out();

    const disturbances &beside() const { return *disturbances_; }

  private:
    void create_store();
    std::string rows_of(int key) const;
    bool goes_through_sql(const front_choice &choice) const;
    std::uint64_t most_in_doubt() const;
    void ask(int client);
    void check();
    void show_progress(bool is_last);
    void fail(const std::string &why);
    void count(const operation &what, const answer &answered, const std::string &front);

    const run_options options_;
    const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    recorder records_;
    std::atomic<bool> stopping_ = false;
    std::atomic<int> asking_ = 0;  // clients that have not ended
    std::unique_ptr<disturbances> disturbances_;
    model model_;
    std::vector<checker> checkers_;
    std::mutex mutex_;  // of the summary
    run_summary summary_;
};

}  // namespace history
