// What the statements on stores are made of. %1$s is the store, $1 the key.
//
// Every operator and function is qualified: search_path has no say. The clock is asked by each
// statement anew: now() would be that of the transaction's beginning.
#pragma once

#define IS_LIVE " expires OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp()"
#define HAS_EXPIRED "expires OPERATOR(pg_catalog.<=) pg_catalog.clock_timestamp()"
#define OF_KEY " WHERE key OPERATOR(pg_catalog.=) $1"
#define OF_LIVE_ENTRY OF_KEY " AND" IS_LIVE
