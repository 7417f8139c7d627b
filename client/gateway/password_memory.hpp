// The last password that was right, as a salted hash. For seconds it still is; afterwards the
// server has to be asked, but whoever has it is no stranger who guesses.
#pragma once

#include <array>
#include <chrono>
#include <string_view>

namespace kvstore::gateway {

class password_memory {
  public:
    void remember(std::string_view password);
    void forget() { has_one_ = false; }
    // Whether it is right, and the server need not be asked.
    bool knows(std::string_view password) const;
    // Whether it was right, however long ago.
    bool recognizes(std::string_view password) const;

  private:
    using digest = std::array<unsigned char, 32>;
    digest digest_of(std::string_view password) const;

    std::array<unsigned char, 16> salt_{};
    digest digest_{};
    bool has_one_ = false;
    std::chrono::steady_clock::time_point until_{};
};

}  // namespace kvstore::gateway
