// An end to what code of users does in a transaction of the sweeper: a trigger that sleeps must
// not keep other stores from being swept, nor DROP DATABASE waiting.
//
// First the transaction is cancelled, as statement_timeout does it. Code can catch that; a moment
// later the process is ended.
#pragma once

#include "rules/ttl.hpp"
#include "server/postgres.hpp"

namespace kvstore::time_limit {

constexpr int until_cancelled = 1000;  // milliseconds
constexpr int until_ended = 1500;

// Once, after the process was connected to its database.
void set_up();

// For the transaction that begins now, and when it has ended, in whichever way.
void begin();
void end();

// Whether the transaction that begin() was called for last has come to the limit.
bool was_reached();

// Whether that ends the process.
bool has_ended_process();

}  // namespace kvstore::time_limit
