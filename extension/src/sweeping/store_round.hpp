// A sweeper's round over one store: in short transactions, as the store's owner, only where
// the map of the store says that something can be due.
#pragma once

#include "sweeping/pacer.hpp"
#include "sweeping/sweep_memory.hpp"

namespace kvstore {

enum class turn : std::uint8_t {
    finished,    // the round
    unfinished,  // there was no time
    put_off      // the store is locked, or there is none, or it is not to be swept here
};

struct sweeper_terms {
    pacer &pace;
    const char *search_path;  // of whatever code of users is run, such as triggers
};

// Goes on with the round until it is finished or `until` has come, by the monotonic clock.
// In between others may have worked on the store, and it may be gone.
turn advance_round(store_memory &memory, const sweeper_terms &terms, timestamp until);

// The one that advance_round() works on, or has worked on last, for messages.
const char *store_at_work(const store_memory &memory);

// For a round in which an error was raised.
void end_round_by_error(store_memory &memory);

}  // namespace kvstore
