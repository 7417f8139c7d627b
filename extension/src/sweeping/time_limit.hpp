// An end to what code of users does in a transaction of the sweeper: a trigger that sleeps must
// not keep other stores from being swept, nor DROP DATABASE waiting.
//
// First the transaction is cancelled, as statement_timeout does it. Code can catch that; a moment
// later the process is ended. What PostgreSQL itself needs for a large value is not cut short: it
// would never get done.
#pragma once

#include "rules/ttl.hpp"
#include "server/postgres.hpp"

namespace kvstore::time_limit {

constexpr int until_cancelled = 1000;  // milliseconds
constexpr int until_ended = 1500;
// So long a transaction may begin something more, whatever kvstore.sweep_budget allows.
constexpr int until_late = 250;

// Once, after the process was connected to its database.
void set_up();

// For the transaction that begins now, and when it has ended, in whichever way. So often was the
// limit reached before, on the same store.
void begin(int times);
void end();

// Nobody's code runs in it, after all.
void lift();

// Entries of so many bytes are to be removed now. If they are large, the limit may be put off: no
// further than so much takes on a slow machine, and only as far as has turned out to be necessary,
// since most of the time may be a trigger's.
void allow_for(std::int64_t bytes);

// Whether the transaction that begin() was called for last has come to the limit.
bool was_reached();

// Whether that ends the process.
bool has_ended_process();

}  // namespace kvstore::time_limit
