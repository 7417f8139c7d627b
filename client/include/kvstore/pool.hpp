/// @file
/// Connections for many threads.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <vector>

#include "kvstore/client.hpp"

#pragma GCC visibility push(default)
namespace kvstore {

class pool;

/// A client borrowed from a pool; it goes back when this is destroyed. Handles and pipelines made
/// from it must be gone by then.
class borrowed_client {
  public:
    /// Gives the client back. One that is broken or still in a transaction is closed instead.
    ~borrowed_client();
    /// Moves the client. @param other  has none then
    borrowed_client(borrowed_client &&other) noexcept;
    borrowed_client &operator=(borrowed_client &&) = delete;

    /// @return the client
    client &operator*() noexcept { return *client_; }

    /// @return the client
    client *operator->() noexcept { return &*client_; }

  private:
    friend class pool;

    borrowed_client(pool &from, client &&borrowed);

    pool *pool_;
    std::optional<client> client_;
};

/// A bounded number of connections, made when they are needed and shared by any number of
/// threads:
///
///     kvstore::pool pool({.conninfo = "dbname=app"}, {.max_size = 16});
///     pool.borrow()->set("key", "value");
///
/// Each thread borrows a client for as long as it needs it. Everything but the destructor may be
/// called by several threads at once.
class pool {
  public:
    /// Connects to nothing yet.
    /// @param connection  how to reach the server
    /// @param options     how many connections, and how long to wait for one
    explicit pool(connection_options connection = {}, pool_options options = {});

    /// All that was borrowed must be back.
    ~pool();
    pool(const pool &) = delete;
    pool &operator=(const pool &) = delete;

    /// Takes a free connection, or makes one, or waits until one is given back. A connection that
    /// was lost meanwhile is made anew before it is handed out.
    /// @return a client that is connected
    /// @throws timeout_error     none became free in pool_options::wait
    /// @throws connection_error  none could be made
    borrowed_client borrow();

    /// @return how many connections are open, free or borrowed
    std::size_t size() const;

  private:
    friend class borrowed_client;

    std::optional<client> take_or_reserve();
    void give_back(client &&returned) noexcept;
    void release_place() noexcept;

    const connection_options connection_;
    const pool_options options_;
    mutable std::mutex mutex_;
    std::condition_variable one_is_free_;
    std::vector<client> free_;
    std::size_t size_ = 0;
};

}  // namespace kvstore
#pragma GCC visibility pop
