/// @file
/// A connection to a server that has the extension kvstore.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "kvstore/error.hpp"
#include "kvstore/ttl.hpp"

namespace kvstore {

class connection;

/// One connection to one database, working on the store kv_store. Used by one thread at a
/// time.
///
/// Each call is one statement and one transaction. All of them throw connection_error when
/// the connection cannot be made or is lost, and sql_error when the server refuses. A lost
/// connection is made anew by the next call; what was under way is never repeated.
class client {
  public:
    /// Connects.
    /// @param conninfo  as libpq takes it, "host=/run/postgresql dbname=app" or
    ///                  "postgresql://.."; what it does not say, the PG* variables do
    explicit client(const std::string &conninfo = "");
    ~client();
    client(client &&) noexcept;
    client &operator=(client &&) noexcept;

    /// Stores a value that does not expire.
    void set(std::string_view key, std::string_view value);

    /// Stores a value that expires after `time`.
    void set_ex(std::string_view key, std::string_view value, ttl time);

    /// The live value, if there is one.
    std::optional<std::string> get(std::string_view key);

    /// The live value, if there is one; from now on it expires after `time`.
    std::optional<std::string> get_ex(std::string_view key, ttl time);

    /// The live value, if there is one, removed: of all who ask at once, one gets it.
    std::optional<std::string> get_del(std::string_view key);

    /// Removes the entry.
    /// @return whether there was a live one
    bool del(std::string_view key);

  private:
    std::unique_ptr<connection> connection_;
};

}  // namespace kvstore
