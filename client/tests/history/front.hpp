// How operations reach a store: there is one for SQL, one for the C++ client, and one for Redis's
// commands.
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

    // What is asked for instead, where there are no words for it.
    virtual operation adapted(operation what) { return what; }

    // Carries the operation out. An error, or a lost connection, is an answer, too.
    virtual answer perform(const operation &what) = 0;
};

// Which front, and the connection string of its server or pooler, or the socket of kvstore-redis:
// "sql", "client=port=6432", "redis=/tmp/socket".
struct front_choice {
    std::string kind;
    std::string conninfo;

    bool is_redis() const { return kind == "redis"; }
    static front_choice parse(const std::string &text);
    std::string name() const { return conninfo.empty() ? kind : kind + " (" + conninfo + ")"; }
};

// The kinds: sql, in simple queries; prepared, the same in prepared statements; client, the C++
// client; redis, Redis's commands. The server knows the first three by their application_name.
std::unique_ptr<front> make_front(const front_choice &choice, const std::string &application_name,
                                  const std::string &store);

}  // namespace history
