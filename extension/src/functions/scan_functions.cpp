// The SQL functions on all keys with a prefix.

#include "functions/arguments.hpp"
#include "functions/result_rows.hpp"
#include "operations/scan.hpp"

namespace kvstore {

namespace {

void refuse_empty_prefix(Datum prefix) {
    if (VARSIZE_ANY_EXHDR(DatumGetPointer(prefix)) == 0)
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the prefix must not be empty"),
                 errhint("kv_flush() removes all entries of a store.")));
}

// A NULL prefix gives no rows.
Datum kv_scan_as(FunctionCallInfo fcinfo, value_kind wanted) {
    constexpr intent reading{"kv_scan()", ACL_SELECT};
    result_rows<3> rows(fcinfo);
    if (PG_ARGISNULL(0) || PG_ARGISNULL(3))
        return 0;
    key_range range{.prefix = PointerGetDatum(PG_GETARG_TEXT_PP(0)),
                    .after = PG_ARGISNULL(1) ? 0 : PointerGetDatum(PG_GETARG_TEXT_PP(1)),
                    .most = most_argument(fcinfo, 2, "max", "NULL stands for no limit.")};
    with_store_argument(fcinfo, reading, [&](const store &from) {
        scan(from, range, [&](Datum key, const entry &found) {
            Datum value = PointerGetDatum(PG_DETOAST_DATUM_PACKED(found.value));
            value = value_result(fcinfo, value, from.kind, wanted);
            rows.add({key, value, TimestampTzGetDatum(found.expires)}, {});
        });
    });
    return 0;
}

}  // namespace

KV_SQL_FUNCTION(kv_scan) {
    return kv_scan_as(fcinfo, value_kind::text);
}
KV_SQL_FUNCTION(kv_scan_bytes) {
    return kv_scan_as(fcinfo, value_kind::bytes);
}

KV_SQL_FUNCTION(kv_count) {
    constexpr intent reading{"kv_count()", ACL_SELECT};
    Datum prefix = PointerGetDatum(PG_GETARG_TEXT_PP(0));
    return with_store_argument(fcinfo, reading,
                               [&](const store &from) { PG_RETURN_INT64(count(from, prefix)); });
}

KV_SQL_FUNCTION(kv_del_prefix) {
    constexpr intent removing{"kv_del_prefix()", ACL_SELECT | ACL_DELETE};
    Datum prefix = required(fcinfo, 0, "prefix");
    prefix = PointerGetDatum(DatumGetTextPP(prefix));
    refuse_empty_prefix(prefix);
    PG_RETURN_INT64(with_store_argument(
        fcinfo, removing, [&](const store &in) { return remove_prefix(in, prefix); }));
}

}  // namespace kvstore
