// Logical replication, from the subscriber's side.
#pragma once

#include "server/postgres.hpp"

namespace kvstore {

// Whether a subscription fills the table, or one of its partitions or heirs. What expires there
// the publisher removes: if the sweeper here were faster than an update that is on its way, that
// would find no row and be skipped, and the entry would be missing here for good.
bool is_subscribed(Relation table);

}  // namespace kvstore
