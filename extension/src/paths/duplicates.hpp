// Insertions that fail since the key is there already.
//
// ON CONFLICT looks at valid indexes alone, insertions at all of them; of a violation the oldest
// one tells. So where the primary key has company, such as what REINDEX CONCURRENTLY makes and
// leaves behind, an insertion may fail there because another transaction was faster.
#pragma once

#include "server/subtransaction.hpp"
#include "store/store.hpp"

namespace kvstore {

// Whether the primary key has company. An index that is not ready yet can be when the statement
// begins. A partition can have one of its own, and is not locked yet: it is not looked at.
bool has_rival_indexes(const store &in);

// A row in the way of an insertion. It stays recognizable while the snapshot of the calling
// statement keeps its place from being used again.
struct rival {
    Oid table;
    ItemPointerData tid;
};

// Raises the error again, unless another transaction was faster: then the insertion is to be tried
// again, once the entry has been looked for. `last` is what was in the way the time before, and is
// now. Under REPEATABLE READ that is 40001.
void require_faster_rival(const store &in, Datum key, ErrorData *error, std::optional<rival> *last);

// Inserts the key in a subtransaction; false if another transaction was faster.
template <class Insertion>
bool insert_unless_duplicate(const store &in, Datum key, std::optional<rival> *last,
                             Insertion insertion) {
    ErrorData *error;
    in_subtransaction(
        [&] {
            insertion();
            return true;
        },
        &error);
    if (error == nullptr)
        return true;
    require_faster_rival(in, key, error, last);
    FreeErrorData(error);
    return false;
}

}  // namespace kvstore
