// How SQL functions take their arguments and return values.
#pragma once

#include "paths/operation.hpp"
#include "rules/key.hpp"
#include "server/errors.hpp"
#include "store/store.hpp"
#include "sweeping/launcher.hpp"

namespace kvstore {

inline Datum required(FunctionCallInfo fcinfo, int number, const char *name) {
    if (PG_ARGISNULL(number))
        raise_null(name);
    return PG_GETARG_DATUM(number);
}

inline Datum checked_key(Datum given) {
    text *key = DatumGetTextPP(given);
    if (VARSIZE_ANY_EXHDR(key) > longest_key)
        raise_key_too_long(VARSIZE_ANY_EXHDR(key));
    return PointerGetDatum(key);
}

// The first argument.
inline Datum key_argument(FunctionCallInfo fcinfo) {
    return checked_key(required(fcinfo, 0, "key"));
}

// The last argument of every function. Its default is '-', OID 0: the default store, see
// lock_store().
inline Oid store_argument(FunctionCallInfo fcinfo) {
    return DatumGetObjectId(required(fcinfo, PG_NARGS() - 1, "store"));
}

// How many at most; NULL stands for no limit. An error names the argument, and has the hint
// `without_it`.
inline int64 most_argument(FunctionCallInfo fcinfo, int number, const char *name,
                           const char *without_it) {
    if (PG_ARGISNULL(number))
        return PG_INT64_MAX;
    int32 most = PG_GETARG_INT32(number);
    if (most <= 0)
        raise_not_positive(name, without_it);
    return most;
}

// Has `use` use the store that the call names.
template <class Use>
auto with_store_argument(FunctionCallInfo fcinfo, const intent &what, Use use) {
    keep_launcher_running();
    return with_store(store_argument(fcinfo), what, use);
}

// --- Values: bytes go into either kind of store, and text comes out of either, as
// --- long as they are text in the server's encoding.

inline void require_text(Datum value) {
    if (!is_text(bytes_of(value)))
        raise_not_text();
}

// Argument `number`, of SQL type text or bytea.
inline Datum value_argument(FunctionCallInfo fcinfo, int number, const char *name) {
    return PointerGetDatum(PG_DETOAST_DATUM_PACKED(required(fcinfo, number, name)));
}

inline void require_admitted(const store &to, Datum value, value_kind given) {
    if (to.kind == value_kind::text && given == value_kind::bytes)
        require_text(value);
}

// `value`, from a store of kind `kept`, as the result of a function that returns
// text or bytea.
inline Datum value_result(FunctionCallInfo fcinfo, Datum value, value_kind kept,
                          value_kind wanted) {
    if (value == 0)
        PG_RETURN_NULL();
    if (wanted == value_kind::text && kept == value_kind::bytes)
        require_text(value);
    PG_RETURN_DATUM(value);
}

}  // namespace kvstore
