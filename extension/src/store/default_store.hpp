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

}  // namespace kvstore
