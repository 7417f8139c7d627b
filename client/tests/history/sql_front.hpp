// The SQL functions, called by plain libpq.
#pragma once

#include "connection.hpp"
#include "front.hpp"

namespace history {

class sql_front : public front {
  public:
    sql_front(const std::string &conninfo, const std::string &application_name, std::string store,
              bool prepares);

    void connect() override { connection_.connect(); }
    answer perform(const operation &what) override;

  private:
    connection connection_;
    const std::string store_;
    const bool prepares_;
};

}  // namespace history
