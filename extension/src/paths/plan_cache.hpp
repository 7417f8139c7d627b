// Prepared SQL statements, one for each store and text, kept for the session.
#pragma once

#include <span>

#include "store/store.hpp"

namespace kvstore {

// The plan of `sql`, in which %1$s stands for the store, and which has parameters of
// `types`. `sql` must be a constant of the program: its address is what the plan is
// found by. `options` are CURSOR_OPT_.. flags. Needs SPI to be connected.
SPIPlanPtr cached_plan(const store &on, const char *sql, std::span<const Oid> types,
                       int options = 0);

}  // namespace kvstore
