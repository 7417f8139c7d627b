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

/// One connection to one database. It is itself the extension's own store, kv_store; store()
/// gives others. Used by one thread at a time; several threads share a pool.
///
/// A connection that was lost is made anew by the next call. One that was lost while nothing was
/// under way is noticed before anything is sent, so the application does not. A call that was
/// under way throws connection_error and is never repeated by the library.
class client : public kvstore::store {
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
    /// @param existing  connected, not busy, with client_encoding UTF8; it stays the
    ///                  application's and must outlive the client
    /// @param schema    that the extension was created in; empty: search_path finds it
    /// @return          a client on that connection
    static client wrap(PGconn *existing, const std::string &schema = "");

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
    kvstore::store store(std::string name);

    /// Creates a store, owned by the user of the connection.
    /// @param name     as SQL writes it: `sessions`, `app.sessions`, `"Mixed Case"`
    /// @param options  logged or not, text or bytes
    /// @return         a handle of it
    /// @throws sql_error  42P07 if there is something of this name, and as the operations do
    kvstore::store create_store(std::string name, const store_options &options = {});

    /// @return the sizes and counters of all stores of the database, by name
    /// @throws connection_error, timeout_error, sql_error  as the operations do
    std::vector<store_stats> stats();

    /// Sets the counters of all stores of the database to zero.
    /// @throws sql_error  42501 without the privilege, and as the operations do
    void reset_stats();

    /// Carries out several operations, together or not at all:
    ///
    ///     client.transaction([](auto &tx) {
    ///         tx.set("a", "1");
    ///         tx.store("sessions").del("b");
    ///     });
    ///
    /// Commits when `work` returns. When it throws, rolls back and throws the same. If it fails
    /// because of concurrent transactions it is tried again as the options say, so it should do
    /// nothing that is not undone by a rollback. If the connection is lost it is not tried again.
    /// @param work     called with a kvstore::transaction &, which it must not keep
    /// @param options  isolation and attempts
    /// @return         what `work` returns
    /// @throws connection_error  the connection was lost; if that was during the commit, whether
    ///                           it was carried out is not known
    /// @throws sql_error  an operation failed, or the commit: 25P02 if `work` went on after the
    ///                    error of an operation
    /// @throws error  the connection is in a transaction already
    template <std::invocable<kvstore::transaction &> Work>
    auto transaction(Work &&work, const transaction_options &options = {}) {
        for (int attempt = 1;; attempt++)
            try {
                return attempt_transaction(work, options);
            } catch (const sql_error &problem) {
                if (attempt >= options.attempts || !may_be_retried(problem))
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
    bool idle() const noexcept;

  private:
    explicit client(std::unique_ptr<detail::session> on);

    template <class Work>
    auto attempt_transaction(Work &work, const transaction_options &options) {
        kvstore::transaction tx(on(), options);
        if constexpr (std::is_void_v<std::invoke_result_t<Work &, kvstore::transaction &>>) {
            work(tx);
            tx.commit();
        } else {
            auto result = work(tx);
            tx.commit();
            return result;
        }
    }

    static bool may_be_retried(const sql_error &problem);
    static void pause_after(int attempt);

    std::unique_ptr<detail::session> session_;
};

}  // namespace kvstore
#pragma GCC visibility pop
