// Which keys row security lets the caller insert.
#pragma once

#include "store/store.hpp"

namespace kvstore {

// Whether an entry of that key may be inserted, as far as the policies look at the key: what they
// ask of a value and an expiry, of which there is none yet, is not known to be refused. Nothing is
// inserted, and no trigger fired. 42501 without the privilege INSERT.
bool policies_admit(const store &to, Datum key);

}  // namespace kvstore
