// Operations on many entries, which go through the keys in their order: so batches
// wait for each other and never in a circle, and the index is met in its own order.
#pragma once

#include <span>

#include "paths/operation.hpp"
#include "paths/tuple_version.hpp"

namespace kvstore {

struct pair {
    Datum key;     // a text
    Datum value;   // a varlena
    int position;  // in the batch, as it was given
};

// In the order of keys; of a key that occurs twice the last one.
std::span<pair> sorted_and_distinct(std::span<pair> pairs);
void sort(std::span<Datum> keys);

// Stores all pairs; of a key that occurs twice the last one. How many
// keys there were. Sorts `pairs`.
std::int64_t store_all(const store &in, std::span<pair> pairs, const lifetime &lives);

// The same if none of the keys is live; whether it did.
bool store_all_if_absent(const store &in, std::span<pair> pairs, const lifetime &lives);

// Reads the entries of `keys`, in whatever order their values are wanted: the index is
// gone through first, in the order of the keys.
class batch_reader {
  public:
    batch_reader(const store &from, std::span<const Datum> keys);

    // The live entry of keys[position]. Its value is a copy in the current memory context.
    std::optional<entry> read(std::size_t position) const;

  private:
    const store &from_;
    std::span<const Datum> keys_;
    location *located_ = nullptr;  // nullptr where there is a detour
};

// Removes the live entries of all keys; how many there were. Sorts `keys`.
std::int64_t remove_all(const store &in, std::span<Datum> keys);

}  // namespace kvstore
