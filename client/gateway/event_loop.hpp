// The event loop: what is used of Asio, with one thread, whose executor has a known type. Files
// that include this take seconds to compile, so few do.
#pragma once

#include <asio/awaitable.hpp>
#include <asio/basic_waitable_timer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <chrono>
#include <memory>
#include <utility>

namespace kvstore::gateway {

using executor = asio::io_context::executor_type;

template <class Result>
using task = asio::awaitable<Result, executor>;

using steady_timer =
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, executor>;

// TCP and Unix alike.
using stream_socket = asio::basic_stream_socket<asio::generic::stream_protocol, executor>;

// co_await operation(.., on_error(problem)): goes on when it is done, well or not.
inline auto on_error(asio::error_code &problem) {
    return asio::redirect_error(asio::use_awaitable_t<executor>(), problem);
}

// A coroutine of its own. What it throws ends the program.
template <class Coroutine>
void spawn(const executor &on, Coroutine &&coroutine) {
    asio::co_spawn(on, std::forward<Coroutine>(coroutine), [](const std::exception_ptr &problem) {
        if (problem)
            std::rethrow_exception(problem);
    });
}

inline task<void> sleep_for(executor on, std::chrono::milliseconds time) {
    steady_timer timer(on, time);
    asio::error_code ignored;
    co_await timer.async_wait(on_error(ignored));
}

// One coroutine waits for it, another sets it, before or afterwards.
class event {
  public:
    task<void> wait();
    // The one that waits goes on at once, within this call; one that comes later, in another turn
    // of the loop.
    void set();
    bool is_waited_for() const { return waiting_ != nullptr; }

  private:
    struct continuation {
        virtual ~continuation() = default;
        virtual void go_on() = 0;
    };
    template <class Handler>
    struct continuation_of : continuation {
        explicit continuation_of(Handler &&its_handler) : handler(std::move(its_handler)) {}
        void go_on() override { std::move(handler)(); }
        Handler handler;
    };

    std::unique_ptr<continuation> waiting_;
    bool is_set_ = false;
};

// Not a coroutine: each takes memory of its own, and every command waits here.
inline task<void> event::wait() {
    return asio::async_initiate<const asio::use_awaitable_t<executor>, void()>(
        [this]<class Handler>(Handler &&handler) {
            if (std::exchange(is_set_, false))
                asio::post(std::forward<Handler>(handler));
            else
                waiting_ =
                    std::make_unique<continuation_of<Handler>>(std::forward<Handler>(handler));
        },
        asio::use_awaitable_t<executor>());
}

inline void event::set() {
    if (auto waiting = std::exchange(waiting_, nullptr))
        waiting->go_on();
    else
        is_set_ = true;
}

}  // namespace kvstore::gateway
