// The C++ client of kvstore.
#pragma once

#include <kvstore/client.hpp>
#include <optional>

#include "front.hpp"

namespace history {

class client_front : public front {
  public:
    client_front(const std::string &conninfo, const std::string &application_name,
                 std::string store);

    void connect() override;
    answer perform(const operation &what) override;

  private:
    answer carry_out(const operation &what);

    const std::string conninfo_;
    const std::string store_name_;
    std::optional<kvstore::client> client_;
    std::optional<kvstore::store> store_;
};

}  // namespace history
