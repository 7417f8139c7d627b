/// @file
/// What the client throws. Every error is a kvstore::error:
///
///     error
///         connection_error              nothing was carried out
///             in_doubt_error            or it was: not known
///         timeout_error
///         sql_error
///             transaction_rollback      to be tried again
///                 serialization_failure
///                 deadlock_detected
///             insufficient_privilege
///             undefined_store
///         decode_error
#pragma once

#include <stdexcept>
#include <string>

#pragma GCC visibility push(default)
namespace kvstore {

/// The root of all errors of this library. Of exactly this type are mistakes in its use that
/// only show at run time: a reply read before its pipeline ran, a transaction in another or used
/// after its end, a connection of the application that is busy.
class error : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// There is no connection: it could not be made, or it was lost. Nothing was carried out, unless
/// it is an in_doubt_error: a transaction that had not come to its commit is rolled back.
class connection_error : public error {
  public:
    using error::error;
};

/// The connection was lost in the middle of a call, or of a commit. Whether the server carried it
/// out is not known; it is for the caller to decide whether it can be repeated.
class in_doubt_error : public connection_error {
  public:
    using connection_error::connection_error;
};

/// It took too long. Either the server cancelled the statement, at
/// connection_options::statement_timeout or because someone asked it to
/// (pg_cancel_backend()); or no connection of a pool became free; or nobody computed the
/// value that store::fetch() waited for. In each case nothing was carried out.
class timeout_error : public error {
  public:
    using error::error;
};

/// The parts of what the server says of an error.
struct error_fields {
    std::string sqlstate;     ///< its code, such as "22023"
    std::string message;      ///< what is wrong, in a line
    std::string detail = {};  ///< more about it; may be empty
    std::string hint = {};    ///< what to do about it; may be empty
};

/// The server refused or failed: wrong arguments, missing privileges, a serialization
/// failure. Nothing was carried out. what() has all that the server says.
class sql_error : public error {
  public:
    /// @param text    all that the server says
    /// @param fields  its parts
    sql_error(const std::string &text, error_fields fields);

    /// @param message   what is wrong
    /// @param sqlstate  its code
    sql_error(const std::string &message, std::string sqlstate);

    /// @return the error's code, such as "22023"; docs/reference.md tells which call raises
    ///         which
    const std::string &sqlstate() const noexcept { return fields_.sqlstate; }

    /// @return what is wrong, in a line
    const std::string &message() const noexcept { return fields_.message; }

    /// @return more about it; may be empty
    const std::string &detail() const noexcept { return fields_.detail; }

    /// @return what to do about it; may be empty
    const std::string &hint() const noexcept { return fields_.hint; }

  private:
    error_fields fields_;
};

/// The transaction met another, and was rolled back so that it can be tried again.
class transaction_rollback : public sql_error {
  public:
    using sql_error::sql_error;
};

/// 40001: in a transaction that is REPEATABLE READ or stricter, another was faster.
class serialization_failure : public transaction_rollback {
  public:
    using transaction_rollback::transaction_rollback;
};

/// 40P01: transactions wait for each other.
class deadlock_detected : public transaction_rollback {
  public:
    using transaction_rollback::transaction_rollback;
};

/// 42501: the user lacks a privilege.
class insufficient_privilege : public sql_error {
  public:
    using sql_error::sql_error;
};

/// 42P01: there is no store, or anything else, of that name.
class undefined_store : public sql_error {
  public:
    using sql_error::sql_error;
};

/// What the server sent is not what was asked for: a stored value is not one of the type
/// that it should become, or a result is not of the kind that this version of the library
/// expects. The call was carried out: what get_ex(), get_del(), get_set() and incr_float() do was
/// done.
class decode_error : public error {
  public:
    using error::error;
};

}  // namespace kvstore
#pragma GCC visibility pop
