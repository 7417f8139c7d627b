// The rows of some pages of a store, as a scan comes upon them: when they expire, what they take.
#pragma once

#include "sweeping/eviction.hpp"

namespace kvstore {

class row_scan {
  public:
    // Pages first..end, without end, from a row of the first one on.
    row_scan(Relation table, BlockNumber first, BlockNumber end,
             OffsetNumber first_row = FirstOffsetNumber) {
        ItemPointerData from;
        ItemPointerData to;
        ItemPointerSet(&from, first, first_row);
        ItemPointerSet(&to, end - 1, MaxOffsetNumber);
        slot_ = table_slot_create(table, nullptr);
        scan_ = table_beginscan_tidrange(table, GetActiveSnapshot(), &from, &to);
    }

    bool next() { return table_scan_getnextslot_tidrange(scan_, ForwardScanDirection, slot_); }

    ItemPointer tid() const { return &slot_->tts_tid; }
    BlockNumber page() const { return ItemPointerGetBlockNumber(&slot_->tts_tid); }
    Datum key() const { return column(1); }

    timestamp expires() const {
        bool is_null;
        Datum expires = slot_getattr(slot_, 3, &is_null);
        return is_null ? never_expires : DatumGetTimestampTz(expires);
    }

    // What the entry takes: its row, what is out of line, and its place in the index.
    std::int64_t bytes() const {
        HeapTuple row = ExecFetchSlotHeapTuple(slot_, false, nullptr);
        std::int64_t in_table = MAXALIGN(row->t_len) + sizeof(ItemIdData);
        std::int64_t in_index =
            MAXALIGN(sizeof(IndexTupleData) + toast_datum_size(key())) + sizeof(ItemIdData);
        auto *value = reinterpret_cast<struct varlena *>(DatumGetPointer(column(2)));
        bool out_of_line = value != nullptr && VARATT_IS_EXTERNAL_ONDISK(value);
        return in_table + in_index +
               (out_of_line ? static_cast<std::int64_t>(toast_datum_size(column(2))) : 0);
    }

    // The number of the transaction that wrote the row, 0 if that is long ago. VACUUM may have
    // frozen it, and lets it stand.
    std::uint64_t written() const {
        HeapTupleHeader row = ExecFetchSlotHeapTuple(slot_, false, nullptr)->t_data;
        TransactionId writer = HeapTupleHeaderGetRawXmin(row);
        if (!TransactionIdIsNormal(writer))
            return 0;
        std::uint32_t age = static_cast<TransactionId>(now_) - writer;
        return now_ > age ? now_ - age : 0;
    }

    // Lower ranks are evicted first.
    std::uint64_t rank(eviction_order order) const {
        return order == eviction_order::oldest ? written() : rank_of_expiry(expires());
    }

    void end() {
        table_endscan(scan_);
        ExecDropSingleTupleTableSlot(slot_);
    }

  private:
    Datum column(AttrNumber number) const {
        bool is_null;
        Datum value = slot_getattr(slot_, number, &is_null);
        return is_null ? 0 : value;
    }

    std::uint64_t now_ = U64FromFullTransactionId(ReadNextFullTransactionId());
    TupleTableSlot *slot_;
    TableScanDesc scan_;
};

}  // namespace kvstore
