/// @file
/// Several operations that are carried out together, or not at all.
#pragma once

#include <string>

#include "kvstore/store.hpp"

#pragma GCC visibility push(default)
namespace kvstore {

/// A transaction under way, as client::transaction() gives it to the application's function: the
/// operations on kv_store, handles of other stores and pipelines, all within the transaction.
/// After an operation has failed nothing else succeeds in it (sql_error 25P02).
class transaction : public store {
  public:
    /// Rolls back, unless it was committed.
    ~transaction();
    transaction(const transaction &) = delete;
    transaction &operator=(const transaction &) = delete;

    /// @param name  of another store, as SQL writes it: `sessions`, `app.sessions`
    /// @return      a handle of it, which must not outlive the transaction
    kvstore::store store(std::string name);

  private:
    friend class client;

    transaction(detail::session &on, const transaction_options &options);
    void commit();

    bool open_ = true;
};

}  // namespace kvstore
#pragma GCC visibility pop
