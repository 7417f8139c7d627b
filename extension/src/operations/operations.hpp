// The operations on stores, each atomic: what the SQL functions and the interpreter of Redis's
// commands are made of.
#pragma once

#include "paths/operation.hpp"

namespace kvstore {

namespace operations {
// Storing asked.value for asked.lives ..
extern const operation set;          // .. whatever was there
extern const operation set_keepttl;  // .. likewise, but keeps the expiry of a live entry
extern const operation set_nx;       // .. if there is no live entry
extern const operation set_xx;       // .. if there is one
extern const operation get_set;      // .. answers the live value it replaced
extern const operation cas;          // .. if the live value is asked.expected
extern const operation cas_keep;     // .. the same, but keeps the expiry
// Adds asked.by to a counter and keeps its expiry, or starts one at 0 for asked.lives; answers the
// sum.
extern const operation incr;
// Adds asked.value to the end of the value and keeps its expiry, or stores it for asked.lives;
// answers the length in bytes.
extern const operation append;
// As incr, if the sum is asked.most at most; a counter without an end gets one, asked.lives from
// now on. Answers a rate.
extern const operation rate_limit;
// Having the live entry live for asked.lives from now on ..
extern const operation expire;
extern const operation get_ex;              // .. answers its value
extern const operation get_ex_unless_good;  // .. the same, unless asked.slack allows its expiry
// Has the live entry live for ever, if it did not.
extern const operation persist;
// Removing the live entry ..
extern const operation del;
extern const operation get_del;  // .. answers its value
extern const operation del_if;   // .. if its value is asked.expected
}  // namespace operations

// The integer that a counter's value stands for, or append's answer.
std::int64_t counter_of(Datum value);

// What rate_limit answers: whether the call was allowed, what is counted, and when that ends,
// never_expires if nothing is.
struct rate {
    bool allowed = false;
    std::int64_t count = 0;
    timestamp resets = never_expires;
};
rate rate_of(Datum answer);

// Carries out an operation on the entry asked.key. incr and rate_limit on a value that is not
// an integer are error 22P02, a sum that does not fit 22003; append beyond 1 GB is 54000.
outcome perform(const operation &op, const store &in, const request &asked);

// Counts what a lookup has found.
void count_read(const store &from, bool found);

// The live entry, as the active snapshot sees it. Its value is a copy in the
// current memory context, or 0 if it is not wanted.
std::optional<entry> read(const store &from, Datum key, bool want_value);

// The same, as it is now, which may be after that snapshot; not counted.
std::optional<entry> read_anew(const store &from, Datum key, bool want_value);

// Whether there is a live entry by now that the transaction's snapshot, which it keeps, does not
// see as it is.
bool was_stored_since_snapshot(const store &in, Datum key);

// Its version.
std::optional<entry_version> version_of(const store &from, Datum key);

// Has nobody else change or remove the entry until the transaction is over. Whether there is a row,
// and with skips_locked whether nobody else has locked it. Errors: as SELECT .. FOR UPDATE, 40001
// if the transaction's snapshot shows an older version.
bool lock_row(const store &in, Datum key, row_lock how);

}  // namespace kvstore
