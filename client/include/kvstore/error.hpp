/// @file
/// What the client throws. Every error is a kvstore::error.
#pragma once

#include <stdexcept>
#include <string>

namespace kvstore {

/// The root of all errors of this library.
class error : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// There is no connection: it could not be made, or it was lost. If it was lost in the
/// middle of a call, whether the server carried the call out is not known.
class connection_error : public error {
  public:
    using error::error;
};

/// The server refused or failed: wrong arguments, missing privileges, a serialization
/// failure, a cancelled statement.
class sql_error : public error {
  public:
    /// @param message   what the server says, with its detail and hint
    /// @param sqlstate  its five characters
    sql_error(const std::string &message, std::string sqlstate);

    /// The error's code, such as "22023"; docs/reference.md tells which call raises which.
    const std::string &sqlstate() const noexcept { return sqlstate_; }

  private:
    std::string sqlstate_;
};

/// A value in the store is not what the type that was asked for can be made from.
class decode_error : public error {
  public:
    using error::error;
};

}  // namespace kvstore
