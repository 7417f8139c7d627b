/// @file
/// What can be done with a store: the vocabulary that clients, transactions, handles of stores
/// and pipelines share.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kvstore/arguments.hpp"
#include "kvstore/error.hpp"
#include "kvstore/options.hpp"
#include "kvstore/results.hpp"
#include "kvstore/time.hpp"

#pragma GCC visibility push(default)
namespace kvstore {

namespace detail {
class session;
}

class store;

/// The mode of operations that are carried out at once, and return their results.
struct immediately {
    /// The result itself.
    template <class R>
    using answer = R;

    /// The connection.
    using executor = detail::session;

    /// What gives them.
    using handle = store;
};

/// The operations on one store.
///
/// Each is one statement, atomic, and outside of a transaction a transaction of its own. An
/// entry is live if it is there and has not expired; one that has expired is absent, to the
/// microsecond, by the server's clock.
///
/// `Mode` says when they are carried out. On a store, a client or a transaction that is at once
/// (`immediately`): `answer<bool>` is a bool. So it is on a pool (`pooled`), with whichever
/// connection is free. On a pipeline they are `queued`: `answer<bool>` is a reply<bool>, which has
/// the result, or throws the error, once the pipeline ran.
///
/// What is called `.._bytes` gives values as bytes, from a store of either type; else they are
/// text.
///
/// What only reads is const. That is about the store, and not about threads: for them it is said of
/// each of these types how it may be shared.
///
/// All of them throw connection_error, timeout_error and sql_error. Any may meet these SQLSTATEs,
/// which are not repeated below: 54000 for a key of more than 2048 bytes, 22021 for text that is
/// not UTF-8 or bytes that are asked for as text, 42501 without a privilege, 25006 for writes
/// where nothing may be written, 42P01 if there is no such store and 42809 if it is none, 42883 if
/// the extension is not found, 40001 in transactions that are REPEATABLE READ or stricter. A
/// TTL that is not positive is 22023.
template <class Mode>
class operations {
  public:
    /// What an operation with the result R returns.
    template <class R>
    using answer = typename Mode::template answer<R>;

    /// What carries the operations out, inside the library.
    using executor = typename Mode::executor;

    /// Not for applications, which have no executor: clients and pipelines give handles of stores.
    /// @param on           carries the operations out
    /// @param store        name of the store; empty for kv_store
    /// @param transaction  that they are part of
    operations(executor &on, std::string store,
               detail::transaction_number transaction = detail::no_transaction)
        : on_(&on), store_(std::move(store)), transaction_(transaction) {}

    /// @name Storing
    /// @{

    /// Stores a value that does not expire.
    /// @param key    at most 2048 bytes
    /// @param value  text or bytes
    /// @return       nothing; on a pipeline, whether it succeeded
    answer<void> set(std::string_view key, value_view value);

    /// Stores a value that expires.
    /// @param key    at most 2048 bytes
    /// @param value  text or bytes
    /// @param time   how long it lives
    /// @return       nothing; on a pipeline, whether it succeeded
    answer<void> set_ex(std::string_view key, value_view value, time_to_live time);

    /// Stores a value, and keeps the expiry of a live entry; without one it does not expire.
    /// @param key    at most 2048 bytes
    /// @param value  text or bytes
    /// @return       nothing; on a pipeline, whether it succeeded
    answer<void> set_keepttl(std::string_view key, value_view value);

    /// Stores a value if the key is not live. Of all who do so at once, one succeeds.
    /// @param key    at most 2048 bytes
    /// @param value  text or bytes
    /// @param time   how long it lives; without, it does not expire
    /// @return       whether it was stored
    answer<bool> set_nx(std::string_view key, value_view value,
                        std::optional<time_to_live> time = {});

    /// Stores a value if the key is live.
    /// @param key    of an entry
    /// @param value  text or bytes
    /// @param time   how long it lives; without, it does not expire
    /// @return       whether it was stored
    answer<bool> set_xx(std::string_view key, value_view value,
                        std::optional<time_to_live> time = {});

