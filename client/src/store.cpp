#include "kvstore/store.hpp"

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

#include "patience.hpp"
#include "session.hpp"

namespace kvstore {

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

    bool acquire(time_to_live time) {
        return held_ = session_.call<bool>(
                   detail::make_request("SELECT ", "kv_lease", store_.name(), key_, token_, time));
    }

    // Gives the lease back and stores the value, as one; does neither if the lease was lost.
    void exchange_for(const value_view &value, time_to_live time) {
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

std::optional<std::string> look(store &in, std::string_view key, const std::string *) {
    return in.get(key);
}
std::optional<byte_vector> look(store &in, std::string_view key, const byte_vector *) {
    return in.get_bytes(key);
}

}  // namespace

template <class Value>
Value store::fetch_with(std::string_view key, time_to_live time,
                        const std::function<Value()> &compute, const fetch_options &options) {
    constexpr const Value *as = nullptr;
    if (on().in_transaction())
        throw error("fetch() in a transaction would wait for what it cannot see");
    if (auto found = look(*this, key, as))
        return *found;
    const auto deadline = detail::deadline_after(options.wait);
    lease mine(*this, on(), key);
    while (!mine.acquire(detail::bounded(options.lease))) {
        if (std::chrono::steady_clock::now() >= deadline)
            throw timeout_error("somebody else still computes the value");
        std::this_thread::sleep_until(std::min(deadline, detail::deadline_after(options.poll)));
        if (auto found = look(*this, key, as))
            return *found;
    }
    // Between the look and the lease someone may have finished.
    if (auto found = look(*this, key, as))
        return *found;
    Value value = compute();
    mine.exchange_for(value, time);
    return value;
}

template std::string store::fetch_with(std::string_view, time_to_live,
                                       const std::function<std::string()> &, const fetch_options &);
template byte_vector store::fetch_with(std::string_view, time_to_live,
                                       const std::function<byte_vector()> &, const fetch_options &);

}  // namespace kvstore
