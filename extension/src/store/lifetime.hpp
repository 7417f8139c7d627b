// How long what a call stores lives: read from the call's arguments, and counted from the
// moment at which it is stored, which may be long after the call if that has to wait.
#pragma once

#include "rules/ttl.hpp"
#include "server/postgres.hpp"

namespace kvstore {

class lifetime {
  public:
    // Without an end.
    constexpr lifetime() = default;

    static constexpr lifetime until(timestamp at) {
        lifetime result;
        result.at_ = at;
        return result;
    }

    // The three ways in which SQL gives a TTL, or another time from now on, which errors call so:
    // 22023 if it is zero, negative or not finite, or would end past the end of time; 22007 if a
    // text cannot be read.
    static lifetime of_seconds(double seconds, const char *called = "TTL");
    static lifetime of_interval(const Interval *ttl, const char *called = "TTL");
    // What an interval literal accepts.
    static lifetime of_text(const char *ttl, const char *called = "TTL");

    // When it ends for what is stored at `moment`. Errors: 22023.
    timestamp end(timestamp moment) const;

    // Whether the end depends on that moment.
    constexpr bool counts_from_storing() const { return given_as_ != form::time; }

  private:
    enum class form : std::uint8_t { time, seconds, interval };

    form given_as_ = form::time;
    const char *called_ = "TTL";
    timestamp at_ = never_expires;
    double seconds_ = 0;
    Interval interval_ = {};
};

}  // namespace kvstore
