// The store that functions work on unless told otherwise: kv_store in the extension's schema.
//
// It is a table like any other, no member of the extension, so that pg_dump dumps all that was
// done to it. Functions find it by its name.
#pragma once

#include "server/postgres.hpp"

namespace kvstore {

constexpr const char *default_store_name = "kv_store";

// Error 42P01 if it is not there.
Oid default_store();

// Whether the table, which default_store() was a moment ago, is so still: now that it is locked, as
// that brings the news of whoever was waited for. Error 42P01 if there is no default store any
// more.
bool is_default_store(Oid table);

}  // namespace kvstore
