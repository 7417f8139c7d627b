// How operations reach a store. There is one for SQL and one for the C++ client; whatever else
// serves the same operations can be another.
#pragma once

#include <memory>
#include <string>

#include "operation.hpp"

namespace history {

class front {
  public:
    virtual ~front() = default;

    // Makes sure that there is a connection; an exception if there is none.
    virtual void connect() = 0;

    // Carries the operation out. An error, or a lost connection, is an answer, too.
    virtual answer perform(const operation &what) = 0;
};

// Which front, and the connection string of its server or pooler: "sql", "client=port=6432".
struct front_choice {
    std::string kind;
    std::string conninfo;

    static front_choice parse(const std::string &text);
    std::string name() const { return conninfo.empty() ? kind : kind + " (" + conninfo + ")"; }
};

// The kinds: sql, in simple queries; prepared, the same in prepared statements; client, the C++
// client.
std::unique_ptr<front> make_front(const front_choice &choice, const std::string &application_name,
                                  const std::string &store);

}  // namespace history