    /// Stores a value that does not expire.
    /// @param key    at most 2048 bytes
    /// @param value  text
    /// @return       the live value that it replaced, if there was one
    answer<std::optional<std::string>> get_set(std::string_view key, std::string_view value);

    /// Stores a value that does not expire.
    /// @param key    at most 2048 bytes
    /// @param value  text or bytes
    /// @return       the live value that it replaced, if there was one
    answer<std::optional<byte_vector>> get_set_bytes(std::string_view key, value_view value);

    /// Stores a value if the live one is the expected one (compare and swap).
    /// @param key       at most 2048 bytes
    /// @param expected  the value that must be there; std::nullopt: there must be none
    /// @param value     text or bytes
    /// @param time      how long it lives; without, the expiry stays what it is
    /// @return          whether it was stored
    [[nodiscard]] answer<bool> cas(std::string_view key, std::optional<value_view> expected,
                                   value_view value, std::optional<time_to_live> time = {});

    /// Adds to a counter. One that is not live starts at 0.
    /// @param key   of an integer value
    /// @param by    what to add; may be negative
    /// @param time  how long the counter lives if this call creates it: a fixed window. An
    ///              existing expiry is kept
    /// @return      the sum
    /// @throws sql_error  22P02 if the value is not an integer, 22003 if the sum is too large
    answer<std::int64_t> incr(std::string_view key, std::int64_t by = 1,
                              std::optional<time_to_live> time = {});

    /// Adds to a number with a fraction, as INCRBYFLOAT of Redis does. One that is not live starts
    /// at 0.
    /// @param key   of a number
    /// @param by    what to add; may be negative
    /// @param time  how long the number lives if this call creates it. An existing expiry is kept
    /// @return      the sum, as far as a double holds it
    /// @throws sql_error  22P02 if the value is not a number, 22003 if `by` or the sum is not
    ///                    finite or too large
    /// @throws decode_error  the sum, which is stored, is none that a double holds
    answer<double> incr_float(std::string_view key, double by = 1,
                              std::optional<time_to_live> time = {});

    /// Adds to the end of a value. One that is not live starts empty, and does not expire.
    /// @param key    at most 2048 bytes
    /// @param value  text or bytes
    /// @return       the length in bytes
    /// @throws sql_error  54000 beyond 1 GB
    answer<std::int64_t> append(std::string_view key, value_view value);

    /// Asks whether one more call is allowed, of which there may be so many in a period, and counts
    /// it if it is. The period begins with the first.
    /// @param key     of a counter
    /// @param max     how much is allowed in a period
    /// @param period  how long a period is
    /// @param cost    what this call counts; 0 only asks
    /// @return        whether it is allowed, and what is left
    /// @throws sql_error  22P02 if the value is not an integer
    answer<rate_limit_result> rate_limit(std::string_view key, std::int64_t max,
                                         time_to_live period, std::int64_t cost = 1);

    /// Stores many entries, all or none. Of a key given twice the last value counts.
    /// @param entries  keys with values, text or bytes
    /// @param time     how long they live; without, they do not expire
    /// @return         how many different keys
    answer<std::int64_t> mset(const entry_list &entries, std::optional<time_to_live> time = {});

    /// Stores many entries if none of them is live, all or none.
    /// @param entries  keys with values, text or bytes
    /// @param time     how long they live; without, they do not expire
    /// @return         whether they were stored
    answer<bool> mset_nx(const entry_list &entries, std::optional<time_to_live> time = {});

    /// @}
    /// @name Renaming and copying
    /// @{

    /// Gives an entry, with its expiry, another key, whatever was there.
    /// @param key       of an entry
    /// @param new_key   at most 2048 bytes
    /// @param to_store  where it goes; empty: it stays in its store
    /// @return          whether there was a live one
    answer<bool> rename(std::string_view key, std::string_view new_key,
                        std::string_view to_store = {});

    /// Gives an entry, with its expiry, another key, if that is not live.
    /// @param key       of an entry
    /// @param new_key   at most 2048 bytes
    /// @param to_store  where it goes; empty: it stays in its store
    /// @return          whether it did
    answer<bool> rename_nx(std::string_view key, std::string_view new_key,
                           std::string_view to_store = {});

