// The results of SQL functions that return rows.
#pragma once

#include <array>

#include "server/postgres.hpp"

namespace kvstore {

// One row, with all its columns.
inline Datum result_row(FunctionCallInfo fcinfo, const Datum *columns, const bool *nulls) {
    TupleDesc shape;
    if (get_call_result_type(fcinfo, nullptr, &shape) != TYPEFUNC_COMPOSITE)
        elog(ERROR, "called where no row can be returned");
    HeapTuple row = heap_form_tuple(BlessTupleDesc(shape), const_cast<Datum *>(columns),
                                    const_cast<bool *>(nulls));
    return HeapTupleGetDatum(row);
}

// A set, in a tuplestore, which goes to disk when it gets large.
template <int columns>
class result_rows {
  public:
    explicit result_rows(FunctionCallInfo fcinfo) {
        InitMaterializedSRF(fcinfo, 0);
        info_ = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
    }

    void add(std::array<Datum, columns> row, std::array<bool, columns> nulls) {
        tuplestore_putvalues(info_->setResult, info_->setDesc, row.data(), nulls.data());
    }

  private:
    ReturnSetInfo *info_;
};

}  // namespace kvstore
