// The SQL functions that change one entry.

#include <array>

#include "functions/result_rows.hpp"
#include "functions/ttl_argument.hpp"
#include "operations/conditional.hpp"
#include "operations/operations.hpp"
#include "rules/integer.hpp"

namespace kvstore {

namespace {

using operations::append;
using operations::cas;
using operations::cas_keep;
using operations::del;
using operations::del_if;
using operations::expire;
using operations::get_del;
using operations::get_ex;
using operations::get_ex_unless_good;
using operations::get_set;
using operations::incr;
using operations::persist;
using operations::rate_limit;
using operations::set;
using operations::set_keepttl;
using operations::set_nx;
using operations::set_xx;

// --- What they have in common ---

outcome perform_on_argument(FunctionCallInfo fcinfo, const operation &op, const request &asked) {
    return with_store_argument(fcinfo, op.what,
                               [&](const store &in) { return perform(op, in, asked); });
}

// Stores the second argument under the first.
bool store_value(FunctionCallInfo fcinfo, const operation &op, value_kind given,
                 const lifetime &lives) {
    Datum key = key_argument(fcinfo);
    Datum value = value_argument(fcinfo, 1, "value");
    return with_store_argument(fcinfo, op.what, [&](const store &in) {
        require_admitted(in, value, given);
        return perform(op, in, {key, value, lives}).applied;
    });
}

// Answers the value it found.
Datum answer_value(FunctionCallInfo fcinfo, const operation &op, value_kind wanted,
                   const request &asked) {
    return with_store_argument(fcinfo, op.what, [&](const store &in) {
        return value_result(fcinfo, perform(op, in, asked).answer, in.kind, wanted);
    });
}

// --- The functions, for each type of value and of TTL ---

Datum kv_set_as(FunctionCallInfo fcinfo, value_kind given) {
    store_value(fcinfo, set, given, {});
    PG_RETURN_VOID();
}

template <class Ttl>
Datum kv_set_ex_as(FunctionCallInfo fcinfo, value_kind given) {
    store_value(fcinfo, set.called("kv_set_ex()"), given, ttl_argument<Ttl>(fcinfo, 2));
    PG_RETURN_VOID();
}

Datum kv_set_keepttl_as(FunctionCallInfo fcinfo, value_kind given) {
    store_value(fcinfo, set_keepttl, given, {});
    PG_RETURN_VOID();
}

template <class Ttl = no_ttl>
Datum kv_set_nx_as(FunctionCallInfo fcinfo, value_kind given) {
    PG_RETURN_BOOL(store_value(fcinfo, set_nx, given, ttl_argument<Ttl>(fcinfo, 2)));
}

template <class Ttl = no_ttl>
Datum kv_set_xx_as(FunctionCallInfo fcinfo, value_kind given) {
    PG_RETURN_BOOL(store_value(fcinfo, set_xx, given, ttl_argument<Ttl>(fcinfo, 2)));
}

template <class Ttl>
Datum kv_get_ex_as(FunctionCallInfo fcinfo, value_kind wanted) {
    Datum key = key_argument(fcinfo);
    request asked{.key = key, .lives = ttl_argument<Ttl>(fcinfo, 1)};
    if (!PG_ARGISNULL(2))
        asked.slack = Ttl::read(PG_GETARG_DATUM(2), "slack");
    const operation &op = asked.slack ? get_ex_unless_good : get_ex;
    return answer_value(fcinfo, wanted == value_kind::bytes ? op.called("kv_get_ex_bytes()") : op,
                        wanted, asked);
}

// Argument `number`, in Redis's words; none is NULL.
expiry_condition condition_argument(FunctionCallInfo fcinfo, int number) {
    if (PG_ARGISNULL(number))
        return {};
    const char *word = TextDatumGetCString(PG_GETARG_DATUM(number));
    expiry_condition condition{.none = pg_strcasecmp(word, "nx") == 0,
                               .some = pg_strcasecmp(word, "xx") == 0,
                               .later = pg_strcasecmp(word, "gt") == 0,
                               .earlier = pg_strcasecmp(word, "lt") == 0};
    if (&expire_on(condition) == &expire)
        raise_no_condition(word);
    return condition;
}

template <class Ttl>
Datum kv_expire_as(FunctionCallInfo fcinfo) {
    Datum key = key_argument(fcinfo);
    request asked{.key = key, .lives = ttl_argument<Ttl>(fcinfo, 1)};
    const operation &op = expire_on(condition_argument(fcinfo, 2));
    PG_RETURN_BOOL(perform_on_argument(fcinfo, op, asked).applied);
}

int64 integer_by(Datum by) {
    return DatumGetInt32(by);
}
int64 smallint_by(Datum by) {
    return DatumGetInt16(by);
}
int64 bigint_by(Datum by) {
    return DatumGetInt64(by);
}
int64 text_by(Datum by) {
    return DatumGetInt64(DirectFunctionCall1(int8in, CStringGetDatum(TextDatumGetCString(by))));
}

template <class Ttl = no_ttl>
Datum kv_incr_as(FunctionCallInfo fcinfo, int64 (*number)(Datum)) {
    Datum key = key_argument(fcinfo);
    int64 by = number(required(fcinfo, 1, "by"));
    request asked{.key = key, .lives = ttl_argument<Ttl>(fcinfo, 2), .by = by};
    PG_RETURN_INT64(counter_of(perform_on_argument(fcinfo, incr, asked).answer));
}

Datum kv_append_as(FunctionCallInfo fcinfo, value_kind given) {
    Datum key = key_argument(fcinfo);
    Datum value = value_argument(fcinfo, 1, "value");
    PG_RETURN_INT64(with_store_argument(fcinfo, append.what, [&](const store &in) {
        require_admitted(in, value, given);
        return counter_of(perform(append, in, {.key = key, .value = value}).answer);
    }));
}

// A counter may have been set below 0, so that what is left is more than fits.
int64 remaining(int64 most, int64 count) {
    if (count >= most)
        return 0;
    return count < most - PG_INT64_MAX ? PG_INT64_MAX : most - count;
}

Datum row_of(FunctionCallInfo fcinfo, const rate &found, int64 most) {
    std::array<Datum, 4> columns{BoolGetDatum(found.allowed), Int64GetDatum(found.count),
                                 Int64GetDatum(remaining(most, found.count)),
                                 TimestampTzGetDatum(found.resets)};
    std::array<bool, 4> nulls{false, false, false, found.resets == never_expires};
    return result_row(fcinfo, columns.data(), nulls.data());
}

template <class Ttl>
Datum kv_rate_limit_as(FunctionCallInfo fcinfo) {
    Datum key = key_argument(fcinfo);
    int64 most = DatumGetInt64(required(fcinfo, 1, "max"));
    lifetime period = Ttl::read(required(fcinfo, 2, "period"), "period");
    int64 cost = DatumGetInt64(required(fcinfo, 3, "cost"));
    if (most < 0)
        raise_negative("max");
    if (cost < 0)
        raise_negative("cost");
    request asked{.key = key, .lives = period, .by = cost, .most = most};
    return row_of(fcinfo, rate_of(perform_on_argument(fcinfo, rate_limit, asked).answer), most);
}

// With a NULL for the expected value: stores if there is none.
template <class Ttl = no_ttl>
Datum kv_cas_as(FunctionCallInfo fcinfo, value_kind given) {
    constexpr bool keeps_expiry = std::is_same_v<Ttl, no_ttl>;
    operation op = PG_ARGISNULL(1) ? set_nx.called(cas.what.function)
                   : keeps_expiry  ? cas_keep
                                   : cas;
    Datum key = key_argument(fcinfo);
    Datum value = value_argument(fcinfo, 2, "value");
    request asked{.key = key, .value = value, .lives = ttl_argument<Ttl>(fcinfo, 3)};
    if (!PG_ARGISNULL(1))
        asked.expected = value_argument(fcinfo, 1, "expected");
    PG_RETURN_BOOL(with_store_argument(fcinfo, op.what, [&](const store &in) {
        require_admitted(in, value, given);
        return perform(op, in, asked).applied;
    }));
}

Datum kv_get_set_as(FunctionCallInfo fcinfo, value_kind given) {
    Datum key = key_argument(fcinfo);
    Datum value = value_argument(fcinfo, 1, "value");
    return with_store_argument(fcinfo, get_set.what, [&](const store &in) {
        require_admitted(in, value, given);
        outcome done = perform(get_set, in, {.key = key, .value = value});
        return value_result(fcinfo, done.answer, in.kind, given);
    });
}

Datum kv_del_if_as(FunctionCallInfo fcinfo) {
    Datum key = key_argument(fcinfo);
    Datum expected = value_argument(fcinfo, 1, "expected");
    request asked{.key = key, .expected = expected};
    PG_RETURN_BOOL(perform_on_argument(fcinfo, del_if, asked).applied);
}

}  // namespace

KV_SQL_FUNCTION(kv_set) {
    return kv_set_as(fcinfo, value_kind::text);
}
KV_SQL_FUNCTION(kv_set_bytes) {
    return kv_set_as(fcinfo, value_kind::bytes);
}

KV_SQL_FUNCTION_FOR_EACH_TTL(kv_set_ex, kv_set_ex_as, value_kind::text)
KV_SQL_FUNCTION_FOR_EACH_TTL(kv_set_ex_bytes, kv_set_ex_as, value_kind::bytes)

KV_SQL_FUNCTION(kv_set_keepttl) {
    return kv_set_keepttl_as(fcinfo, value_kind::text);
}
KV_SQL_FUNCTION(kv_set_keepttl_bytes) {
    return kv_set_keepttl_as(fcinfo, value_kind::bytes);
}

KV_SQL_FUNCTION(kv_set_nx) {
    return kv_set_nx_as<>(fcinfo, value_kind::text);
}
KV_SQL_FUNCTION(kv_set_nx_bytes) {
    return kv_set_nx_as<>(fcinfo, value_kind::bytes);
}
KV_SQL_FUNCTION_FOR_EACH_TTL(kv_set_nx, kv_set_nx_as, value_kind::text)
KV_SQL_FUNCTION_FOR_EACH_TTL(kv_set_nx_bytes, kv_set_nx_as, value_kind::bytes)

KV_SQL_FUNCTION(kv_set_xx) {
    return kv_set_xx_as<>(fcinfo, value_kind::text);
}
KV_SQL_FUNCTION(kv_set_xx_bytes) {
    return kv_set_xx_as<>(fcinfo, value_kind::bytes);
}
KV_SQL_FUNCTION_FOR_EACH_TTL(kv_set_xx, kv_set_xx_as, value_kind::text)
KV_SQL_FUNCTION_FOR_EACH_TTL(kv_set_xx_bytes, kv_set_xx_as, value_kind::bytes)

KV_SQL_FUNCTION(kv_get_set) {
    return kv_get_set_as(fcinfo, value_kind::text);
}
KV_SQL_FUNCTION(kv_get_set_bytes) {
    return kv_get_set_as(fcinfo, value_kind::bytes);
}

KV_SQL_FUNCTION(kv_cas) {
    return kv_cas_as<>(fcinfo, value_kind::text);
}
KV_SQL_FUNCTION(kv_cas_bytes) {
    return kv_cas_as<>(fcinfo, value_kind::bytes);
}
KV_SQL_FUNCTION_FOR_EACH_TTL(kv_cas, kv_cas_as, value_kind::text)
KV_SQL_FUNCTION_FOR_EACH_TTL(kv_cas_bytes, kv_cas_as, value_kind::bytes)

KV_SQL_FUNCTION(kv_incr) {
    return kv_incr_as<>(fcinfo, bigint_by);
}
KV_SQL_FUNCTION(kv_incr_by_integer) {
    return kv_incr_as<>(fcinfo, integer_by);
}
KV_SQL_FUNCTION(kv_incr_by_smallint) {
    return kv_incr_as<>(fcinfo, smallint_by);
}
KV_SQL_FUNCTION(kv_incr_by_text) {
    return kv_incr_as<>(fcinfo, text_by);
}
KV_SQL_FUNCTION_FOR_EACH_TTL(kv_incr, kv_incr_as, bigint_by)
KV_SQL_FUNCTION_FOR_EACH_TTL(kv_incr_by_integer, kv_incr_as, integer_by)
KV_SQL_FUNCTION_FOR_EACH_TTL(kv_incr_by_smallint, kv_incr_as, smallint_by)
KV_SQL_FUNCTION_FOR_EACH_TTL(kv_incr_by_text, kv_incr_as, text_by)

KV_SQL_FUNCTION_FOR_EACH_TTL(kv_rate_limit, kv_rate_limit_as)

KV_SQL_FUNCTION(kv_append) {
    return kv_append_as(fcinfo, value_kind::text);
}
KV_SQL_FUNCTION(kv_append_bytes) {
    return kv_append_as(fcinfo, value_kind::bytes);
}

KV_SQL_FUNCTION_FOR_EACH_TTL(kv_get_ex, kv_get_ex_as, value_kind::text)
KV_SQL_FUNCTION_FOR_EACH_TTL(kv_get_ex_bytes, kv_get_ex_as, value_kind::bytes)

KV_SQL_FUNCTION_FOR_EACH_TTL(kv_expire, kv_expire_as)

// A time that has come already removes the entry, as EXPIREAT of Redis does; on a condition it is
// left to be swept.
KV_SQL_FUNCTION(kv_expire_at) {
    Datum key = key_argument(fcinfo);
    timestamp at = DatumGetTimestampTz(required(fcinfo, 1, "expires"));
    const operation &on = expire_on(condition_argument(fcinfo, 2));
    bool removes = &on == &expire && !is_live(at, GetCurrentTimestamp());
    const operation &op = removes ? del : on;
    request asked{.key = key, .lives = lifetime::until(at)};
    PG_RETURN_BOOL(perform_on_argument(fcinfo, op.called("kv_expire_at()"), asked).applied);
}

KV_SQL_FUNCTION(kv_persist) {
    Datum key = key_argument(fcinfo);
    PG_RETURN_BOOL(perform_on_argument(fcinfo, persist, {.key = key}).applied);
}

KV_SQL_FUNCTION(kv_get_del) {
    Datum key = key_argument(fcinfo);
    return answer_value(fcinfo, get_del, value_kind::text, {.key = key});
}
KV_SQL_FUNCTION(kv_get_del_bytes) {
    Datum key = key_argument(fcinfo);
    return answer_value(fcinfo, get_del.called("kv_get_del_bytes()"), value_kind::bytes,
                        {.key = key});
}

KV_SQL_FUNCTION(kv_del) {
    Datum key = key_argument(fcinfo);
    PG_RETURN_BOOL(perform_on_argument(fcinfo, del, {.key = key}).applied);
}

KV_SQL_FUNCTION(kv_del_if) {
    return kv_del_if_as(fcinfo);
}
KV_SQL_FUNCTION(kv_del_if_bytes) {
    return kv_del_if_as(fcinfo);
}

}  // namespace kvstore
