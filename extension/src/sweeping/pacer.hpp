// Working in small pieces: after so much work there is a pause, so that nobody feels it. Times
// are those of the monotonic clock.
#pragma once

#include "rules/ttl.hpp"

namespace kvstore {

class pacer {
  public:
    // Works until `end`.
    explicit pacer(timestamp end) : end_(end) {}

    bool out_of_time() const;

    // When the work of a transaction that begins now has to end.
    timestamp deadline() const;

    // So much work was done. Outside of transactions: may sleep, and may not return if the
    // process is to end.
    void worked(timestamp microseconds);

  private:
    timestamp end_;
    timestamp since_pause_ = 0;
};

}  // namespace kvstore
