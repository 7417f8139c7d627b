// What the statements on stores are made of. %1$s is the store, $1 the key.
//
// Every operator and function is qualified: search_path has no say. The clock is asked by each
// statement anew: now() would be that of the transaction's beginning.
#pragma once

#define CLOCK "pg_catalog.clock_timestamp()"
// The parameter is when the clock is stopped (server/clock.hpp), or null.
#define CLOCK_OR(parameter) "COALESCE(" parameter ", " CLOCK ")"
#define IS_LIVE_AT(moment) " expires OPERATOR(pg_catalog.>) " moment
#define HAS_EXPIRED_AT(moment) "expires OPERATOR(pg_catalog.<=) " moment

// Of the statements of an operation, whose parameters paths/operation.hpp tells.
#define IS_LIVE IS_LIVE_AT(CLOCK_OR("$7"))
#define HAS_EXPIRED HAS_EXPIRED_AT(CLOCK_OR("$7"))
#define OF_KEY " WHERE key OPERATOR(pg_catalog.=) $1"
#define OF_LIVE_ENTRY OF_KEY " AND" IS_LIVE
