// What is counted, for INFO and for --metrics.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace kvstore::gateway {

struct counters {
    std::uint64_t connections = 0;  // since the start
    std::uint64_t rejected = 0;     // for lack of places
    // Once they were carried out, as Redis counts: those of a transaction at EXEC, with EXEC
    // itself; not what was refused.
    std::uint64_t commands = 0;
    std::uint64_t errors = 0;
    std::uint64_t batches = 0;
    std::uint64_t sections = 0;  // in batches
    std::uint64_t handed_back = 0;
    std::uint64_t batch_errors = 0;
    std::uint64_t lost_backends = 0;
    std::uint64_t failed_logins = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t published = 0;  // messages that went to clients

    // How long batches took: a bucket for each power of two of 64 microseconds.
    static constexpr std::size_t buckets = 18;
    std::array<std::uint64_t, buckets> batch_time{};
    std::uint64_t batch_microseconds = 0;

    void took(std::uint64_t microseconds) {
        batch_microseconds += microseconds;
        std::size_t bucket = 0;
        while (bucket + 1 < buckets && microseconds > (std::uint64_t{64} << bucket))
            bucket++;
        batch_time[bucket]++;
    }
};

}  // namespace kvstore::gateway
