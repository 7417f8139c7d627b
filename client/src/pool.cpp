#include "kvstore/pool.hpp"

#include <utility>

#include "patience.hpp"

namespace kvstore {

pool::pool(connection_options connection, pool_options options)
    : pooled_store(*this, ""), connection_(std::move(connection)), options_(options) {}

pool::~pool() = default;

// Connecting takes time, so it is done without the lock, on a place that was reserved with it.
borrowed_client pool::borrow() {
    std::optional<client> taken = take_or_reserve();
    try {
        if (taken)
            taken->check();
        else
            taken.emplace(connection_);
    } catch (...) {
        release_place();
        throw;
    }
    return {*this, std::move(*taken)};
}

// A free client, or none: then the caller may make one.
std::optional<client> pool::take_or_reserve() {
    std::unique_lock lock(mutex_);
    const bool possible =
        one_is_free_.wait_until(lock, detail::deadline_after(options_.wait),
                                [this] { return !free_.empty() || size_ < options_.max_size; });
    if (!possible)
        throw timeout_error("no connection of the pool became free in time");
    if (free_.empty()) {
        free_.reserve(size_ + 1);  // so that giving back needs no memory
        size_++;
        return std::nullopt;
    }
    client taken = std::move(free_.back());
    free_.pop_back();
    return taken;
}

void pool::give_back(client &&returned) noexcept {
    if (!returned.idle()) {
        { client closed = std::move(returned); }
        release_place();
        return;
    }
    {
        std::lock_guard lock(mutex_);
        free_.push_back(std::move(returned));
    }
    one_is_free_.notify_one();
}

void pool::release_place() noexcept {
    {
        std::lock_guard lock(mutex_);
        size_--;
    }
    one_is_free_.notify_one();
}

pooled_store pool::create_store(std::string name, const store_options &options) {
    borrowed_client mine = borrow();
    return open_store(mine->create_store(std::move(name), options).name());
}

void pool::drop_store(std::string name) {
    borrowed_client mine = borrow();
    mine->drop_store(std::move(name));
}

std::vector<store_stats> pool::stats() const {
    borrowed_client mine = on().borrow();
    return mine->stats();
}

void pool::reset_stats() {
    borrowed_client mine = borrow();
    mine->reset_stats();
}

std::size_t pool::size() const {
    std::lock_guard lock(mutex_);
    return size_;
}

borrowed_client::borrowed_client(pool &from, client &&borrowed)
    : pool_(&from), client_(std::move(borrowed)) {}

borrowed_client::borrowed_client(borrowed_client &&other) noexcept
    : pool_(other.pool_), client_(std::exchange(other.client_, std::nullopt)) {}

borrowed_client::~borrowed_client() {
    if (client_)
        pool_->give_back(std::move(*client_));
}

}  // namespace kvstore
