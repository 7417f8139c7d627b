// How many files the system lets the program have open, and for whom.
#pragma once

#include <cstddef>

namespace kvstore::gateway {

// As many as it may have; so many there are.
std::size_t allow_open_files();

// Where there are few, the last ones are not for clients, but for the server.
std::size_t most_clients();

}  // namespace kvstore::gateway
