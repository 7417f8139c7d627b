// What happens in a run, in the order in which it happens: every call and every return, of all
// clients, each with its time.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "checker.hpp"

namespace history {

// An operation under way: a call for each of its keys.
using calls = std::vector<std::shared_ptr<call>>;

class recorder {
  public:
    static micros now();

    calls begin(int client, const operation &what, bool counts_apart = false);
    void end(const calls &of, const answer &answered);

    // These clients were seen to wait for locks, at `seen` or later, while the key was locked. It
    // will be released in a moment.
    void waited(const std::vector<int> &clients, int key, micros seen);

    // In a transaction: what was done is decided now; it is going to be seen from now on.
    void decided(const calls &of);
    void becomes_visible(const calls &of);

    // What has happened since the last time. Whoever begins an operation waits if this is not
    // called for long.
    std::vector<event> take();

    std::size_t seen_waiting() const { return seen_waiting_; }

  private:
    static constexpr std::size_t most_events = 200'000;

    micros next_moment();

    std::mutex mutex_;
    std::condition_variable room_;
    std::vector<event> events_;
    std::vector<calls> under_way_;  // of each client
    micros last_ = 0;
    std::size_t seen_waiting_ = 0;
};

}  // namespace history
