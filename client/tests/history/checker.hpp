// Whether the history of a key is linearizable: whether each operation can have taken effect at
// an instant between its call and its return, so that all answers are as the model has them.
//
// The algorithm is that of Wing and Gong ("Testing and verifying concurrent objects", 1993) as
// Lowe has it ("Testing for linearizability", 2017: just-in-time linearization). There is a set
// of configurations: a state, and which of the operations under way have led to it. It is
// extended when an operation returns, since that one must have taken effect by now. Histories
// of different keys are independent of each other (Herlihy and Wing 1990: locality).
//
// A return is looked at when all that was under way then has returned as well: what
// is tried is known to its end. So memory is bounded by how long operations take, and
// not by the history.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model.hpp"

namespace history {

using known_call = std::shared_ptr<const call>;

// A call, or its return. Those of a key come in the order of time.
struct event {
    micros at;
    bool is_return;
    known_call what;
};

// A return that cannot be explained.
struct anomaly {
    known_call what;
    std::vector<state> before = {};          // what may have been just before
    std::vector<known_call> under_way = {};  // what may have taken effect meanwhile
    std::vector<known_call> earlier = {};    // the last ones that had returned
    std::string problem;
};

std::string to_string(const anomaly &found);

class checker {
  public:
    explicit checker(const model &of, state first = {});

    void add(event next);

    const std::optional<anomaly> &found() const { return found_; }
    // Returns that were looked at, and those that wait for others.
    std::size_t checked() const { return checked_; }
    std::size_t waiting() const { return queue_.size(); }
    // The most configurations that there were at once.
    std::size_t most_configurations() const { return most_; }

  private:
    // Which of the operations under way have taken effect, a bit for each.
    using set = std::uint64_t;

    struct configuration {
        state now;
        set done = 0;
    };

    struct under_way {
        known_call what;
        bool has_returned = false;  // as the queue knows
    };

    static void add_unless_included(std::vector<configuration> &all, configuration next);

    void work_off_queue();
    void begin(const known_call &what);
    void end(const event &returned);
    bool all_have_returned() const;
    std::size_t place_of(const known_call &what) const;
    void explore(const configuration &from, std::size_t goal, micros now);
    void report(const event &returned, std::vector<configuration> before, const char *problem);

    const model &model_;
    std::deque<event> queue_;
    std::vector<under_way> places_;
    std::vector<configuration> possible_;
    std::vector<configuration> seen_;      // in the course of an exploration
    std::vector<configuration> extended_;  // what it has found
    std::deque<known_call> earlier_;
    std::optional<anomaly> found_;
    std::size_t checked_ = 0;
    std::size_t most_ = 1;
};

}  // namespace history
