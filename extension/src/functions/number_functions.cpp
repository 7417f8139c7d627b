// The SQL function that adds to a number with a fraction.

#include "functions/ttl_argument.hpp"
#include "operations/conditional.hpp"
#include "operations/operations.hpp"
#include "rules/real.hpp"

namespace kvstore {

namespace {

// What is to be added, of each type that it may have. The decimals that a number is written with
// are what counts: 0.1 is a tenth, and not the nearest number to it that a double has.
long double text_as_real(const char *digits) {
    std::optional<long double> number = parse_real(digits);
    if (!number || *number - *number != 0)
        raise_by_out_of_range(digits);
    return *number;
}

long double numeric_by(Datum by) {
    return text_as_real(DatumGetCString(DirectFunctionCall1(numeric_out, by)));
}
long double double_by(Datum by) {
    return text_as_real(double_to_shortest_decimal(DatumGetFloat8(by)));
}
long double bigint_by(Datum by) {
    return static_cast<long double>(DatumGetInt64(by));
}
long double integer_by(Datum by) {
    return DatumGetInt32(by);
}
Datum numeric_of(const char *digits) {
    return DirectFunctionCall3(numeric_in, CStringGetDatum(digits), ObjectIdGetDatum(InvalidOid),
                               Int32GetDatum(-1));
}
long double text_by(Datum by) {
    return numeric_by(numeric_of(TextDatumGetCString(by)));
}

template <class Ttl = no_ttl>
Datum kv_incr_float_as(FunctionCallInfo fcinfo, long double (*number)(Datum)) {
    const operation op = operations::incr_real.called("kv_incr_float()");
    Datum key = key_argument(fcinfo);
    terms on{.by = number(required(fcinfo, 1, "by"))};
    request asked{.key = key, .lives = ttl_argument<Ttl>(fcinfo, 2), .on = &on};
    return with_store_argument(fcinfo, op.what, [&](const store &in) {
        outcome done = perform(op, in, asked);
        if (done.met == hindrance::not_a_number)
            raise_not_a_number();
        if (done.met == hindrance::not_finite)
            raise_number_overflow();
        return numeric_of(TextDatumGetCString(done.answer));
    });
}

}  // namespace

KV_SQL_FUNCTION(kv_incr_float) {
    return kv_incr_float_as<>(fcinfo, numeric_by);
}
KV_SQL_FUNCTION(kv_incr_float_by_double) {
    return kv_incr_float_as<>(fcinfo, double_by);
}
KV_SQL_FUNCTION(kv_incr_float_by_bigint) {
    return kv_incr_float_as<>(fcinfo, bigint_by);
}
KV_SQL_FUNCTION(kv_incr_float_by_integer) {
    return kv_incr_float_as<>(fcinfo, integer_by);
}
KV_SQL_FUNCTION(kv_incr_float_by_text) {
    return kv_incr_float_as<>(fcinfo, text_by);
}
KV_SQL_FUNCTION_FOR_EACH_TTL(kv_incr_float, kv_incr_float_as, numeric_by)
KV_SQL_FUNCTION_FOR_EACH_TTL(kv_incr_float_by_double, kv_incr_float_as, double_by)
KV_SQL_FUNCTION_FOR_EACH_TTL(kv_incr_float_by_bigint, kv_incr_float_as, bigint_by)
KV_SQL_FUNCTION_FOR_EACH_TTL(kv_incr_float_by_integer, kv_incr_float_as, integer_by)
KV_SQL_FUNCTION_FOR_EACH_TTL(kv_incr_float_by_text, kv_incr_float_as, text_by)

}  // namespace kvstore
