// The SQL functions that change one entry.

#include "arguments.hpp"
#include "operations.hpp"

namespace kvstore {

namespace {

void store_value(FunctionCallInfo fcinfo, const operation &op, value_kind given,
                 timestamp expires) {
    Datum key = key_argument(fcinfo);
    Datum value = value_argument(fcinfo, 1);
    with_store_argument(fcinfo, op.what, [&](const store &in) {
        require_admitted(in, value, given);
        return perform(op, in, {key, value, expires});
    });
}

template <value_kind given>
Datum set(FunctionCallInfo fcinfo) {
    store_value(fcinfo, operations::set, given, never_expires);
    PG_RETURN_VOID();
}

template <value_kind given, class Ttl>
Datum set_ex(FunctionCallInfo fcinfo) {
    store_value(fcinfo, operations::set_ex, given, ttl_argument<Ttl>(fcinfo, 2));
    PG_RETURN_VOID();
}

// An operation that answers the value it found.
Datum answer_value(FunctionCallInfo fcinfo, const operation &op, value_kind wanted,
                   timestamp expires = never_expires) {
    Datum key = key_argument(fcinfo);
    return with_store_argument(fcinfo, op.what, [&](const store &in) {
        outcome done = perform(op, in, {.key = key, .expires = expires});
        return value_result(fcinfo, done.value, in.kind, wanted);
    });
}

template <class Ttl>
Datum get_ex(FunctionCallInfo fcinfo) {
    return answer_value(fcinfo, operations::get_ex, value_kind::text, ttl_argument<Ttl>(fcinfo, 1));
}

// An operation that answers whether it applied.
Datum answer_applied(FunctionCallInfo fcinfo, const operation &op) {
    Datum key = key_argument(fcinfo);
    return with_store_argument(fcinfo, op.what, [&](const store &in) {
        return BoolGetDatum(perform(op, in, {.key = key}).applied);
    });
}

}  // namespace

KV_SQL_FUNCTION(kv_set) {
    return set<value_kind::text>(fcinfo);
}
KV_SQL_FUNCTION(kv_set_bytes) {
    return set<value_kind::bytes>(fcinfo);
}

KV_SQL_FUNCTION_FOR_EACH_TTL(kv_set_ex, set_ex<value_kind::text, Ttl>)
KV_SQL_FUNCTION_FOR_EACH_TTL(kv_set_ex_bytes, set_ex<value_kind::bytes, Ttl>)

KV_SQL_FUNCTION_FOR_EACH_TTL(kv_get_ex, get_ex<Ttl>)

KV_SQL_FUNCTION(kv_get_del) {
    return answer_value(fcinfo, operations::get_del, value_kind::text);
}

KV_SQL_FUNCTION(kv_del) {
    return answer_applied(fcinfo, operations::del);
}

}  // namespace kvstore
