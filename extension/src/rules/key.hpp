// The rules of keys: pure, so that they are tested without a server.
#pragma once

#include <cstddef>

namespace kvstore {

// A B-tree page must hold three keys; this leaves room and is a round number.
constexpr std::size_t longest_key = 2048;

}  // namespace kvstore
