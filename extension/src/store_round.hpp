// A sweeper's round over one store: in short transactions, as the store's owner, only where
// the map of the store says that something can be due.
#pragma once

#include "pacer.hpp"
#include "sweep_memory.hpp"

namespace kvstore {

// Goes on with the round until it is finished or `until` has come; whether it is finished.
// In between others may have worked on the store, and it may be gone.
bool advance_round(store_memory &memory, pacer &pace, timestamp until);

// Makes `path` the search_path of whatever code of users is run, such as triggers.
void use_search_path(const char *path);

}  // namespace kvstore
