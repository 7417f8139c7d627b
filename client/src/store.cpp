#include "kvstore/store.hpp"

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

#include "kvstore/pipeline.hpp"
#include "patience.hpp"
#include "queue.hpp"
#include "session.hpp"

namespace kvstore {

kvstore::pipeline store::pipeline() {
    return {std::make_unique<detail::queue>(on()), name()};
}

namespace {

// 128 random bits, in letters.
std::string random_token() {
    std::random_device random;
    std::string token;
    for (int i = 0; i < 32; i++)
        token += "0123456789abcdef"[random() % 16];
    return token;
}

// The lease of a key, held by one in all processes until it gives it back or it expires.
class lease {
  public:
    lease(store &in, detail::session &on, std::string_view key)
        : store_(in), session_(on), key_(key) {}
    ~lease() {
        if (held_)
            try {
                release();
            } catch (const error &) {  // NOLINT: then it expires
            }
    }
    lease(const lease &) = delete;
    lease &operator=(const lease &) = delete;

    bool acquire(ttl time) {
        return held_ = session_.call<bool>(
                   detail::make_request("SELECT ", "kv_lease", store_.name(), key_, token_, time));
    }

    // Gives the lease back and stores the value, as one; does neither if the lease was lost.
    void exchange_for(std::string_view value, ttl time) {
        session_.begin({});
        try {
            if (release())
                store_.set_ex(key_, value, time);
            session_.commit();
            held_ = false;
        } catch (...) {
            session_.rollback();
            throw;
        }
    }

  private:
    bool release() {
        return session_.call<bool>(
            detail::make_request("SELECT ", "kv_release", store_.name(), key_, token_));
    }

    store &store_;
    detail::session &session_;
    const std::string_view key_;
    const std::string token_ = random_token();
    bool held_ = false;
};

}  // namespace

std::string store::fetch_with(std::string_view key, kvstore::ttl time,
                              const std::function<std::string()> &compute,
                              const fetch_options &options) {
    if (on().in_transaction())
        throw error("fetch() in a transaction would wait for what it cannot see");
    if (auto found = get(key))
        return *found;
    const auto deadline = detail::deadline_after(options.wait);
    lease mine(*this, on(), key);
    while (!mine.acquire(detail::bounded(options.lease))) {
        if (std::chrono::steady_clock::now() >= deadline)
            throw timeout_error("somebody else still computes the value");
        std::this_thread::sleep_until(std::min(deadline, detail::deadline_after(options.poll)));
        if (auto found = get(key))
            return *found;
    }
    // Between the look and the lease someone may have finished.
    if (auto found = get(key))
        return *found;
    std::string value = compute();
    mine.exchange_for(value, time);
    return value;
}

}  // namespace kvstore
