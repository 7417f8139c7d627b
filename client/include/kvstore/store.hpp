/// @file
/// A handle of a store: its operations, carried out at once.
#pragma once

#include <concepts>
#include <functional>
#include <string>
#include <string_view>

#include "kvstore/operations.hpp"

#pragma GCC visibility push(default)
namespace kvstore {

class pipeline;

namespace detail {
class session;
}

/// The mode of operations that are carried out at once, and return their results.
struct immediately {
    /// The result itself.
    template <class R>
    using answer = R;

    /// The connection.
    using executor = detail::session;
};

extern template class operations<immediately>;

/// A store, on the connection of a client. It is copied freely and must not outlive its client;
/// it stays good when the client is moved. Like the client, it is used by one thread at a time.
class store : public operations<immediately> {
  public:
    using operations::operations;

    /// Operations on this store, to be sent together; see pipeline.
    /// @return an empty pipeline, which must not outlive the client
    kvstore::pipeline pipeline();

    /// The live value; if there is none, computes and stores it. Of all callers in all processes,
    /// one computes while the others wait for what it stores.
    ///
    /// The one is who holds the lease, an entry `kvstore:lease:` + key in the same store with a
    /// random token. Only its holder releases it; if the holder dies it expires, and another of
    /// those who wait takes it. If `compute` throws, the lease is released and the exception
    /// passed on; then another tries. What took longer than the lease is returned but not stored
    /// if someone else began to compute meanwhile.
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
        std::string_view key, kvstore::ttl time, Compute &&compute,
        const fetch_options &options = {}) {
        return fetch_with(key, time, std::ref(compute), options);
    }

  private:
    std::string fetch_with(std::string_view key, kvstore::ttl time,
                           const std::function<std::string()> &compute,
                           const fetch_options &options);
};

}  // namespace kvstore
#pragma GCC visibility pop
