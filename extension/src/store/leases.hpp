// The extension's own store, kv_leases: the leases that are held, and where the scans of Redis's
// clients stand. Nobody but its owner has a right to it, so it is always met on the fast path,
// which asks for none: in SQL we would have to act as its owner, and so would whatever was planted
// there.
#pragma once

#include "store/store.hpp"

namespace kvstore {

// Nothing if its lock cannot be had at once, and `waits` is false. Errors: 42P01, and 55000 while
// only SQL could write to it.
std::optional<store> open_leases(const intent &what, bool waits = true);

}  // namespace kvstore
