// Removing entries that are to go: a row at once, on the fast path, or by key, in SQL.
#pragma once

#include <span>

#include "store/store.hpp"
#include "sweeping/sweep.hpp"

namespace kvstore {

// Removes this version of a row, unless it is locked or no longer the newest: then
// somebody is about to renew it, or has.
bool remove_unless_busy(Relation table, ItemPointer tid);

// Whether so many keys, of entries of so many bytes, are as much as one statement is to remove.
bool is_enough_at_once(std::int64_t keys, std::int64_t bytes, const sweep_result &result);

// An entry that is to go.
struct doomed_entry {
    Datum key;
    ItemPointerData version;  // of its row, if it is to go though it lives
    std::int64_t bytes;
};

struct removed_entries {
    std::int64_t count = 0;
    std::int64_t bytes = 0;  // as nearly as can be told
};

// Removes these entries, if they have expired, or, `even_live`, are still of that version; what
// went. How long it takes has a say in how many `result` wants next time. Those that are locked
// stay. So do those whose removal is an error, the first of which is noted in `result` and, unless
// `part` says that it is known, told as a warning. Of no entries, too, it is an error if the user
// may not remove any. Their order changes.
removed_entries remove_by_key(const store &in, std::span<doomed_entry> entries, bool even_live,
                              const sweep_part &part, sweep_result &result);

// Executes a statement on the store, for its rows or its effect. SPI is connected.
void execute(const store &in, const char *sql, std::span<const Oid> types, std::span<Datum> values);

}  // namespace kvstore
