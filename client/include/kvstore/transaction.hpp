/// @file
/// Several operations that are carried out together, or not at all.
#pragma once

#include <string>

#include "kvstore/store.hpp"

#pragma GCC visibility push(default)
namespace kvstore {

class client;

/// A transaction under way: the operations on kv_store, handles of other stores and pipelines, all
/// within it.
///
///     kvstore::transaction tx(client);
///     tx.set("a", "1");
///     tx.open_store("sessions").del("b");
///     tx.commit();
///
/// After an operation has failed nothing else succeeds in it (sql_error 25P02). Once it has ended,
/// whatever was made for it, handles and pipelines too, throws an error and does nothing. What is
/// to be tried again after a serialization failure is better left to client::transact().
class transaction : public store {
  public:
    /// Begins it. Until it ends, whatever else is done with the client is done within it.
    /// @param in       a client, which must outlive this
    /// @param options  isolation; attempts are of no account here
    /// @throws error  the connection is in a transaction already
    explicit transaction(client &in, const transaction_options &options = {});

    /// Rolls back, unless it has ended.
    ~transaction();
    transaction(const transaction &) = delete;
    transaction &operator=(const transaction &) = delete;

    /// @param name  of another store, as SQL writes it: `sessions`, `app.sessions`
    /// @return      a handle of it, which must not outlive the transaction
    [[nodiscard]] store open_store(std::string name);

    /// Commits. It has ended then, whether or not that succeeded.
    /// @throws connection_error  the connection had been lost before: nothing was carried out
    /// @throws in_doubt_error  it was lost meanwhile, and whether it was carried out is not known
    /// @throws sql_error  it was rolled back: 25P02 if an operation had failed
    /// @throws error  it has ended already
    void commit();

    /// Rolls back, unless it has ended. It has ended then.
    void rollback() noexcept;

  private:
    bool is_open_ = true;
};

}  // namespace kvstore
#pragma GCC visibility pop
