// What docs/reference.md promises of one key, with time.
//
// An operation takes effect at one instant between its call and its return. Since that is not
// known, what is known of an entry is a zone, as timed automata have it (Alur and Dill; bounds on
// differences, Dill): bounds on its expiry, on when it was written, and on their difference.
//
// Three instants of an operation matter. It *decides*: asks the clock whether the entry is live.
// It *takes effect*: from then on others see it (the commit), or it saw what was there (the
// snapshot). And a TTL *counts* from somewhere. PostgreSQL lets these differ:
//
// - What writes decides on an entry that stays as it is until the write takes effect: it decides
//   after the last effect on the entry, and before its own. Between these two the process
//   may rest, while others see the entry expire.
// - What leaves the entry as it is decides after it has seen it.
// - A TTL counts from the decision. Where nothing was found that lives, and in SQL, it may
//   count from before, at the earliest from the call.
// - What has waited for a lock decides and counts after the wait, but for
//   the millisecond of `shortest_wait` in extension/src/rules/ttl.hpp.
#pragma once

#include <string>
#include <vector>

#include "operation.hpp"

namespace history {

// What may be: an entry, or none. An entry whose expiry has come stays, as one that is not
// live, until it is written over.
struct state {
    bool there = false;
    std::string value = {};
    micros soonest = never;     // it expires between `soonest` ..
    micros latest = never;      // .. and `latest`, both never if it does not
    micros life = never;        // at most so long after it was written
    micros written = long_ago;  // the last effect that wrote, at the earliest
    micros last = long_ago;     // the last effect of all, at the earliest

    bool operator==(const state &) const = default;
    bool is_endless() const { return soonest == never; }
    // Whether all that `other` allows is allowed here, too.
    bool includes(const state &other) const;
};

// What is so known of an absent entry.
std::string to_string(const state &of, micros origin);

class model {
  public:
    // A store that survives a crash is as it was; another may be empty.
    explicit model(bool survives_crash) : survives_crash_(survives_crash) {}

    // What may be after the call took effect at some instant until `now`, with the answer that it
    // has; nothing if it cannot have done so.
    void take_effect(const state &before, const call &what, micros now,
                     std::vector<state> &after) const;

  private:
    bool survives_crash_;
};

}  // namespace history
