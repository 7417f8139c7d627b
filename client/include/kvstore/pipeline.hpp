/// @file
/// Many operations with one round trip to the server.
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "kvstore/operations.hpp"
#include "kvstore/store.hpp"

#pragma GCC visibility push(default)
namespace kvstore {

namespace detail {
#pragma GCC visibility push(hidden)
class queue;
#pragma GCC visibility pop
}  // namespace detail

/// The result of an operation on a pipeline, or its error, once the pipeline ran. It may be
/// copied, and outlive the pipeline.
template <class R>
class reply {
  public:
    /// @return the result; may be asked again
    /// @throws sql_error, timeout_error  the operation failed
    /// @throws connection_error  there was no connection, or it was lost before this was sent; an
    ///                           in_doubt_error if it was lost before the answer, outside of a
    ///                           transaction
    /// @throws error  the pipeline did not run yet, or could not, as run() has said
    R get() const {
        if (answer_->problem)
            std::rethrow_exception(answer_->problem);
        if (!answer_->ready)
            throw error("a reply was read before its pipeline ran");
        if constexpr (!std::is_void_v<R>)
            return *answer_->result;
    }

    /// @return whether the pipeline ran, so that get() has something to say
    [[nodiscard]] bool ready() const noexcept { return answer_->ready || answer_->problem; }

  private:
    friend class detail::queue;

    struct nothing {};

    struct state {
        bool ready = false;
        std::exception_ptr problem;
        std::optional<std::conditional_t<std::is_void_v<R>, nothing, R>> result;
    };

    std::shared_ptr<state> answer_ = std::make_shared<state>();
};

/// The mode of operations that wait in a pipeline, and return a reply.
struct queued {
    /// The result, later.
    template <class R>
    using answer = reply<R>;

    /// What they wait in.
    using executor = detail::queue;

    /// What gives them.
    using handle = operations<queued>;
};

extern template class operations<queued>;

/// Operations that are sent together, so that they cost one round trip:
///
///     kvstore::pipeline batch(client);
///     auto name = batch.get("name");
///     batch.incr("visits");
///     batch.open_store("sessions").expire("session:42", 1h);
///     batch.run();
///     use(name.get());
///
/// They are carried out in the order in which they were added, each as a transaction of its own:
/// one that fails changes nothing for the others, before it or after it. Each holds its locks only
/// for itself, so pipelines of several clients wait for one another at most for a moment, and
/// cannot deadlock. On a pipeline of a transaction it is different, as always there: they all
/// commit or none, after a failure the remaining ones fail with 25P02, and so does the commit.
///
/// Nothing is sent before run(). What was added is held in memory until it is sent, and an answer
/// as long as there is a reply for it.
class pipeline : public operations<queued> {
  public:
    /// An empty pipeline.
    /// @param on  a client, a handle of a store or a transaction; the client must outlive this
    explicit pipeline(const store &on);

    ~pipeline();
    /// Moves what is queued. @param other  is not to be used any more
    pipeline(pipeline &&other) noexcept;
    /// Moves what is queued. @param other  is not to be used any more @return this
    pipeline &operator=(pipeline &&other) noexcept;

    /// @param name  of another store, as SQL writes it: `sessions`, `app.sessions`
    /// @return      operations on that store, in this pipeline, which they must not outlive
    [[nodiscard]] operations<queued> open_store(std::string name);

    /// Sends what was added since the last run, and waits for the answers. What was added is
    /// gone then, whether or not it succeeded; the pipeline can be used again.
    /// @return how many operations failed; their replies tell why
    /// @throws in_doubt_error    the connection was lost before all answers had come. Those that
    ///                           had come are good; of the other replies, what was sent throws
    ///                           in_doubt_error, what was not connection_error
    /// @throws connection_error  there is no connection, or it was lost in a transaction, which
    ///                           comes to nothing. Replies that had no answer throw the same
    /// @throws error             nothing was carried out, and all replies throw the same: it is a
    ///                           pipeline of a transaction that has ended, or its connection is
    ///                           the application's and busy, or its client_encoding not UTF8
    std::size_t run();

    /// @return how many operations wait for run()
    [[nodiscard]] std::size_t size() const noexcept;

  private:
    pipeline(std::unique_ptr<detail::queue> waiting, const store &on);

    std::unique_ptr<detail::queue> queue_;
};

}  // namespace kvstore
#pragma GCC visibility pop
