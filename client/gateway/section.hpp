// Commands of one client that go to the server together: a section of a batch (see
// rules/redis_batch.hpp), written as the commands come.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/redis_batch.hpp"

namespace kvstore::gateway {

class section {
  public:
    void begin(int protocol, std::uint16_t database,
               std::span<const redis::watched_key> watched = {});
    void add(std::span<const std::string_view> arguments);

    bool empty() const { return begins_.empty(); }
    std::size_t commands() const { return begins_.size(); }
    std::size_t size() const { return bytes_.size(); }

    // Commands are not carried out twice: those before this one have been answered.
    std::size_t answered() const { return answered_; }
    void answer(std::size_t more);
    std::size_t left() const { return begins_.size() - answered_; }

    // How long commands took that were answered together, since the clock was started or those
    // before them were answered.
    using clock = std::chrono::steady_clock;
    struct step {
        std::size_t first;
        std::size_t commands;
        clock::duration took;
    };
    void start_clock();
    std::span<const step> steps() const { return steps_; }

    // To the end of a batch: the commands that are left, or the first of them.
    void append_left(std::string &batch) const { append(batch, left()); }
    void append_next(std::string &batch) const { append(batch, 1); }

    // The arguments of one of the commands, for people.
    std::vector<std::string_view> arguments(std::size_t command) const;

  private:
    void append(std::string &batch, std::size_t commands) const;

    std::string bytes_;                // as the section begins, then the commands
    std::size_t head_ = 0;             // where the number of commands is to stand
    std::vector<std::size_t> begins_;  // of each command
    std::size_t answered_ = 0;
    std::vector<step> steps_;
    clock::time_point last_answer_{};
};

}  // namespace kvstore::gateway
