// Which store a database of Redis's is: the setting kvstore.redis_stores.
#pragma once

#include <optional>
#include <string_view>

#include "server/postgres.hpp"

namespace kvstore::redis {

// How many databases there are.
int number_of_databases();

// The n-th name of the setting; nothing if there are not so many. In the current memory context.
std::optional<const char *> name_of_database(int n);

// The table of that name, looked up with search_path; InvalidOid if there is none.
Oid find_store(const char *name);

// The same, and locks it, until the end of the transaction: it is the table that has the name then.
// InvalidOid also if the lock cannot be had at once and may not be waited for.
Oid find_and_lock_store(const char *name, LOCKMODE lock, bool waits,
                        RangeVarGetRelidCallback before_lock = nullptr);

// Whether it is a store, as far as its type tells.
bool is_of_entry_type(Oid table);

}  // namespace kvstore::redis
