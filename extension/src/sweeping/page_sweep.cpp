#include "sweeping/page_sweep.hpp"

#include <algorithm>

#include "paths/operation.hpp"
#include "server/scratch_memory.hpp"
#include "sweeping/removal.hpp"
#include "sweeping/row_scan.hpp"

namespace kvstore {

namespace {

// Entries to be removed, gathered until they are enough for a statement.
class gathered_entries {
  public:
    void add(const row_scan &row, std::int64_t bytes) {
        if (entries_ == nullptr)
            entries_ = static_cast<doomed_entry *>(
                palloc(sizeof(doomed_entry) * sweep_part::most_keys_at_once));
        entries_[count_++] = {copy_of_value(row.key()), *row.tid(), bytes};
        bytes_ += bytes;
    }

    void clear() {
        for (const doomed_entry &each : all())
            pfree(DatumGetPointer(each.key));
        count_ = 0;
        bytes_ = 0;
    }

    std::span<doomed_entry> all() { return {entries_, count_}; }
    auto count() const { return static_cast<std::int64_t>(count_); }
    std::int64_t bytes() const { return bytes_; }

  private:
    doomed_entry *entries_ = nullptr;
    std::size_t count_ = 0;
    std::int64_t bytes_ = 0;
};

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
        if (gathered() > 0 || !has_asked_)
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
        if (!has_expired && !(is_candidate(row) && is_more_to_be_evicted())) {
            keep(expires, bytes);
            return true;
        }
        if (has_expired)
            remove_expired(row, bytes);
        else
            evict(row, bytes);
        // Whether what is gathered goes is seen when it is to go.
        if (result_.removed + gathered() >= part_.most_rows ||
            is_enough_at_once(gathered(), expired_.bytes() + evicted_.bytes(), result_))
            remove_gathered();
        if (result_.removed < part_.most_rows && !part_.is_over())
            return true;
        result_.next = row.page();
        result_.next_row = OffsetNumberNext(ItemPointerGetOffsetNumber(row.tid()));
        return false;
    }

    bool is_candidate(const row_scan &row) const {
        const eviction &evict = part_.evict;
        if (!evict.is_due || result_.evicted_bytes >= evict.bytes)
            return false;
        std::uint64_t rank = row.rank(evict.limit.order);
        return rank >= evict.least && rank <= evict.threshold;
    }

    // What was gathered may be enough, if it goes.
    bool is_more_to_be_evicted() {
        if (evicted_.count() > 0 && result_.evicted_bytes + evicted_.bytes() >= part_.evict.bytes)
            remove_gathered();
        return result_.evicted_bytes < part_.evict.bytes;
    }

    std::int64_t gathered() const { return expired_.count() + evicted_.count(); }

    void remove_expired(const row_scan &row, std::int64_t bytes) {
        if (in_.detour != nullptr)
            expired_.add(row, bytes);
        else if (remove_unless_busy(in_.table, row.tid()))
            result_.removed++;
        else
            leave(1, bytes);
    }

    void evict(const row_scan &row, std::int64_t bytes) {
        if (in_.detour != nullptr) {
            evicted_.add(row, bytes);
        } else if (remove_unless_busy(in_.table, row.tid())) {
            result_.evicted++;
            result_.evicted_bytes += bytes;
        } else {
            keep(row.expires(), bytes);
        }
    }

    void keep(timestamp expires, std::int64_t bytes) {
        result_.there.earliest = std::min(result_.there.earliest, expires);
        result_.there.bytes += bytes;
    }

    void leave(std::int64_t count, std::int64_t bytes) {
        if (count == 0)
            return;
        result_.left += count;
        keep(now_, bytes);  // to be looked at again in the next round
    }

    void remove_gathered() {
        if (in_.detour == nullptr)
            return;
        has_asked_ = true;
        if (evicted_.count() == 0 || expired_.count() > 0) {
            removed_entries removed = remove(expired_, false);
            result_.removed += removed.count;
            leave(expired_.count() - removed.count, expired_.bytes() - removed.bytes);
        }
        if (evicted_.count() > 0) {
            removed_entries removed = remove(evicted_, true);
            result_.evicted += removed.count;
            result_.evicted_bytes += removed.bytes;
            keep(now_, evicted_.bytes() - removed.bytes);
        }
        expired_.clear();
        evicted_.clear();
    }

    removed_entries remove(gathered_entries &entries, bool even_live) {
        removed_entries removed;
        scratch_.use(
            [&] { removed = remove_by_key(in_, entries.all(), even_live, part_, result_); });
        return removed;
    }

    const store &in_;
    const sweep_part &part_;
    BlockNumber end_;
    BlockNumber page_ = InvalidBlockNumber;
    timestamp now_ = 0;
    gathered_entries expired_;
    gathered_entries evicted_;
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
