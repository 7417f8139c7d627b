// Bringing an entry to another key or another store, or a copy of it, with its expiry.
#pragma once

#include "paths/operation.hpp"

namespace kvstore {

// Where an entry is, or is to be.
struct place {
    const store *in;
    Datum key;
};

struct route {
    place from;
    place to;
    bool removes = true;   // the entry from where it was
    bool replaces = true;  // what is live where it goes
    bool waits = true;     // for other transactions
};

enum class arrival : std::uint8_t {
    done,
    missing,  // there is no entry to bring
    refused,  // there is one where it goes; or a trigger, a rule or a policy spoke against it
    would_wait
};

// To be undone if it is not done. The two places are met in the order of their keys, as a batch
// meets its own, so that those who do so never wait for each other in a circle.
arrival bring(const route &way);

}  // namespace kvstore
