/// @file
/// Connections for many threads.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kvstore/client.hpp"

#pragma GCC visibility push(default)
namespace kvstore {

class pool;

namespace detail {
struct request;
}

/// The mode of operations that are carried out at once, on whichever connection of a pool is free.
struct pooled {
    /// The result itself.
    template <class R>
    using answer = R;

    /// The pool.
    using executor = pool;
};

extern template class operations<pooled>;

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
    [[nodiscard]] client &operator*() noexcept { return *client_; }

    /// @return the client
    client *operator->() noexcept { return &*client_; }

  private:
    friend class pool;

    borrowed_client(pool &from, client &&borrowed);

    pool *pool_;
    std::optional<client> client_;
};

/// A bounded number of connections, made when they are needed and shared by any number of
/// threads. It is used like a client, each call with a connection that is free:
///
///     kvstore::pool pool({.conninfo = "dbname=app"}, {.max_size = 16});
///     pool.set("key", "value");
///
/// For several calls on one connection a thread borrows a client. Everything but the destructor may
/// be called by several threads at once. Each call may throw, besides what it throws on a client,
/// timeout_error if no connection became free in pool_options::wait.
class pool : public operations<pooled> {
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
    [[nodiscard]] borrowed_client borrow();

    /// @param name  of a store, as SQL writes it: `sessions`, `app.sessions`
    /// @return      operations on it, with whichever connections are free; they must not outlive
    ///              the pool
    [[nodiscard]] operations<pooled> open_store(std::string name) {
        return {*this, std::move(name)};
    }

    /// Carries out several operations, together or not at all; see client::transact().
    /// @param work     called with a transaction &, which it must not keep
    /// @param options  isolation and attempts
    /// @return         what `work` returns
    template <std::invocable<transaction &> Work>
    auto transact(Work &&work, const transaction_options &options = {}) {
        return borrow()->transact(std::forward<Work>(work), options);
    }

    /// The live value; if there is none, computes and stores it; see store::fetch(). A connection
    /// is taken until it is there.
    /// @param key      of the entry
    /// @param time     how long the computed value lives
    /// @param compute  called without arguments, returns something convertible to std::string
    /// @param options  how long to wait for others, and they for this one
    /// @return         the value, stored or computed
    template <std::invocable Compute>
    std::string fetch(std::string_view key, time_to_live time, Compute &&compute,
                      const fetch_options &options = {}) {
        return borrow()->fetch(key, time, std::forward<Compute>(compute), options);
    }

    /// @return how many connections are open, free or borrowed
    [[nodiscard]] std::size_t size() const;

  private:
    friend class borrowed_client;
    friend class operations<pooled>;

    template <class R>
    R call(const detail::request &what);
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
