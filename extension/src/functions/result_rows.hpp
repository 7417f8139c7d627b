// The result of an SQL function that returns a set: rows in a tuplestore, which goes to
// disk when it gets large.
#pragma once

#include <array>

#include "server/postgres.hpp"

namespace kvstore {

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
