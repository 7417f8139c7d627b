// The SQL functions behind the view kv_stats.

#include <algorithm>

#include "functions/arguments.hpp"
#include "functions/result_rows.hpp"
#include "store/statistics.hpp"

namespace kvstore {

namespace {

Datum interval_of(std::int64_t microseconds) {
    auto *result = static_cast<Interval *>(palloc0(sizeof(Interval)));
    result->time = microseconds;
    return IntervalPGetDatum(result);
}

// NULLs if there was none.
void put_sweep(const sweep_record &last, Datum *row, bool *nulls) {
    if (last.at == 0)
        return;
    row[0] = TimestampTzGetDatum(last.at);
    row[1] = interval_of(last.took);
    row[2] = Int64GetDatum(last.pages);
    row[3] = Int64GetDatum(last.removed);
    row[4] = Int64GetDatum(last.left);
    row[5] = Int64GetDatum(last.bytes);
    std::fill(nulls, nulls + numbers_of_a_sweep, false);
    nulls[5] = last.bytes < 0;
}

}  // namespace

// All NULL where nothing is counted.
KV_SQL_FUNCTION(kv_counters) {
    std::array<Datum, number_of_counters + numbers_of_a_sweep> row{};
    std::array<bool, number_of_counters + numbers_of_a_sweep> nulls;
    nulls.fill(true);
    if (std::optional<store_statistics> found = statistics::of(PG_GETARG_OID(0))) {
        for (std::size_t i = 0; i < number_of_counters; i++) {
            row[i] = Int64GetDatum(found->counts[i]);
            nulls[i] = false;
        }
        put_sweep(found->last_sweep, row.data() + number_of_counters,
                  nulls.data() + number_of_counters);
    }
    return result_row(fcinfo, row.data(), nulls.data());
}

KV_SQL_FUNCTION(kv_stats_reset) {
    (void)fcinfo;
    statistics::reset();
    PG_RETURN_VOID();
}

}  // namespace kvstore
