// A version of an entry: a heap tuple, on a page that is pinned.
#pragma once

#include <optional>

#include "paths/btree_probe.hpp"
#include "paths/operation.hpp"
#include "store/store.hpp"

namespace kvstore {

struct tuple_version {
    HeapTupleData tuple;
    Buffer buffer = InvalidBuffer;  // holds the tuple, pinned, not locked

    ItemPointer tid() { return &tuple.t_self; }
};

enum class purpose : std::uint8_t {
    reading,   // touches nothing
    replacing  // makes room on the page first, if it lacks it, so that the update stays there
};

// A search for the version of an entry that a snapshot sees.
struct lookup {
    const store &in;
    Datum key;
    Snapshot snapshot;
    purpose why;
};

// With a dirty snapshot, the first version on the way. release() it when done.
std::optional<tuple_version> find(const lookup &search);

// The same in two steps. What was located stays true to an MVCC snapshot.
struct location {
    probe_answer answer = probe_answer::unsure;
    ItemPointerData tid;
    Buffer recalled_in = InvalidBuffer;  // the index was not asked: it was there the last time
};
location locate(const lookup &search);
std::optional<tuple_version> fetch(const lookup &search, const location &where);

void release(const tuple_version &held);
void release(const std::optional<tuple_version> &held);

// The key as it is stored, in the memory of the page.
Datum stored_key(const store &in, const tuple_version &from);

// The entry, its value in the memory of the page, whether it has expired or not; nothing if
// it has no value or no expiry.
std::optional<entry> entry_of(const store &in, const tuple_version &from);

}  // namespace kvstore
