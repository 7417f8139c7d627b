/// @file
/// What the client throws. Every error is a kvstore::error.
#pragma once

#include <stdexcept>
#include <string>

#pragma GCC visibility push(default)
namespace kvstore {

/// The root of all errors of this library. Of exactly this type are mistakes in its use that
/// only show at run time: a reply read before its pipeline ran, a transaction in another.
class error : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// There is no connection: it could not be made, or it was lost. If it was lost in the
/// middle of a call, whether the server carried the call out is not known; it is for the
/// caller to decide whether it can be repeated.
class connection_error : public error {
  public:
    using error::error;
};

/// It took too long. Either the server cancelled the statement, at
/// connection_options::statement_timeout or because someone asked it to
/// (pg_cancel_backend()); or no connection of a pool became free; or nobody computed the
/// value that store::fetch() waited for. In each case nothing was carried out.
class timeout_error : public error {
  public:
    using error::error;
};

/// The server refused or failed: wrong arguments, missing privileges, a serialization
/// failure. Nothing was carried out.
class sql_error : public error {
  public:
    /// @param message   what the server says, with its detail and hint
    /// @param sqlstate  its five characters
    sql_error(const std::string &message, std::string sqlstate);

    /// @return the error's code, such as "22023"; docs/reference.md tells which call raises
    ///         which
    const std::string &sqlstate() const noexcept { return sqlstate_; }

  private:
    std::string sqlstate_;
};

/// What the server sent is not what was asked for: a stored value is not one of the type
/// that it should become, or a result is not of the kind that this version of the library
/// expects.
class decode_error : public error {
  public:
    using error::error;
};

}  // namespace kvstore
#pragma GCC visibility pop
