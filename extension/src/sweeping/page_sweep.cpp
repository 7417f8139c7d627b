#include "sweeping/page_sweep.hpp"

#include <algorithm>

#include "paths/operation.hpp"
#include "server/scratch_memory.hpp"
#include "sweeping/removal.hpp"
#include "sweeping/row_scan.hpp"

namespace kvstore {

namespace {

// Keys to be removed, gathered until they are enough for a statement.
struct key_list {
    List *expired = NIL;
    List *evicted = NIL;
    std::int64_t bytes = 0;  // of their entries

    std::int64_t size() const { return list_length(expired) + list_length(evicted); }

    void clear() {
        list_free_deep(expired);
        list_free_deep(evicted);
        *this = {};
    }
};

std::span<Datum> as_array(List *keys) {
    auto *array = static_cast<Datum *>(palloc(sizeof(Datum) * (list_length(keys) + 1)));
    std::size_t count = 0;
    ListCell *each;
    foreach (each, keys)
        array[count++] = PointerGetDatum(lfirst(each));
    return {array, count};
}

class page_sweep {
  public:
    page_sweep(const store &in, const sweep_part &part, BlockNumber end)
        : in_(in), part_(part), end_(end) {
        result_.pace = part.pace;
    }

    sweep_result run() {
        result_.next = end_;
        row_scan rows(in_.table, part_.first, end_, part_.first_row);
        while (rows.next()) {
            if (rows.page() != page_ && !enter(rows.page()))
                break;
            if (!look_at(rows))
                break;
        }
        rows.end();
        // Of no keys, too: SQL then says whether the user may remove any.
        if (gathered_.size() > 0 || !has_asked_)
            remove_gathered();
        scratch_.free();
        return result_;
    }

  private:
    // False if the time is over.
    bool enter(BlockNumber page) {
        CHECK_FOR_INTERRUPTS();
        now_ = GetCurrentTimestamp();
        bool is_first = page_ == InvalidBlockNumber;
        page_ = page;
        if (is_first || !part_.is_over())
            return true;
        result_.next = page;
        return false;
    }

    // False if this is enough. A page may have more to remove than there is time for: then the
    // next look goes on behind this row, gone or not.
    bool look_at(const row_scan &row) {
        timestamp expires = row.expires();
        std::int64_t bytes = row.bytes();
        bool has_expired = !is_live(expires, now_);
        if (!has_expired && !is_to_be_evicted(row)) {
            keep(expires, bytes);
            return true;
        }
        if (has_expired)
            remove_expired(row, bytes);
        else
            evict(row, bytes);
        // Whether what is gathered goes is seen when it is to go.
        if (result_.removed + gathered_.size() >= part_.most_rows ||
            is_enough_at_once(gathered_.size(), gathered_.bytes, result_))
            remove_gathered();
        if (result_.removed < part_.most_rows && !part_.is_over())
            return true;
        result_.next = row.page();
        result_.next_row = OffsetNumberNext(ItemPointerGetOffsetNumber(row.tid()));
        return false;
    }

    bool is_to_be_evicted(const row_scan &row) const {
        return part_.evict.is_due && result_.evicted_bytes < part_.evict.bytes &&
               row.rank(part_.evict.order) <= part_.evict.threshold;
    }

    void remove_expired(const row_scan &row, std::int64_t bytes) {
        if (in_.detour != nullptr)
            gather(gathered_.expired, row, bytes);
        else if (remove_unless_busy(in_.table, row.tid()))
            result_.removed++;
        else
            leave(bytes);
    }

    void evict(const row_scan &row, std::int64_t bytes) {
        if (in_.detour != nullptr)
            gather(gathered_.evicted, row, bytes);
        else if (remove_unless_busy(in_.table, row.tid()))
            result_.evicted++;
        else {
            leave(bytes);
            return;
        }
        result_.evicted_bytes += bytes;
    }

    void gather(List *&keys, const row_scan &row, std::int64_t bytes) {
        keys = lappend(keys, DatumGetPointer(copy_of_value(row.key())));
        gathered_.bytes += bytes;
    }

    void keep(timestamp expires, std::int64_t bytes) {
        result_.there.earliest = std::min(result_.there.earliest, expires);
        result_.there.bytes += bytes;
    }

    void leave(std::int64_t bytes) {
        result_.left++;
        keep(now_, bytes);  // to be looked at again in the next round
    }

    void remove_gathered() {
        if (in_.detour == nullptr)
            return;
        has_asked_ = true;
        std::int64_t removed = 0;
        std::int64_t evicted = 0;
        scratch_.use([&] {
            if (gathered_.evicted == NIL || gathered_.expired != NIL)
                removed = remove_by_key(in_, as_array(gathered_.expired), gathered_.bytes, false,
                                        part_, result_);
            if (gathered_.evicted != NIL)
                evicted = remove_by_key(in_, as_array(gathered_.evicted), gathered_.bytes, true,
                                        part_, result_);
        });
        result_.removed += removed;
        result_.evicted += evicted;
        result_.left += gathered_.size() - removed - evicted;
        if (result_.left > 0)
            keep(now_, 0);
        gathered_.clear();
    }

    const store &in_;
    const sweep_part &part_;
    BlockNumber end_;
    BlockNumber page_ = InvalidBlockNumber;
    timestamp now_ = 0;
    key_list gathered_;
    bool has_asked_ = false;  // SQL to remove what was gathered
    scratch_memory scratch_;
    sweep_result result_;
};

}  // namespace

sweep_result sweep_pages(const store &in, const sweep_part &part) {
    BlockNumber pages = RelationGetNumberOfBlocks(in.table);
    if (part.first >= pages)
        return {.next = InvalidBlockNumber, .pace = part.pace};
    BlockNumber end = part.first + std::min(part.pages, pages - part.first);

    CommandCounterIncrement();
    PushActiveSnapshot(GetTransactionSnapshot());
    sweep_result result = page_sweep(in, part, end).run();
    PopActiveSnapshot();
    if (result.next >= pages)
        result.next = InvalidBlockNumber;
    return result;
}

}  // namespace kvstore
