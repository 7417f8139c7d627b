// Redis's commands, to a kvstore-redis: alone, in MULTI and EXEC, and with WATCH.
#pragma once

#include "front.hpp"
#include "redis_connection.hpp"

namespace history {

class redis_front : public front {
  public:
    // The path of its Unix socket.
    explicit redis_front(std::string path) : connection_(std::move(path)) {}

    void connect() override { connection_.connect(); }
    operation adapted(operation what) override;
    answer perform(const operation &what) override;

  private:
    bool one_in(int count) { return ++asked_ % count == 0; }
    answer carry_out(const operation &what);
    answer carry_out_watched(const operation &what);
    std::vector<redis_reply> in_transaction(std::vector<redis_command> commands);

    redis_connection connection_;
    std::uint64_t asked_ = 0;
};

}  // namespace history
