/// @file
/// Connections for many threads.
#pragma once

#include <concepts>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "kvstore/client.hpp"

#pragma GCC visibility push(default)
namespace kvstore {

class pool;
class pooled_store;

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

    /// What gives them.
    using handle = pooled_store;
};

extern template class operations<pooled>;

/// A client borrowed from a pool; it goes back when this is destroyed. Handles, ranges,
/// transactions and pipelines made from it must be gone by then. So it has a name: that
/// `*pool.borrow()` and `pool.borrow()->` do not compile keeps one from using what has gone back.
class borrowed_client {
  public:
    /// Gives the client back. One that is broken or still in a transaction is closed instead.
    ~borrowed_client();
    /// Moves the client. @param other  has none then
    borrowed_client(borrowed_client &&other) noexcept;
    borrowed_client &operator=(borrowed_client &&) = delete;

    /// @return the client
    [[nodiscard]] client &operator*() &noexcept { return *client_; }
    client &operator*() && = delete;

    /// @return the client
    client *operator->() &noexcept { return &*client_; }
    client *operator->() && = delete;

  private:
    friend class pool;

    borrowed_client(pool &from, client &&borrowed);

    pool *pool_;
    std::optional<client> client_;
};

/// A store, with whichever connection of a pool is free. It is copied freely and must not outlive
/// the pool. Several threads may use it at once.
class pooled_store : public operations<pooled> {
  public:
    using operations::operations;

    /// All live entries in the order of their keys; see store::entries(). Each page is read with
    /// whichever connection is free then, so none is taken in between.
    /// @param options  which entries; max is the size of a page
    /// @return         a range, which must not outlive the pool
    [[nodiscard]] scan_range<entry, pooled> entries(const scan_options &options = {}) const {
        return {*this, options};
    }

    /// All live entries, likewise, their values as bytes.
    /// @param options  which entries; max is the size of a page
    /// @return         a range, which must not outlive the pool
    [[nodiscard]] scan_range<entry_bytes, pooled> entries_bytes(
        const scan_options &options = {}) const {
        return {*this, options};
    }

    /// The live value; if there is none, computes and stores it; see store::fetch(). A connection
    /// is taken until it is there.
    /// @param key      of the entry
    /// @param time     how long the computed value lives
    /// @param compute  called without arguments, returns something convertible to std::string
    /// @param options  how long to wait for others, and they for this one
    /// @return         the value, stored or computed
    /// @throws timeout_error  nothing was there after options.wait, and somebody else still
    ///                        computes; or no connection became free
    template <std::invocable Compute>
    requires std::convertible_to<std::invoke_result_t<Compute &>, std::string> std::string fetch(
        std::string_view key, time_to_live time, Compute &&compute,
        const fetch_options &options = {});

    /// The live value, or what is computed, as fetch() does; as bytes.
    /// @param key      of the entry
    /// @param time     how long the computed value lives
    /// @param compute  called without arguments, returns a byte_vector
    /// @param options  how long to wait for others, and they for this one
    /// @return         the value, stored or computed
    /// @throws timeout_error  nothing was there after options.wait, and somebody else still
    ///                        computes; or no connection became free
    template <std::invocable Compute>
    requires std::convertible_to<std::invoke_result_t<Compute &>, byte_vector> byte_vector
    fetch_bytes(std::string_view key, time_to_live time, Compute &&compute,
                const fetch_options &options = {});
};

/// A bounded number of connections, made when they are needed and shared by any number of
/// threads. It is used like a client, each call with a connection that is free:
///
///     kvstore::pool pool({.conninfo = "dbname=app"}, {.max_size = 16});
///     pool.set("key", "value");
///
/// For several calls on one connection a thread borrows a client. Everything but the destructor may
/// be called by several threads at once; so may connection_options::on_notice. Each call may throw,
/// besides what it throws on a client, timeout_error if no connection became free in
/// pool_options::wait.
class pool : public pooled_store {
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
    [[nodiscard]] pooled_store open_store(std::string name) { return {*this, std::move(name)}; }

    /// Creates a store; see client::create_store().
    /// @param name     as SQL writes it: `sessions`, `app.sessions`, `"Mixed Case"`
    /// @param options  logged or not, text or bytes
    /// @return         operations on it, as open_store() gives them
    pooled_store create_store(std::string name, const store_options &options = {});

    /// Drops a store, with all that is in it; see client::drop_store().
    /// @param name  as SQL writes it: `sessions`, `app.sessions`, `"Mixed Case"`
    void drop_store(std::string name);

    /// @return the sizes and counters of all stores of the database, by name
    [[nodiscard]] std::vector<store_stats> stats() const;

    /// Sets the counters of all stores of the database to zero.
    void reset_stats();

    /// Carries out several operations, together or not at all; see client::transact().
    /// @param work     called with a transaction &, which it must not keep
    /// @param options  isolation and attempts
    /// @return         what `work` returns
    template <std::invocable<transaction &> Work>
    auto transact(Work &&work, const transaction_options &options = {}) {
        borrowed_client mine = borrow();
        return mine->transact(std::forward<Work>(work), options);
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

template <std::invocable Compute>
requires std::convertible_to<std::invoke_result_t<Compute &>, std::string> std::string
pooled_store::fetch(std::string_view key, time_to_live time, Compute &&compute,
                    const fetch_options &options) {
    borrowed_client mine = on().borrow();
    return mine->open_store(name()).fetch(key, time, std::forward<Compute>(compute), options);
}

template <std::invocable Compute>
requires std::convertible_to<std::invoke_result_t<Compute &>, byte_vector> byte_vector
pooled_store::fetch_bytes(std::string_view key, time_to_live time, Compute &&compute,
                          const fetch_options &options) {
    borrowed_client mine = on().borrow();
    return mine->open_store(name()).fetch_bytes(key, time, std::forward<Compute>(compute), options);
}

}  // namespace kvstore
#pragma GCC visibility pop
