// How much room a table takes, and how many rows it has: told without waiting for anybody.
#pragma once

#include <cstdint>
#include <optional>

#include "server/postgres.hpp"

namespace kvstore {

struct table_sizes {
    double rows = 0;               // as the planner estimates them
    std::int64_t live_tuples = 0;  // row versions, as the server's statistics count them
    std::int64_t dead_tuples = 0;
    std::int64_t table_bytes = 0;  // on disk
    std::int64_t index_bytes = 0;
    std::int64_t toast_bytes = 0;
};

// Of a table; of its parts together, if it is partitioned. Nothing if there is none, and while
// any of it, or an index, is locked in the mode ACCESS EXCLUSIVE.
std::optional<table_sizes> sizes_of(Oid table);

}  // namespace kvstore
