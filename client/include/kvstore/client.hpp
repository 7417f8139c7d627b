/// @file
/// A connection to a server that has the extension kvstore.
#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "kvstore/pipeline.hpp"
#include "kvstore/store.hpp"
#include "kvstore/transaction.hpp"

extern "C" {
/// libpq's connection, as libpq-fe.h declares it.
typedef struct pg_conn PGconn;  // NOLINT: as C does
}

#pragma GCC visibility push(default)
namespace kvstore {

/// One connection to one database. It is itself the extension's own store, kv_store; open_store()
/// gives others. Used by one thread at a time; several threads share a pool.
///
/// A connection that was lost is made anew by the next call. One that was lost while nothing was
/// under way is noticed before anything is sent, so the application does not. A call that was
/// under way throws connection_error and is never repeated by the library.
class client : public store {
  public:
    /// Connects.
    /// @param options  how; without any, as the PG* variables say
    /// @throws connection_error  there is no such server, or it does not let this user in
    explicit client(const connection_options &options = {});

    /// Connects.
    /// @param conninfo  a string; see connection_options
    /// @throws connection_error  there is no such server, or it does not let this user in
    template <std::convertible_to<std::string_view> Text>
    explicit client(const Text &conninfo)
        : client(connection_options{.conninfo = std::string(std::string_view(conninfo))}) {}

    /// Uses a connection of the application, so that what is cached is committed with what it
    /// is about:
    ///
    ///     PQexec(conn, "BEGIN");
    ///     // UPDATE users ..
    ///     kvstore::client::wrap(conn).del("user:7");
    ///     PQexec(conn, "COMMIT");
    ///
    /// Nothing is left behind on the connection: statements are not prepared, and it is never
    /// connected anew.
    /// @param existing  connected, with client_encoding UTF8; it stays the application's and must
    ///                  outlive the client. While it is busy, with a query whose results are not
    ///                  read or in pipeline mode, calls throw an error and do nothing
    /// @param schema    that the extension was created in; empty: search_path finds it
    /// @return          a client on that connection
    [[nodiscard]] static client wrap(PGconn *existing, const std::string &schema = "");

    ~client();
    /// Moves the connection; handles and pipelines stay good. @param other  is not to be used
    /// any more
    client(client &&other) noexcept;
    /// Moves the connection; handles and pipelines of the other stay good, those of this one do
    /// not. @param other  is not to be used any more @return this
    client &operator=(client &&other) noexcept;

    /// @param name  of a store, as SQL writes it: `sessions`, `app.sessions`, `"Mixed Case"`
    /// @return      a handle of it, which must not outlive the client; whether there is such a
    ///              store shows when it is used
    [[nodiscard]] store open_store(std::string name);

    /// Creates a store, owned by the user of the connection.
    /// @param name     as SQL writes it: `sessions`, `app.sessions`, `"Mixed Case"`
    /// @param options  logged or not, text or bytes
    /// @return         a handle of it
    /// @throws sql_error  42P07 if there is something of this name, and as the operations do
    store create_store(std::string name, const store_options &options = {});

    /// Drops a store, with all that is in it.
    /// @param name  as SQL writes it: `sessions`, `app.sessions`, `"Mixed Case"`
    /// @throws sql_error  undefined_store if there is none, 42809 for a table that is no store,
    ///                    2BP01 if something depends on it
    void drop_store(std::string name);

    /// @return the sizes and counters of all stores of the database, by name
    /// @throws connection_error, timeout_error, sql_error  as the operations do
    [[nodiscard]] std::vector<store_stats> stats() const;

    /// Sets the counters of all stores of the database to zero.
    /// @throws sql_error  42501 without the privilege, and as the operations do
    void reset_stats();

    /// Carries out several operations, together or not at all:
    ///
    ///     client.transact([](kvstore::transaction &tx) {
    ///         tx.set("a", "1");
    ///         tx.open_store("sessions").del("b");
    ///     });
    ///
    /// Commits when `work` returns. When it throws, rolls back and throws the same. If it fails
    /// because of concurrent transactions it is tried again as the options say, so it should do
    /// nothing that is not undone by a rollback. If the connection is lost it is not tried again.
    /// @param work     called with a transaction &, which it must neither keep nor end
    /// @param options  isolation and attempts
    /// @return         what `work` returns
    /// @throws connection_error  the connection was lost; an in_doubt_error if that was during the
    ///                           commit
    /// @throws sql_error  an operation failed, or the commit: 25P02 if `work` went on after the
    ///                    error of an operation
    /// @throws error  the connection is in a transaction already, or `work` has ended this one
    template <std::invocable<transaction &> Work>
    auto transact(Work &&work, const transaction_options &options = {}) {
        for (int attempt = 1;; attempt++)
            try {
                return attempt_to(work, options);
            } catch (const transaction_rollback &) {
                if (attempt >= options.attempts)
                    throw;
                pause_after(attempt);
            }
    }

    /// Makes sure that there is a connection, as each call does by itself. A server that has gone
    /// without a word may remain unnoticed until the next call.
    /// @throws connection_error  there is none and it cannot be made
    void check();

    /// @return whether the connection is good for another user: there is one, as far as is known,
    ///         and it is in no transaction
    [[nodiscard]] bool idle() const noexcept;

  private:
    friend class pool;
    friend class transaction;

    explicit client(std::unique_ptr<detail::session> on);

    template <class Work>
    auto attempt_to(Work &work, const transaction_options &options) {
        transaction tx(*this, options);
        if constexpr (std::is_void_v<std::invoke_result_t<Work &, transaction &>>) {
            work(tx);
            tx.commit();
        } else {
            auto result = work(tx);
            tx.commit();
            return result;
        }
    }

    static void pause_after(int attempt);

    std::unique_ptr<detail::session> session_;
};

}  // namespace kvstore
#pragma GCC visibility pop
