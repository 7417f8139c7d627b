// Waiting awake for what is likely to come at once: it takes a program longer to fall asleep and to
// be woken than a server needs for a command, or a client for its next one.
#pragma once

#include <poll.h>

#include <algorithm>
#include <chrono>

namespace kvstore::gateway {

// Whether there is something to read at once; or the end of the connection.
inline bool has_input(int descriptor) {
    pollfd arrived{descriptor, POLLIN, 0};
    return poll(&arrived, 1, 0) > 0;
}

// For one socket. It takes a processor for each of those that talk to each other; where there is
// none, staying awake is in vain, and tried ever less often, as KVM's halt polling does.
class awake_wait {
  public:
    // Whether there is something to read by then. The other clients wait meanwhile.
    bool finds_input(int descriptor) {
        using clock = std::chrono::steady_clock;
        if (asleep_ > 0) {
            asleep_--;
            return false;
        }
        for (const auto begin = clock::now(); clock::now() - begin < longest;)
            if (has_input(descriptor)) {
                next_asleep_ = 1;
                return true;
            }
        asleep_ = next_asleep_;
        next_asleep_ = std::min(next_asleep_ * 2, most_asleep);
        return false;
    }

  private:
    static constexpr auto longest = std::chrono::microseconds(100);
    static constexpr int most_asleep = 1024;

    int asleep_ = 0;       // so often before it is tried again
    int next_asleep_ = 1;  // the same after the next time in vain
};

}  // namespace kvstore::gateway
