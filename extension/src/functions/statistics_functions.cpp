// The SQL functions behind the view kv_stats.

#include <array>
#include <cmath>

#include "functions/arguments.hpp"
#include "functions/result_rows.hpp"
#include "store/sizes.hpp"
#include "store/statistics.hpp"

namespace kvstore {

namespace {

Datum interval_of(std::int64_t microseconds) {
    auto *result = static_cast<Interval *>(palloc0(sizeof(Interval)));
    result->time = microseconds;
    return IntervalPGetDatum(result);
}

// The columns, which are NULL unless they are added.
template <std::size_t columns>
class statistics_row {
  public:
    statistics_row() { nulls_.fill(true); }

    void add(Datum value) {
        nulls_[next_] = false;
        columns_[next_++] = value;
    }

    Datum result(FunctionCallInfo fcinfo) const {
        return result_row(fcinfo, columns_.data(), nulls_.data());
    }

  private:
    std::array<Datum, columns> columns_{};
    std::array<bool, columns> nulls_;
    std::size_t next_ = 0;
};

using counters_row = statistics_row<number_of_counters + numbers_of_a_sweep>;

void add_sweep(counters_row &row, const sweep_record &last) {
    row.add(TimestampTzGetDatum(last.at));
    row.add(interval_of(last.took));
    row.add(Int64GetDatum(last.pages));
    row.add(Int64GetDatum(last.removed));
    row.add(Int64GetDatum(last.left));
    if (last.bytes >= 0)
        row.add(Int64GetDatum(last.bytes));
}

}  // namespace

// All NULL while the table is locked.
KV_SQL_FUNCTION(kv_sizes) {
    statistics_row<6> row;
    if (std::optional<table_sizes> found = sizes_of(PG_GETARG_OID(0)))
        for (std::int64_t number :
             {static_cast<std::int64_t>(std::llround(found->rows)), found->live_tuples,
              found->dead_tuples, found->table_bytes, found->index_bytes, found->toast_bytes})
            row.add(Int64GetDatum(number));
    return row.result(fcinfo);
}

// All NULL where nothing is counted.
KV_SQL_FUNCTION(kv_counters) {
    counters_row row;
    if (std::optional<store_statistics> found = statistics::of(PG_GETARG_OID(0))) {
        for (std::int64_t count : found->counts)
            row.add(Int64GetDatum(count));
        if (found->last_sweep.at != 0)
            add_sweep(row, found->last_sweep);
    }
    return row.result(fcinfo);
}

KV_SQL_FUNCTION(kv_stats_reset) {
    (void)fcinfo;
    statistics::reset();
    PG_RETURN_VOID();
}

}  // namespace kvstore
