// A password that was right a moment ago: kept as a salted hash, and for seconds.
#pragma once

#include <array>
#include <chrono>
#include <string_view>

namespace kvstore::gateway {

class password_memory {
  public:
    void remember(std::string_view password);
    void forget() { until_ = {}; }
    bool knows(std::string_view password) const;

  private:
    using digest = std::array<unsigned char, 32>;
    digest digest_of(std::string_view password) const;

    std::array<unsigned char, 16> salt_{};
    digest digest_{};
    std::chrono::steady_clock::time_point until_{};
};

}  // namespace kvstore::gateway
