// Entries by way of SQL, for every store that has a detour: triggers fire,
// policies hold, rules rewrite, column privileges count.
#pragma once

#include "paths/operation.hpp"

namespace kvstore::sql_path {

// As in fast_path.hpp.
std::optional<entry> read(const store &from, Datum key, bool want_value);
std::optional<entry_version> version(const store &from, Datum key);
outcome modify(const store &in, const operation &op, const request &asked);

// SELECT .. FOR UPDATE, of any store.
bool lock_row(const store &in, Datum key, row_lock how);

}  // namespace kvstore::sql_path
