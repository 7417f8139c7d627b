// Entries by way of the heap and the primary key, without the SQL executor.
// Only for stores without a detour.
#pragma once

#include "paths/operation.hpp"
#include "paths/tuple_version.hpp"

namespace kvstore::fast_path {

// The live entry, as the active snapshot sees it. The value is left out (0) unless
// it is wanted, and is a copy in the current memory context.
std::optional<entry> read(const store &from, Datum key, bool want_value);

// The same in two steps, so that many keys can be located first, in their order.
location locate(const store &from, Datum key);
std::optional<entry> read(const store &from, Datum key, const location &where, bool want_value);

// The version of the live entry, as the active snapshot sees it.
std::optional<entry_version> version(const store &from, Datum key);

// Carries out an operation atomically, on the newest version of the entry; in
// REPEATABLE READ and SERIALIZABLE on the version that the transaction sees, or
// with an error 40001 if that is no longer the newest. Where it would wait for another transaction
// and was asked not to, nothing is done.
outcome modify(const store &in, const operation &op, const request &asked);

}  // namespace kvstore::fast_path
