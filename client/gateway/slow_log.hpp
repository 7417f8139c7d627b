// The slowest commands, newest first, as SLOWLOG shows them.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvstore::gateway {

class slow_log {
  public:
    struct entry {
        std::int64_t number = 0;
        std::int64_t when = 0;  // Unix time
        std::int64_t microseconds = 0;
        std::size_t commands = 1;            // of which the first is shown
        std::vector<std::string> arguments;  // shortened
        std::string address;
        std::string name;
        std::string role;
    };

    void add(std::span<const std::string_view> arguments, entry what, std::size_t most);
    void shorten_to(std::size_t most);
    // What a role may see is what it did itself.
    void forget(std::string_view role);
    std::vector<const entry *> of(std::string_view role) const;

  private:
    std::deque<entry> entries_;
    std::int64_t next_ = 0;
};

}  // namespace kvstore::gateway
