// Connecting to a server, as connection_options say.
#pragma once

#include <libpq-fe.h>
#include <poll.h>

#include "kvstore/options.hpp"

namespace kvstore::detail {

// A connection, or what says why there is none. Its notices go to the function in the options,
// which must live as long.
PGconn *connect_to_server(const connection_options &options);

// Waits until something can be read or written (POLLIN, POLLOUT). False if nothing can in time.
bool wait_for(const PGconn *connection, short events, int milliseconds);

}  // namespace kvstore::detail
