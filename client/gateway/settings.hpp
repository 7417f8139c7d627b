// What the program is told when it starts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace kvstore::gateway {

struct settings {
    std::vector<std::string> listen{"127.0.0.1:6379"};
    std::string socket;    // a path; empty: none
    std::string conninfo;  // as libpq has it
    std::string stores;    // for kvstore.redis_stores; empty: as the server has it
    std::string user;      // the role of AUTH without a name, and of Redis's user "default"
    std::string anonymous_user;
    std::string admin_user;
    bool accept_trust = false;
    bool allow_plaintext = false;
    bool until_input_ends = false;

    std::string tls_cert;
    std::string tls_key;
    std::string tls_ca;

    std::size_t backends = 1;
    std::size_t waiting_backends = 16;
    std::size_t max_clients = 10000;
    std::int64_t client_timeout = 0;  // seconds; 0: none
    std::size_t max_request = 64 << 20;
    std::string metrics;  // host:port; empty: none

    std::int64_t slowlog_slower_than = 10000;  // microseconds; negative: never
    std::size_t slowlog_max_len = 128;
};

}  // namespace kvstore::gateway
