// Memory for each of many like steps, given back after every one.
#pragma once

#include "server/postgres.hpp"

namespace kvstore {

class scratch_memory {
  public:
    scratch_memory()
        : scratch_(AllocSetContextCreate(CurrentMemoryContext, "kvstore scratch",
                                         ALLOCSET_DEFAULT_SIZES)) {}

    // Runs `work`, which allocates there, and frees what it has allocated.
    template <class Work>
    void use(Work work) {
        MemoryContext before = MemoryContextSwitchTo(scratch_);
        work();
        MemoryContextSwitchTo(before);
        MemoryContextReset(scratch_);
    }

    void free() { MemoryContextDelete(scratch_); }

  private:
    MemoryContext scratch_;
};

}  // namespace kvstore
