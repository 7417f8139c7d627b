/// @file
/// The choices that there are, with their defaults:
///
///     kvstore::client client({.conninfo = "dbname=app", .statement_timeout = 200ms});
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#pragma GCC visibility push(default)
namespace kvstore {

namespace detail {
/// A transaction of a connection, so that what was made for it does nothing once it has ended.
using transaction_number = std::uint64_t;
inline constexpr transaction_number no_transaction = 0;  ///< None of them.
}  // namespace detail

/// How to reach the server.
struct connection_options {
    /// As libpq takes it, "host=/run/postgresql dbname=app" or "postgresql://..". What it does
    /// not say, the PG* variables do.
    std::string conninfo = {};

    /// How long connecting may take, for each host; rounded up to whole seconds, at least 2.
    /// It counts instead of what conninfo says. 0 leaves it to conninfo and PGCONNECT_TIMEOUT, and
    /// then to the operating system.
    std::chrono::milliseconds connect_timeout{0};

    /// How long the server may work on a statement before it gives up (timeout_error). It counts
    /// instead of what the options of conninfo say. 0 leaves it to them and to the server. It is
    /// asked for while connecting, which a pooler may refuse.
    std::chrono::milliseconds statement_timeout{0};

    /// Prepare each statement when it is first used. Behind a pooler that may be left on: what
    /// one server does not know is prepared there; within transactions and pipelines, where that
    /// is not possible, statements are sent as text.
    bool prepared = true;

    /// The schema that the extension was created in. Empty: search_path finds it.
    std::string schema = {};

    /// Called with each notice and warning of the server, such as those of a trigger. Without it
    /// they are dropped. What it throws is dropped too. A pool calls it from several threads at
    /// once. What the server says while connecting it is told as well, unless there is a
    /// connect_timeout, here, in conninfo or in PGCONNECT_TIMEOUT: then libpq writes that to
    /// stderr.
    std::function<void(std::string_view)> on_notice = {};
};

/// How many connections a pool has, and how long it lets callers wait for one.
struct pool_options {
    /// Connections at most. They are made when they are first needed.
    std::size_t max_size = 8;

    /// How long pool::borrow() waits for a connection to become free.
    std::chrono::milliseconds wait{5000};
};

/// Which entries of a store go first when it has become larger than its limit.
enum class eviction {
    soonest,  ///< to expire; those that do not expire go last
    oldest    ///< written; a touch is a write
};

/// On which condition an entry's expiry is set, as Redis calls them.
enum class expire_if {
    nx,  ///< it does not expire yet
    xx,  ///< it does
    gt,  ///< it then expires later than it did; one that does not expire has the latest end
    lt   ///< it then expires sooner
};

/// What a transaction sees of others; see PostgreSQL's documentation on transaction isolation.
enum class isolation_level {
    read_committed,   ///< each statement sees what was committed before it
    repeatable_read,  ///< all statements see what was committed before the first
    serializable      ///< as if the transactions ran one after the other
};

/// How a transaction goes about it.
struct transaction_options {
    /// What it sees of others.
    isolation_level isolation = isolation_level::read_committed;

    /// The server refuses writes (sql_error 25006).
    bool read_only = false;

    /// How often client::transact() tries the work in all if it fails because of concurrent
    /// transactions, with a serialization failure (40001) or a deadlock (40P01). Before each
    /// further attempt there is a random pause of at most 10 ms, 20 ms, 40 ms ..
    int attempts = 3;
};

/// How store::fetch() waits.
struct fetch_options {
    /// The time that computing a value may take. If it takes longer, or if the process that
    /// computes dies, another begins to compute.
    std::chrono::milliseconds lease{10'000};

    /// How long to wait for a value that another computes, before timeout_error.
    std::chrono::milliseconds wait{30'000};

    /// How long to wait between two looks at the store.
    std::chrono::milliseconds poll{20};
};

/// Which entries operations::scan() gives.
struct scan_options {
    /// Those whose keys begin with this; `%` and `_` mean themselves.
    std::string_view prefix = {};

    /// Those after this key: the last one of the page before.
    std::optional<std::string_view> after = {};

    /// How many at most; all of them without a value.
    std::optional<std::int32_t> max = 1000;
};

/// How operations::copy() copies.
struct copy_options {
    /// A live entry that is there already.
    bool replace = false;

    /// The store to copy to; empty: the one that is copied from.
    std::string_view to_store = {};
};

/// What sort of store client::create_store() makes.
struct store_options {
    /// Kept through a crash, and on standbys. Without it the store is faster, and empty after a
    /// crash.
    bool logged = false;

    /// Its values are bytes (bytea) instead of text.
    bool bytes = false;
};

}  // namespace kvstore
#pragma GCC visibility pop