    /// Copies an entry, with its expiry.
    /// @param key      of an entry
    /// @param new_key  at most 2048 bytes
    /// @param options  whether a live entry there is replaced, and another store to copy to
    /// @return         whether it did
    answer<bool> copy(std::string_view key, std::string_view new_key,
                      const copy_options &options = {});

    /// @}
    /// @name Reading
    /// @{

    /// @param key  of an entry
    /// @return     the live value, if there is one
    [[nodiscard]] answer<std::optional<std::string>> get(std::string_view key) const;

    /// @param key  of an entry
    /// @return     the live value, if there is one
    [[nodiscard]] answer<std::optional<byte_vector>> get_bytes(std::string_view key) const;

    /// Reads many entries, with one statement.
    /// @param keys  of entries, in any order; the same key may occur again
    /// @return      for each key, in the order given, the live value if there is one
    [[nodiscard]] answer<std::vector<std::optional<std::string>>> mget(const key_list &keys) const;

    /// Reads many entries as bytes, with one statement.
    /// @param keys  of entries, in any order; the same key may occur again
    /// @return      for each key, in the order given, the live value if there is one
    [[nodiscard]] answer<std::vector<std::optional<byte_vector>>> mget_bytes(
        const key_list &keys) const;

    /// @param key  of an entry
    /// @return     whether it is live
    [[nodiscard]] answer<bool> exists(std::string_view key) const;

    /// @param key  of an entry
    /// @return     the time that it has left; no value if it is not live or does not expire
    [[nodiscard]] answer<std::optional<std::chrono::microseconds>> ttl(std::string_view key) const;

    /// @param key  of an entry
    /// @return     when it expires, `never` if it does not; no value if it is not live
    [[nodiscard]] answer<std::optional<time_point>> expires(std::string_view key) const;

    /// Reads live entries in the order of their keys (as bytes), a page at a time.
    /// @param options  which entries, and how many at most
    /// @return         a page of entries; fewer than the maximum, if there are no more
    [[nodiscard]] answer<std::vector<entry>> scan(const scan_options &options = {}) const;

    /// Reads live entries as bytes, likewise.
    /// @param options  which entries, and how many at most
    /// @return         a page of entries; fewer than the maximum, if there are no more
    [[nodiscard]] answer<std::vector<entry_bytes>> scan_bytes(
        const scan_options &options = {}) const;

    /// Counts live entries, which reads them all.
    /// @param prefix  of the keys
    /// @return        how many
    [[nodiscard]] answer<std::int64_t> count(std::string_view prefix = {}) const;

    /// @}
    /// @name Changing the expiry
    /// @{

    /// Reads an entry, whose time begins anew.
    /// @param key    of an entry
    /// @param time   how long it lives from now on
    /// @param slack  without it the expiry is always set, which is a write; with it only if it is
    ///               off by so much
    /// @return       the live value, if there is one
    answer<std::optional<std::string>> get_ex(std::string_view key, time_to_live time,
                                              std::optional<time_to_live> slack = {});

    /// Reads an entry as bytes, whose time begins anew.
    /// @param key    of an entry
    /// @param time   how long it lives from now on
    /// @param slack  without it the expiry is always set, which is a write; with it only if it is
    ///               off by so much
    /// @return       the live value, if there is one
    answer<std::optional<byte_vector>> get_ex_bytes(std::string_view key, time_to_live time,
                                                    std::optional<time_to_live> slack = {});

    /// @param key        of an entry
    /// @param time       how long it lives from now on
    /// @param condition  on the expiry that it has; without, whatever that is
    /// @return           whether it was set: there was a live entry that meets the condition
    answer<bool> expire(std::string_view key, time_to_live time,
                        std::optional<expire_if> condition = {});

    /// @param key        of an entry
    /// @param expires    when it expires, by the server's clock; if that is past, it is gone
    /// @param condition  on the expiry that it has; without, whatever that is
    /// @return           whether it was set: there was a live entry that meets the condition
    answer<bool> expire_at(std::string_view key, time_point expires,
                           std::optional<expire_if> condition = {});

