// Prepared SQL statements, one for each store and text, kept for the session, and carried out.
#pragma once

#include <span>

#include "store/store.hpp"

namespace kvstore {

// A statement on a store, and its parameters. In `sql`, %1$s stands for the store. It must be a
// constant of the program: its address is what the plan is found by. Nulls are as SPI has them,
// nullptr if there are none. `options` are CURSOR_OPT_.. flags.
struct statement {
    const store &on;
    const char *sql;
    std::span<const Oid> types;
    const Datum *values;
    const char *nulls = nullptr;
    int options = 0;
};

// Both need SPI to be connected. If the store's name has become another table's meanwhile, which
// is found out whenever the statement is analyzed, the error is 42P01.
int execute(const statement &what, bool read_only);
Portal open_cursor(const statement &what);

// The statement as it is carried out, not to be carried out here; the plan is to be released. Needs
// SPI as well.
struct planned_statement {
    CachedPlan *plan;
    ParamListInfo parameters;
};
planned_statement plan(const statement &what);

}  // namespace kvstore
