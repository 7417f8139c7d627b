// How SQL functions take a TTL: as an interval, a number of seconds, whole or not, or a text, each
// read as a lifetime.
#pragma once

#include <type_traits>

#include "functions/arguments.hpp"
#include "store/lifetime.hpp"

namespace kvstore {

struct interval_ttl {
    static lifetime read(Datum ttl, const char *called) {
        return lifetime::of_interval(DatumGetIntervalP(ttl), called);
    }
};
struct seconds_ttl {
    static lifetime read(Datum ttl, const char *called) {
        return lifetime::of_seconds(DatumGetFloat8(ttl), called);
    }
};
// As seconds, with a type of its own: a number without a point is an integer, and what fits
// the arguments of a call exactly is what SQL calls.
struct integer_ttl {
    static lifetime read(Datum ttl, const char *called) {
        return lifetime::of_seconds(DatumGetInt32(ttl), called);
    }
};
struct text_ttl {
    static lifetime read(Datum ttl, const char *called) {
        return lifetime::of_text(TextDatumGetCString(ttl), called);
    }
};
struct no_ttl {};

template <class Ttl>
lifetime ttl_argument(FunctionCallInfo fcinfo, int number) {
    if constexpr (std::is_same_v<Ttl, no_ttl>)
        return {};
    else
        return Ttl::read(required(fcinfo, number, "ttl"), "TTL");
}

// Defines the functions name_interval, name_seconds, name_integer and name_text. Each returns
// body<Ttl>(fcinfo, ..), where Ttl is its kind of TTL and .. what follows the body here.
#define KV_SQL_FUNCTION_FOR_EACH_TTL(name, body, ...)                 \
    KV_SQL_FUNCTION(name##_interval) {                                \
        return body<interval_ttl>(fcinfo __VA_OPT__(, ) __VA_ARGS__); \
    }                                                                 \
    KV_SQL_FUNCTION(name##_seconds) {                                 \
        return body<seconds_ttl>(fcinfo __VA_OPT__(, ) __VA_ARGS__);  \
    }                                                                 \
    KV_SQL_FUNCTION(name##_integer) {                                 \
        return body<integer_ttl>(fcinfo __VA_OPT__(, ) __VA_ARGS__);  \
    }                                                                 \
    KV_SQL_FUNCTION(name##_text) {                                    \
        return body<text_ttl>(fcinfo __VA_OPT__(, ) __VA_ARGS__);     \
    }

}  // namespace kvstore
