// Live entries by the prefix of their keys. This is SQL's own ground: the planner finds
// the range of the index that a prefix stands for, and there is nothing to be won by
// not asking it.
#pragma once

#include "paths/operation.hpp"

namespace kvstore {

struct key_range {
    Datum prefix;                   // a text
    Datum after = 0;                // a text, 0 for the beginning
    std::int64_t most = INT64_MAX;  // entries
};

namespace detail {
using visitor = void (*)(void *context, Datum key, const entry &found);
void scan(const store &from, const key_range &range, visitor visit, void *context);
}  // namespace detail

// Calls visit(key, entry) for each in key order, as the active snapshot sees them. What
// it is given, and what it allocates, lasts until it returns.
template <class Visit>
void scan(const store &from, const key_range &range, Visit visit) {
    detail::scan(
        from, range,
        [](void *context, Datum key, const entry &found) {
            (*static_cast<Visit *>(context))(key, found);
        },
        &visit);
}

// How many there are.
std::int64_t count(const store &from, Datum prefix);

struct entry_counts {
    std::int64_t live = 0;
    std::int64_t expiring = 0;  // of these, at some time
};
entry_counts count_all(const store &from);

// The key of any live entry, in the current memory context; 0 if there is none.
Datum random_key(const store &from);

// Removes them, in key order; how many there were.
std::int64_t remove_prefix(const store &in, Datum prefix);

}  // namespace kvstore
