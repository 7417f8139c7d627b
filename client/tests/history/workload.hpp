// What a client asks for: operations at random, on few keys, with short TTLs.
#pragma once

#include <random>
#include <vector>

#include "operation.hpp"

namespace history {

struct workload_options {
    int keys = 8;
    micros longest_ttl = 30'000;
};

class workload {
  public:
    workload(const workload_options &options, std::uint64_t seed, int client);

    // The seed repeats them, but for the values that a client has seen and expects to be there
    // still, and for moments.
    operation next(micros now);

    void learn(const operation &what, const answer &answered);

  private:
    int below(int end);
    bool one_in(int count) { return below(count) == 0; }
    micros some_ttl();
    std::string new_value();
    std::string expected_value(int key);
    std::vector<int> some_keys();
    void choose_arguments(operation &what, micros now);

    const workload_options options_;
    const int client_;
    std::mt19937_64 random_;
    std::uint64_t values_ = 0;
    std::vector<std::string> seen_;  // of each key, the last value
};

}  // namespace history
