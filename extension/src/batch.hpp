// Operations on many entries, which go through the keys in their order: so batches
// wait for each other and never in a circle, and the index is met in its own order.
#pragma once

#include <span>

#include "store.hpp"
#include "ttl.hpp"

namespace kvstore {

struct pair {
    Datum key;    // a text
    Datum value;  // a varlena
    int position;  // in the batch, as it was given
};

// Stores all pairs until `expires`; of a key that occurs twice the last one. How many
// keys there were. Sorts `pairs`.
std::int64_t store_all(const store &in, std::span<pair> pairs, timestamp expires);

// Removes the live entries of all keys; how many there were. Sorts `keys`.
std::int64_t remove_all(const store &in, std::span<Datum> keys);

}  // namespace kvstore
