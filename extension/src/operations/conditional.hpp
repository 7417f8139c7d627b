// Operations that take further terms: on which condition, and what becomes of the expiry. They are
// what Redis has beyond kv_set() and its kin. What hinders them is answered (outcome::met), no
// error.
#pragma once

#include "paths/operation.hpp"

namespace kvstore {

// On what there is, for set_on_terms.
enum class condition : std::uint8_t { none, absent, present, equal, different };

// On the expiry that there is, for expire_on_terms, which may combine `some` with one of the last.
struct expiry_condition {
    bool none = false;     // the entry does not expire
    bool some = false;     // it does
    bool later = false;    // the new one is later; an entry that does not expire has the latest
    bool earlier = false;  // the new one is earlier
};

struct terms {
    condition when = condition::none;
    bool keeps_expiry = false;
    expiry_condition expiry = {};
    long double by = 0;      // what is added to a number
    std::size_t offset = 0;  // where asked.value is written
    std::size_t most = 0;    // bytes that a value may come to
    bool is_text = false;    // whether it has to be text
};

namespace operations {
// Stores asked.value for asked.lives, or with the expiry of what was there, if asked.on->when is
// met. If that time has come already, the entry is no longer live.
extern const operation set_on_terms;
// The same; answers the value that was live, whether it was replaced or not.
extern const operation get_set_on_terms;
// Has the live entry expire as asked.lives says, which may have come, if asked.on->expiry allows.
extern const operation expire_on_terms;
// The same on one condition, each a single statement in SQL.
extern const operation expire_nx;
extern const operation expire_xx;
extern const operation expire_gt;
extern const operation expire_lt;
// Has the live entry live for ever, if it does not already; answers its value.
extern const operation get_persist;
// Removes the live entry unless its value is asked.expected.
extern const operation del_unless;
// Removes the live entry if its value is asked.expected and its expiry asked.lives'.
extern const operation del_same;
// Removes the live entry; answers its value, and is no read of it.
extern const operation take;
// Adds asked.by to an integer, written in the one way that parse_strict_integer() takes, or
// asked.on->by to a number; keeps the expiry; answers the sum.
extern const operation incr_strict;
extern const operation incr_real;
// Adds asked.value to the end, or writes it over what there is from asked.on->offset on, filled up
// with zero bytes; keeps the expiry; answers the length.
extern const operation append_on_terms;
extern const operation overwrite;
}  // namespace operations

// The simplest operation that sets an expiry on that condition; expire_on_terms needs it again.
const operation &expire_on(expiry_condition condition);

}  // namespace kvstore
