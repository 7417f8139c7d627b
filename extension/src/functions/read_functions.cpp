// The SQL functions that read. STRICT: a NULL key never gets here.

#include "functions/arguments.hpp"
#include "operations/operations.hpp"

namespace kvstore {

namespace {

constexpr intent reading(const char *function) {
    return {function, ACL_SELECT};
}

Datum get(FunctionCallInfo fcinfo, const char *function, value_kind wanted) {
    Datum key = key_argument(fcinfo);
    return with_store_argument(fcinfo, reading(function), [&](const store &from) {
        std::optional<entry> found = read(from, key, true);
        return value_result(fcinfo, found ? found->value : 0, from.kind, wanted);
    });
}

std::optional<timestamp> get_expiry(FunctionCallInfo fcinfo, const char *function) {
    Datum key = key_argument(fcinfo);
    return with_store_argument(fcinfo, reading(function), [&](const store &from) {
        std::optional<entry> found = read(from, key, false);
        return found ? std::optional(found->expires) : std::nullopt;
    });
}

}  // namespace

KV_SQL_FUNCTION(kv_get) {
    return get(fcinfo, "kv_get()", value_kind::text);
}

KV_SQL_FUNCTION(kv_get_bytes) {
    return get(fcinfo, "kv_get_bytes()", value_kind::bytes);
}

KV_SQL_FUNCTION(kv_exists) {
    PG_RETURN_BOOL(get_expiry(fcinfo, "kv_exists()").has_value());
}

KV_SQL_FUNCTION(kv_expires) {
    std::optional<timestamp> expires = get_expiry(fcinfo, "kv_expires()");
    if (!expires)
        PG_RETURN_NULL();
    PG_RETURN_TIMESTAMPTZ(*expires);
}

KV_SQL_FUNCTION(kv_ttl) {
    std::optional<timestamp> expires = get_expiry(fcinfo, "kv_ttl()");
    if (!expires || *expires == never_expires)
        PG_RETURN_NULL();
    // It was live a moment ago, so never less than the least that lives.
    timestamp now = Min(GetCurrentTimestamp(), *expires - 1);
    return DirectFunctionCall2(timestamp_mi, TimestampTzGetDatum(*expires),
                               TimestampTzGetDatum(now));
}

}  // namespace kvstore
