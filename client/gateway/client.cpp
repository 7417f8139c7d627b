#include "client.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <ctime>

#include "memory.hpp"

namespace kvstore::gateway {

// --- What is watched ---------------------------------------------------------------------------

std::vector<redis::watched_key> transaction::watched_keys() const {
    std::vector<redis::watched_key> views;
    views.reserve(watching.size());
    for (const watched &each : watching)
        views.push_back({each.database, each.key, each.version});
    return views;
}

std::vector<redis::watched_key> transaction::absent_keys() const {
    std::vector<redis::watched_key> views = watched_keys();
    std::erase_if(views, [](const redis::watched_key &each) { return !each.version.empty(); });
    return views;
}

// --- Its times ---------------------------------------------------------------------------------

client::clock::time_point client::rough_time() {
#ifdef CLOCK_MONOTONIC_COARSE
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return clock::time_point(std::chrono::seconds(now.tv_sec) +
                             std::chrono::nanoseconds(now.tv_nsec));
#else
    return clock::now();
#endif
}

// --- Sending -----------------------------------------------------------------------------------

// One write at a time; what is added meanwhile goes with the next.
void client::flush() {
    if (is_sending_ || closed_)
        return;
    if (sent_ == sending_.size()) {
        sending_.clear();
        sent_ = 0;
        if (sending_.capacity() > 256 * 1024)
            give_back(sending_);
        std::swap(sending_, out);
    }
    if (sending_.empty())
        return;
    is_sending_ = true;
    last_sent_ = rough_time();
    auto then = [self = shared_from_this()](asio::error_code problem, std::size_t size) {
        self->sent(problem, size);
    };
    const auto bytes = asio::buffer(sending_.data() + sent_, sending_.size() - sent_);
    if (tls_)
        tls_->async_write_some(bytes, std::move(then));
    else
        socket_.async_write_some(bytes, std::move(then));
}

void client::sent(asio::error_code problem, std::size_t size) {
    is_sending_ = false;
    sent_ += size;
    if (size > 0)
        last_used = rough_time();
    if (problem)
        close();
    else
        flush();
    if (progress_.is_waited_for())
        progress_.set();
}

task<void> client::until_sent(std::size_t at_most) {
    while (!closed_ && unsent() > at_most) {
        flush();
        co_await progress_.wait();
    }
}

// --- Receiving ---------------------------------------------------------------------------------

task<std::size_t> client::receive(asio::error_code &problem) {
    const std::span<char> room = requests.room();
    const auto into = asio::buffer(room.data(), room.size());
    return tls_ ? tls_->async_read_some(into, on_error(problem))
                : socket_.async_read_some(into, on_error(problem));
}

void client::await_at_once() {
    if (!closed_)
        awake_.finds_input(socket_.native_handle());
}

task<asio::error_code> client::shake_hands(asio::ssl::context &with) {
    tls_.emplace(socket_, with);
    asio::error_code problem;
    co_await tls_->async_handshake(asio::ssl::stream_base::server, on_error(problem));
    co_return problem;
}

// --- Closing -----------------------------------------------------------------------------------

// What is under way ends with an error, and the coroutine that serves the client then ends.
void client::close() {
    if (std::exchange(closed_, true))
        return;
    tell_end();
    asio::error_code ignored;
    socket_.shutdown(asio::socket_base::shutdown_both, ignored);
    socket_.close(ignored);
    if (as != nullptr)
        as->backends.withdraw(work);
    if (progress_.is_waited_for())
        progress_.set();
}

// Over TLS, so that it knows that nothing was cut off: in what the system takes at once, without
// waiting for an answer.
void client::tell_end() {
    if (tls_ && is_ready)
        tls_->async_shutdown([self = shared_from_this()](asio::error_code) {});
}

// A Unix socket tells both. Over TCP the end of what somebody sends looks like the end of somebody,
// until his system answers a packet that there is no such connection any more: keepalive asks.
bool client::has_hung_up() {
    if (closed_)
        return true;
    pollfd its{socket_.native_handle(), POLLRDHUP, 0};
    poll(&its, 1, 0);
    if ((its.revents & POLLRDHUP) != 0 && !std::exchange(is_probed_, true)) {
        constexpr int first = 1;  // seconds
        constexpr int next = 10;
        setsockopt(its.fd, IPPROTO_TCP, TCP_KEEPIDLE, &first, sizeof first);
        setsockopt(its.fd, IPPROTO_TCP, TCP_KEEPINTVL, &next, sizeof next);
    }
    return (its.revents & (POLLHUP | POLLERR)) != 0;
}

void client::stop_receiving() {
    asio::error_code ignored;
    if (!closed_)
        socket_.shutdown(asio::socket_base::shutdown_receive, ignored);
}

}  // namespace kvstore::gateway
