// The SQL functions that speak Redis.

#include "functions/arguments.hpp"
#include "redis/batch.hpp"
#include "redis/typed.hpp"

namespace kvstore {

namespace {

std::string_view bytes_argument(FunctionCallInfo fcinfo) {
    return detoasted_bytes_of(PG_GETARG_DATUM(0));
}

}  // namespace

KV_SQL_FUNCTION(kv_redis_batch) {
    keep_launcher_running();
    PG_RETURN_DATUM(redis::carry_out_batch(bytes_argument(fcinfo)));
}

// What it answers is text whatever bytes the values are: redis-cli prints them in ASCII.
KV_SQL_FUNCTION(kv_redis) {
    keep_launcher_running();
    Datum printed = redis::carry_out_typed(bytes_argument(fcinfo));
    require_text(printed);  // but for what an error repeats
    PG_RETURN_DATUM(printed);
}

}  // namespace kvstore
