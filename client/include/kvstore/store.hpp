/// @file
/// A handle of a store: its operations, carried out at once.
#pragma once

#include <concepts>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>

#include "kvstore/operations.hpp"
#include "kvstore/scan_range.hpp"

#pragma GCC visibility push(default)
namespace kvstore {

extern template class operations<immediately>;

/// A store, on the connection of a client. It is copied freely and must not outlive its client;
/// it stays good when the client is moved. Like the client, it is used by one thread at a time,
/// and so are all handles of one client, a const one too.
class store : public operations<immediately> {
  public:
    using operations::operations;

    /// All live entries in the order of their keys, for a loop that reads page after page:
    ///
    ///     for (const kvstore::entry &each : client.entries({.prefix = "price:"}))
    ///         std::cout << each.key << '\n';
    ///
    /// What is written meanwhile may be seen or not.
    /// @param options  which entries; max is the size of a page
    /// @return         a range, which must not outlive the client
    [[nodiscard]] scan_range<entry> entries(const scan_options &options = {}) const {
        return {*this, options};
    }

    /// All live entries, likewise, their values as bytes.
    /// @param options  which entries; max is the size of a page
    /// @return         a range, which must not outlive the client
    [[nodiscard]] scan_range<entry_bytes> entries_bytes(const scan_options &options = {}) const {
        return {*this, options};
    }

    /// The live value; if there is none, computes and stores it. Of all callers in all processes,
    /// one computes while the others wait for what it stores.
    ///
    /// The one is who holds the lease of the key (kv_lease in docs/reference.md). It is given back
    /// with the storing. If its holder dies it expires, and another of those who wait takes it. If
    /// `compute` throws, the lease is released and the exception passed on; then another tries.
    /// What took longer than the lease is returned but not stored.
    ///
    /// @param key      of the entry
    /// @param time     how long the computed value lives
    /// @param compute  called without arguments, returns something convertible to std::string
    /// @param options  how long to wait for others, and they for this one
    /// @return         the value, stored or computed
    /// @throws timeout_error  nothing was there after options.wait, and somebody else still
    ///                        computes
    /// @throws error          it is called within a transaction, where waiting is futile
    template <std::invocable Compute>
    requires std::convertible_to<std::invoke_result_t<Compute &>, std::string> std::string fetch(
        std::string_view key, time_to_live time, Compute &&compute,
        const fetch_options &options = {}) {
        return fetch_with(key, time, std::function<std::string()>(std::ref(compute)), options);
    }

    /// The live value, or what is computed, as fetch() does; as bytes.
    /// @param key      of the entry
    /// @param time     how long the computed value lives
    /// @param compute  called without arguments, returns a byte_vector
    /// @param options  how long to wait for others, and they for this one
    /// @return         the value, stored or computed
    template <std::invocable Compute>
    requires std::convertible_to<std::invoke_result_t<Compute &>, byte_vector> byte_vector
    fetch_bytes(std::string_view key, time_to_live time, Compute &&compute,
                const fetch_options &options = {}) {
        return fetch_with(key, time, std::function<byte_vector()>(std::ref(compute)), options);
    }

  private:
    friend class pipeline;

    std::string fetch_with(std::string_view key, time_to_live time,
                           const std::function<std::string()> &compute,
                           const fetch_options &options);
    byte_vector fetch_with(std::string_view key, time_to_live time,
                           const std::function<byte_vector()> &compute,
                           const fetch_options &options);
};

}  // namespace kvstore
#pragma GCC visibility pop
