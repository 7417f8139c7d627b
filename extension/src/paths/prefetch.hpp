// Has the processor fetch from memory what the next searches for some keys will read.
//
// The rows of a large store are in nobody's cache: most of the time of a short search is spent on
// waiting for memory, at each of its steps. Those of several keys wait together here, as in the
// prefetching of batches by Valkey 8 (its memory_prefetch.c), and of joins before it (Chen,
// Ailamaki, Gibbons, Mowry: Improving hash join performance through prefetching, 2004).
#pragma once

#include <span>
#include <string_view>

#include "store/store.hpp"

namespace kvstore {

// More do not fit into what a processor fetches at once.
constexpr std::size_t most_prefetched = 16;

// Nothing is pinned, locked or promised: what has moved is merely fetched in vain. At most
// `most_prefetched` keys.
void prefetch(const store &in, std::span<const std::string_view> keys);

}  // namespace kvstore
