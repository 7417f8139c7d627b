// Looking one key up in a primary key's B-tree without an index scan.
//
// A scan descriptor costs about as much as the descent itself. Nearly every key is
// found, or found missing, on the first leaf page that the descent arrives at; the
// probe answers then, and leaves every other case to a proper scan.
#pragma once

#include <cstdint>

#include "server/postgres.hpp"

namespace kvstore {

enum class probe_answer : std::uint8_t {
    hit,    // the last index entry of that key points to `tid`; there may be more
    miss,   // the index has no entry of that key
    unsure  // ask an index scan
};

// `index` is a B-tree on one text column of `table`, in collation C. No lock or pin
// is left behind, so a heap tuple at `tid` is meaningful to an MVCC snapshot only.
probe_answer probe_btree(Relation table, Relation index, Datum key, ItemPointerData *tid);

}  // namespace kvstore
