// The next commands of a batch, whose entries are fetched from memory before it is their turn.
#pragma once

#include "redis/execution.hpp"
#include "rules/redis_batch.hpp"

namespace kvstore::redis {

class look_ahead {
  public:
    // `batch` is what it is while the commands are carried out: behind their section.
    explicit look_ahead(const batch_reader &batch) : batch_(batch) {}

    // Before the next command of the section is read, of which so many are left.
    void before_command(const execution &x, const section_reader &section, std::uint32_t left) {
        if (seen_ == 0)
            look(x, section, left);
        if (seen_ > 0)
            seen_--;
    }

  private:
    void look(const execution &x, section_reader section, std::uint32_t left);

    const batch_reader &batch_;
    std::size_t seen_ = 0;  // of the commands to come
};

}  // namespace kvstore::redis
