// For a part of a transaction: whoever would wait for a lock has the error 55P03 instead.
#pragma once

#include "server/postgres.hpp"

namespace kvstore {

// Until end_impatience() of what it returns, or the end of the subtransaction by an error.
inline int begin_impatience() {
    int level = NewGUCNestLevel();
    (void)set_config_option("lock_timeout", "1", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true,
                            0, false);
    return level;
}

inline void end_impatience(int level) {
    AtEOXact_GUC(true, level);
}

}  // namespace kvstore
