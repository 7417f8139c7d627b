// The SQL functions about sweeping.

#include "arguments.hpp"
#include "sweep.hpp"

namespace kvstore {

namespace {

int64 most_rows_argument(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(0))
        return PG_INT64_MAX;
    int32 most = PG_GETARG_INT32(0);
    if (most <= 0)
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("max_rows must be positive"),
                 errhint("Without it, all expired entries are removed.")));
    return most;
}

}  // namespace

KV_SQL_FUNCTION(kv_sweep) {
    int64 most = most_rows_argument(fcinfo);
    PG_RETURN_INT64(with_store_argument(
        fcinfo, sweeping, [&](const store &in) { return sweep(in, {.most_rows = most}).removed; }));
}

}  // namespace kvstore