    /// The same for a moment in another unit, such as std::chrono::system_clock::now() + 1h.
    /// @param key        of an entry
    /// @param expires    when it expires, by the server's clock; if that is past, it is gone
    /// @param condition  on the expiry that it has; without, whatever that is
    /// @return           whether it was set: there was a live entry that meets the condition
    template <class Duration>
    answer<bool> expire_at(std::string_view key, std::chrono::sys_time<Duration> expires,
                           std::optional<expire_if> condition = {}) {
        return expire_at(key, time_point(detail::in_microseconds(expires.time_since_epoch())),
                         condition);
    }

    /// Makes an entry one that does not expire.
    /// @param key  of an entry
    /// @return     whether there was a live one that did
    answer<bool> persist(std::string_view key);

    /// @}
    /// @name Removing
    /// @{

    /// Reads and removes an entry: of all who ask at once, one gets it.
    /// @param key  of an entry
    /// @return     the live value, if there was one
    answer<std::optional<std::string>> get_del(std::string_view key);

    /// Reads and removes an entry as bytes: of all who ask at once, one gets it.
    /// @param key  of an entry
    /// @return     the live value, if there was one
    answer<std::optional<byte_vector>> get_del_bytes(std::string_view key);

    /// @param key  of an entry
    /// @return     whether there was a live one
    answer<bool> del(std::string_view key);

    /// Removes an entry if it has a certain value, such as a lock by the one who holds it.
    /// @param key       of an entry
    /// @param expected  the value that it must have
    /// @return          whether it was removed
    answer<bool> del_if(std::string_view key, value_view expected);

    /// Removes many entries, all or none.
    /// @param keys  of entries
    /// @return      how many were live
    answer<std::int64_t> mdel(const key_list &keys);

    /// Removes the entries whose keys have a prefix.
    /// @param prefix  of the keys; not empty (sql_error 22023), flush() exists
    /// @return        how many were live
    answer<std::int64_t> del_prefix(std::string_view prefix);

    /// Empties the store, with TRUNCATE: it needs that privilege, and waits for everyone.
    /// @return nothing; on a pipeline, whether it succeeded
    answer<void> flush();

    /// @}
    /// @name Care
    /// @{

    /// Removes expired entries, except locked ones. The server does that by itself as well.
    /// @param max_rows  how many at most; all of them without a value
    /// @return          how many were removed
    answer<std::int64_t> sweep(std::optional<std::int64_t> max_rows = {});

    /// Gives the store a maximum size. Past it, the server's sweeper evicts entries.
    /// @param max_size  such as "100 MB", of what live entries take
    /// @param order     who goes first
    /// @return          nothing; on a pipeline, whether it succeeded
    /// @throws sql_error  22023 if max_size is no size, 0A000 for a store that cannot have a limit
    answer<void> limit(std::string_view max_size, eviction order = eviction::soonest);

    /// Takes the maximum size away, if there is one.
    /// @return nothing; on a pipeline, whether it succeeded
    answer<void> lift_limit();

    /// Has pg_cron sweep the store.
    /// @param schedule  as cron writes it
    /// @return          the id of the job
    /// @throws sql_error  where pg_cron is not installed, with a hint
    answer<std::int64_t> schedule_sweep(std::string_view schedule = "* * * * *");

    /// Ends what schedule_sweep() began.
    /// @return whether there was such a job
    answer<bool> unschedule_sweep();

    /// @return why writes to the store take the slower way, through SQL; no value if they do not
    [[nodiscard]] answer<std::optional<std::string>> detour() const;

    /// @}

    /// @return the name of the store; empty for the extension's own, kv_store
    const std::string &name() const noexcept { return store_; }

  protected:
    /// @return what carries the operations out
    executor &on() const noexcept { return *on_; }

    /// @return the transaction that they are part of
    detail::transaction_number within() const noexcept { return transaction_; }

  private:
    template <class R, class... Arguments>
    answer<R> call(const char *function, const Arguments &...arguments) const;
    template <class R, class... Arguments>
    answer<R> call_for_rows(const char *function, const Arguments &...arguments) const;

    executor *on_;
    std::string store_;
    detail::transaction_number transaction_;
};

}  // namespace kvstore
#pragma GCC visibility pop
