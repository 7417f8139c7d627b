// Removing what has expired from one store.
#pragma once

#include "store.hpp"

namespace kvstore {

// What sweeping is to a store, for open_store().
constexpr intent sweeping{"kv_sweep()", ACL_SELECT | ACL_DELETE};

// A part of a sweep: a range of pages, and how many rows it may remove.
struct sweep_part {
    BlockNumber first = 0;
    BlockNumber pages = MaxBlockNumber;
    int64 most_rows = PG_INT64_MAX;
};

struct sweep_result {
    int64 removed = 0;
    int64 left = 0;        // expired entries that others were busy with
    BlockNumber next = 0;  // where to go on; InvalidBlockNumber at the end of the store
};

// Removes expired entries of a part of the store, in the current transaction.
// Entries that another transaction has locked or changed are left for another time.
sweep_result sweep(const store &in, const sweep_part &part);

}  // namespace kvstore
