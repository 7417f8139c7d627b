// The operations on stores, each atomic. This is what SQL functions call, and
// what a network front end will.
#pragma once

#include "operation.hpp"

namespace kvstore {

namespace operations {
extern const operation set;      // stores asked.value, without expiry or until asked.expires
extern const operation set_ex;   // the same
extern const operation get_ex;   // gives the live entry the expiry asked.expires, answers its value
extern const operation get_del;  // removes the live entry, answers its value
extern const operation del;      // removes the live entry
}  // namespace operations

// Carries out an operation on the entry asked.key.
outcome perform(const operation &op, const store &in, const request &asked);

// The live entry, as the active snapshot sees it. Its value is a copy in the
// current memory context, or 0 if it is not wanted.
std::optional<entry> read(const store &from, Datum key, bool want_value);

}  // namespace kvstore
