// A part of a transaction that is done as a whole, or not at all.
#pragma once

#include "server/postgres.hpp"

namespace kvstore {

// Has `work` done in a subtransaction, which is kept if it returns true, and undone, locks and
// all, if it returns false or raises an error. Whether it was kept. *error is the error, a copy in
// the current memory context, or nullptr.
bool in_subtransaction(bool (*work)(void *context), void *context, ErrorData **error);

template <class Work>
bool in_subtransaction(Work work, ErrorData **error) {
    return in_subtransaction([](void *context) { return (*static_cast<Work *>(context))(); }, &work,
                             error);
}

// The same, with the error raised again.
template <class Work>
bool in_subtransaction(Work work) {
    ErrorData *error;
    bool kept = in_subtransaction(work, &error);
    if (error != nullptr)
        ReThrowError(error);
    return kept;
}

}  // namespace kvstore
