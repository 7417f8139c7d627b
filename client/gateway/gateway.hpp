// All that the program knows while it runs.
#pragma once

#include <map>
#include <memory>

#include "client.hpp"
#include "counters.hpp"
#include "log.hpp"
#include "roles.hpp"
#include "settings.hpp"
#include "slow_log.hpp"

namespace kvstore::gateway {

class gateway {
  public:
    using clock = std::chrono::steady_clock;

    gateway(const executor &its_loop, settings what)
        : on(its_loop), told(std::move(what)), its_roles(on, told, counted) {}

    const executor on;
    settings told;
    counters counted;
    roles its_roles;
    slow_log slow;
    rare_log failed_handshakes;

    std::map<std::uint64_t, std::shared_ptr<client>> clients;  // by number
    std::uint64_t next_client = 1;
    std::uint64_t last_served = 0;  // the client that sent something last

    // CLIENT PAUSE, of the clients of one role.
    struct pause {
        clock::time_point until{};
        bool only_writes = false;
    };
    std::map<const role *, pause> pauses;

    const clock::time_point started = clock::now();
    bool is_stopping = false;

    // Commands a second, over the last seconds.
    std::uint64_t commands_a_second = 0;
    std::uint64_t commands_before = 0;
};

}  // namespace kvstore::gateway
