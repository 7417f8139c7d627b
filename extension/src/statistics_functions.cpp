// The SQL functions behind the view kv_stats.

#include "arguments.hpp"
#include "statistics.hpp"

namespace kvstore {

namespace {

Datum interval_of(std::int64_t microseconds) {
    auto *result = static_cast<Interval *>(palloc0(sizeof(Interval)));
    result->time = microseconds;
    return IntervalPGetDatum(result);
}

}  // namespace

// All NULL where nothing is counted.
KV_SQL_FUNCTION(kv_counters) {
    std::array<Datum, 8> row{};
    std::array<bool, 8> nulls;
    nulls.fill(true);
    if (std::optional<store_statistics> found = statistics::of(PG_GETARG_OID(0))) {
        nulls.fill(false);
        for (std::size_t i = 0; i < number_of_counters; i++)
            row[i] = Int64GetDatum(found->counts[i]);
        const sweep_record &last = found->last_sweep;
        row[5] = TimestampTzGetDatum(last.at);
        row[6] = interval_of(last.took);
        row[7] = Int64GetDatum(last.left);
        nulls[5] = nulls[6] = nulls[7] = last.at == 0;
    }
    TupleDesc shape;
    if (get_call_result_type(fcinfo, nullptr, &shape) != TYPEFUNC_COMPOSITE)
        elog(ERROR, "kv_counters() was called where no row can be returned");
    return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(shape), row.data(), nulls.data()));
}

KV_SQL_FUNCTION(kv_stats_reset) {
    (void)fcinfo;
    statistics::reset();
    PG_RETURN_VOID();
}

}  // namespace kvstore
