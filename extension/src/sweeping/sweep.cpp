#include "sweeping/sweep.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "paths/plan_cache.hpp"
#include "paths/statement_parts.hpp"
#include "rules/monotonic.hpp"
#include "rules/ttl.hpp"
#include "server/scratch_memory.hpp"
#include "store/statistics.hpp"

namespace kvstore {

namespace {

// --- Rows, as a scan comes upon them ---

class row_scan {
  public:
    // Pages first..end, without end.
    row_scan(Relation table, BlockNumber first, BlockNumber end) {
        ItemPointerData from;
        ItemPointerData to;
        ItemPointerSet(&from, first, FirstOffsetNumber);
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

    // The number of the transaction that wrote the row, 0 if that is long ago.
    std::uint64_t written() const {
        HeapTupleHeader row = ExecFetchSlotHeapTuple(slot_, false, nullptr)->t_data;
        if (HeapTupleHeaderXminFrozen(row))
            return 0;
        std::uint32_t age = static_cast<TransactionId>(now_) - HeapTupleHeaderGetRawXmin(row);
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

// --- Removal on the fast path: at once ---

// Removes this version of a row, unless it is locked or no longer the newest: then
// somebody is about to renew it, or has.
bool remove_unless_busy(Relation table, ItemPointer tid) {
    TM_FailureData failure;
    return table_tuple_delete(table, tid, GetCurrentCommandId(true), InvalidSnapshot,
                              InvalidSnapshot, false, &failure, false) == TM_Ok;
}

// --- Removal by SQL: by key, many at a time ---

#define STILL_TO_GO " AND ($2 OR " HAS_EXPIRED ")"
#define OF_THESE_KEYS(keys) " WHERE key OPERATOR(pg_catalog.=) ANY (" keys ")" STILL_TO_GO

// Locking a row needs the privilege UPDATE.
constexpr const char *remove_unlocked = "DELETE FROM %1$s" OF_THESE_KEYS(
    "ARRAY(SELECT key FROM %1$s" OF_THESE_KEYS("$1") " FOR UPDATE SKIP LOCKED)");
constexpr const char *remove_any = "DELETE FROM %1$s" OF_THESE_KEYS("$1");
bool may_lock_rows(Relation table) {
    return pg_class_aclcheck(RelationGetRelid(table), GetUserId(), ACL_UPDATE) == ACLCHECK_OK;
}

void execute(const store &in, const char *sql, std::span<const Oid> types,
             std::span<Datum> values) {
    int code = SPI_execute_plan(cached_plan(in, sql, types), values.data(), nullptr, false, 0);
    if (code < 0)
        elog(ERROR, "could not sweep: %s", SPI_result_code_string(code));
}

// Those that are still to go, `even_live` or not; how many went.
std::int64_t remove_at_once(const store &in, std::span<Datum> keys, bool even_live) {
    static constexpr std::array<Oid, 2> types{TEXTARRAYOID, BOOLOID};
    ArrayType *array = construct_array(keys.data(), static_cast<int>(keys.size()), TEXTOID, -1,
                                       false, TYPALIGN_INT);
    std::array<Datum, 2> values{PointerGetDatum(array), BoolGetDatum(even_live)};
    SPI_connect();
    execute(in, may_lock_rows(in.table) ? remove_unlocked : remove_any, types, values);
    auto removed = static_cast<std::int64_t>(SPI_processed);
    SPI_finish();
    return removed;
}

// --- What cannot be removed ---

// Whether the error can be that of one entry, so that it is worth trying without it.
bool may_be_of_an_entry(int sqlstate) {
    switch (ERRCODE_TO_CATEGORY(sqlstate)) {
        case ERRCODE_INSUFFICIENT_RESOURCES:
        case ERRCODE_OPERATOR_INTERVENTION:  // cancelled, out of time, shutting down
        case ERRCODE_SYSTEM_ERROR:
        case ERRCODE_INTERNAL_ERROR:
        case ERRCODE_TRANSACTION_ROLLBACK:
            return false;
        default:
            return sqlstate != ERRCODE_LOCK_NOT_AVAILABLE;
    }
}

// Removes entries by key; those whose removal is an error are left, and the others removed.
class patient_removal {
  public:
    patient_removal(const store &in, bool even_live, int known_error)
        : in_(in), even_live_(even_live), known_error_(known_error) {}

    // How many went. If the whole is an error, the halves are tried, and so on; which bounds the
    // work, so that many bad entries may keep some good ones waiting. It begins somewhere, so
    // that they are others the next time.
    std::int64_t remove(std::span<Datum> keys) {
        if (keys.empty())
            return remove_at_once(in_, keys, even_live_);
        std::rotate(keys.begin(), keys.begin() + first_of(keys.size()), keys.end());
        return remove_part(keys);
    }

    int error() const { return error_; }  // the SQLSTATE of the first one, 0 for none

  private:
    static constexpr int most_failures = 50;

    // Different in each transaction.
    static std::ptrdiff_t first_of(std::size_t count) {
        return static_cast<std::ptrdiff_t>(static_cast<std::uint64_t>(monotonic_now()) % count);
    }

    std::int64_t remove_part(std::span<Datum> keys) {
        std::int64_t removed = 0;
        if (failures_ >= most_failures || try_to_remove(keys, removed))
            return removed;
        if (keys.size() <= 1)
            return 0;
        std::size_t half = keys.size() / 2;
        removed = remove_part(keys.first(half));
        return removed + remove_part(keys.subspan(half));
    }

    // In a subtransaction.
    bool try_to_remove(std::span<Datum> keys, std::int64_t &removed) {
        MemoryContext memory = CurrentMemoryContext;
        ResourceOwner owner = CurrentResourceOwner;
        volatile bool succeeded = true;
        BeginInternalSubTransaction(nullptr);
        MemoryContextSwitchTo(memory);
        PG_TRY();
        {
            removed = remove_at_once(in_, keys, even_live_);
            ReleaseCurrentSubTransaction();
        }
        PG_CATCH();
        {
            MemoryContextSwitchTo(memory);
            ErrorData *error = CopyErrorData();
            if (!may_be_of_an_entry(error->sqlerrcode))
                PG_RE_THROW();
            FlushErrorState();
            RollbackAndReleaseCurrentSubTransaction();
            MemoryContextSwitchTo(memory);
            CurrentResourceOwner = owner;
            if (failures_++ == 0)
                remove_at_once(in_, {}, even_live_);  // an error, too, unless an entry's
            tell(*error);
            succeeded = false;
        }
        PG_END_TRY();
        MemoryContextSwitchTo(memory);
        CurrentResourceOwner = owner;
        return succeeded;
    }

    void tell(const ErrorData &error) {
        bool is_first = error_ == 0;
        if (is_first)
            error_ = error.sqlerrcode;
        if (!is_first || known_error_ == sweep_part::any_error || known_error_ == error_)
            return;
        ereport(WARNING, (errcode(error.sqlerrcode),
                          errmsg("could not remove an entry of store \"%s\": %s",
                                 RelationGetRelationName(in_.table),
                                 error.message != nullptr ? error.message : ""),
                          error.detail != nullptr ? errdetail_internal("%s", error.detail) : 0,
                          error.hint != nullptr ? errhint("%s", error.hint) : 0,
                          error.context != nullptr ? errcontext("%s", error.context) : 0));
    }

    const store &in_;
    bool even_live_;
    int known_error_;
    int failures_ = 0;
    int error_ = 0;
};

// Notes the first error in `result`.
std::int64_t remove_by_key(const store &in, std::span<Datum> keys, bool even_live,
                           const sweep_part &part, sweep_result &result) {
    patient_removal removal(in, even_live,
                            result.error != 0 ? sweep_part::any_error : part.known_error);
    std::int64_t removed = removal.remove(keys);
    if (result.error == 0)
        result.error = removal.error();
    return removed;
}

// Keys to be removed, gathered page by page until there are many.
struct key_list {
    List *expired = NIL;
    List *evicted = NIL;

    std::int64_t size() const { return list_length(expired) + list_length(evicted); }
    bool is_long() const { return size() >= 1000; }

    void clear() {
        list_free_deep(expired);
        list_free_deep(evicted);
        *this = {};
    }
};

Datum copy_of_key(Datum key) {
    return PointerGetDatum(
        pg_detoast_datum_copy(reinterpret_cast<struct varlena *>(DatumGetPointer(key))));
}

std::span<Datum> as_array(List *keys) {
    auto *array = static_cast<Datum *>(palloc(sizeof(Datum) * (list_length(keys) + 1)));
    std::size_t count = 0;
    ListCell *each;
    foreach (each, keys)
        array[count++] = PointerGetDatum(lfirst(each));
    return {array, count};
}

// --- Going through pages ---

class page_sweep {
  public:
    page_sweep(const store &in, const sweep_part &part, BlockNumber end)
        : in_(in), part_(part), end_(end) {}

    sweep_result run() {
        result_.next = end_;
        row_scan rows(in_.table, part_.first, end_);
        while (rows.next()) {
            if (rows.page() != page_ && !enter(rows.page()))
                break;
            if (!look_at(rows))
                break;
        }
        rows.end();
        remove_gathered();
        scratch_.free();
        return result_;
    }

  private:
    // False if the time is over.
    bool enter(BlockNumber page) {
        CHECK_FOR_INTERRUPTS();
        if (gathered_.is_long())
            remove_gathered();
        now_ = GetCurrentTimestamp();
        bool is_first = page_ == InvalidBlockNumber;
        page_ = page;
        if (is_first || monotonic_now() < part_.deadline)
            return true;
        result_.next = page;
        return false;
    }

    bool look_at(const row_scan &row) {
        timestamp expires = row.expires();
        std::int64_t bytes = row.bytes();
        if (!is_live(expires, now_))
            remove_expired(row, bytes);
        else if (is_to_be_evicted(row))
            evict(row, bytes);
        else
            keep(expires, bytes);
        // Whether what is gathered goes is seen when it is to go.
        if (result_.removed + gathered_.size() >= part_.most_rows)
            remove_gathered();
        if (result_.removed < part_.most_rows)
            return true;
        result_.next = row.page();
        return false;
    }

    bool is_to_be_evicted(const row_scan &row) const {
        return part_.evict.is_due && result_.evicted_bytes < part_.evict.bytes &&
               row.rank(part_.evict.order) <= part_.evict.threshold;
    }

    void remove_expired(const row_scan &row, std::int64_t bytes) {
        if (in_.detour != nullptr)
            gathered_.expired = lappend(gathered_.expired, DatumGetPointer(copy_of_key(row.key())));
        else if (remove_unless_busy(in_.table, row.tid()))
            result_.removed++;
        else
            leave(bytes);
    }

    void evict(const row_scan &row, std::int64_t bytes) {
        if (in_.detour != nullptr)
            gathered_.evicted = lappend(gathered_.evicted, DatumGetPointer(copy_of_key(row.key())));
        else if (remove_unless_busy(in_.table, row.tid()))
            result_.evicted++;
        else {
            leave(bytes);
            return;
        }
        result_.evicted_bytes += bytes;
    }

    void keep(timestamp expires, std::int64_t bytes) {
        result_.there.earliest = std::min(result_.there.earliest, expires);
        result_.there.bytes += bytes;
    }

    void leave(std::int64_t bytes) {
        result_.left++;
        keep(now_, bytes);  // to be looked at again in the next round
    }

    // Of no keys, too: SQL then says whether the user may remove any.
    void remove_gathered() {
        if (in_.detour == nullptr)
            return;
        std::int64_t removed = 0;
        std::int64_t evicted = 0;
        scratch_.use([&] {
            removed = remove_by_key(in_, as_array(gathered_.expired), false, part_, result_);
            if (gathered_.evicted != NIL)
                evicted = remove_by_key(in_, as_array(gathered_.evicted), true, part_, result_);
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
    scratch_memory scratch_;
    sweep_result result_;
};

sweep_result sweep_pages(const store &in, const sweep_part &part) {
    BlockNumber pages = RelationGetNumberOfBlocks(in.table);
    if (part.first >= pages)
        return {.next = InvalidBlockNumber};
    BlockNumber end = part.first + std::min(part.pages, pages - part.first);

    CommandCounterIncrement();
    PushActiveSnapshot(GetTransactionSnapshot());
    sweep_result result = page_sweep(in, part, end).run();
    PopActiveSnapshot();
    if (result.next >= pages)
        result.next = InvalidBlockNumber;
    return result;
}

// --- Stores without pages of their own, in the order of their keys ---

#define SOME_BY_KEY(where)                        \
    "SELECT key, " HAS_EXPIRED " FROM %1$s" where \
    " ORDER BY key USING OPERATOR(pg_catalog.<) LIMIT 1000"

constexpr const char *first_keys = SOME_BY_KEY("");
constexpr const char *further_keys = SOME_BY_KEY(" WHERE key OPERATOR(pg_catalog.>) $1");
constexpr std::uint64_t keys_at_once = 1000;

class key_sweep {
  public:
    key_sweep(const store &in, const sweep_part &part)
        : in_(in), part_(part), caller_(CurrentMemoryContext), after_(part.after) {}

    sweep_result run() {
        do {
            CHECK_FOR_INTERRUPTS();
            scratch_.use([&] { sweep_some(); });
        } while (!is_at_end_ && result_.removed < part_.most_rows &&
                 monotonic_now() < part_.deadline);
        scratch_.free();
        result_.next = is_at_end_ ? InvalidBlockNumber : 0;
        result_.after = is_at_end_ ? nullptr : last_;
        return result_;
    }

  private:
    void sweep_some() {
        SPI_connect();
        find_some();
        is_at_end_ = SPI_processed < keys_at_once;
        auto *expired = static_cast<Datum *>(palloc(sizeof(Datum) * keys_at_once));
        std::size_t count = 0;
        for (uint64 row = 0; row < SPI_processed; row++)
            if (column(row, 2) != 0)
                expired[count++] = column(row, 1);
        if (!is_at_end_)
            remember(column(SPI_processed - 1, 1));
        remove({expired, count});
        SPI_finish();
    }

    void find_some() {
        static constexpr std::array<Oid, 1> types{TEXTOID};
        std::array<Datum, 1> values{PointerGetDatum(after_)};
        if (after_ == nullptr)
            execute(in_, first_keys, std::span(types).first(0), std::span(values).first(0));
        else
            execute(in_, further_keys, types, values);
    }

    static Datum column(uint64 row, int number) {
        bool is_null;
        return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, number, &is_null);
    }

    void remember(Datum key) {
        MemoryContext before = MemoryContextSwitchTo(caller_);
        if (last_ != nullptr)
            pfree(last_);
        last_ = reinterpret_cast<text *>(DatumGetPointer(copy_of_key(key)));
        after_ = last_;
        MemoryContextSwitchTo(before);
    }

    // No more than are to go. Of no keys, too, as for a store with pages.
    void remove(std::span<Datum> keys) {
        do {
            auto most = static_cast<std::uint64_t>(part_.most_rows - result_.removed);
            std::span<Datum> some = keys.first(std::min<std::uint64_t>(keys.size(), most));
            std::int64_t removed = remove_by_key(in_, some, false, part_, result_);
            result_.removed += removed;
            result_.left += static_cast<std::int64_t>(some.size()) - removed;
            keys = keys.subspan(some.size());
        } while (!keys.empty() && result_.removed < part_.most_rows);
    }

    const store &in_;
    const sweep_part &part_;
    MemoryContext caller_;
    scratch_memory scratch_;
    const text *after_;
    text *last_ = nullptr;
    bool is_at_end_ = false;
    sweep_result result_;
};

// --- Choosing what to evict ---

struct ranked {
    std::uint64_t rank;
    std::int64_t bytes;
};

// The entries of pages all over the store.
class sample {
  public:
    sample(const store &in, eviction_order order) : in_(in), order_(order) {
        entries_ = static_cast<ranked *>(palloc(sizeof(ranked) * room_));
        BlockNumber pages = RelationGetNumberOfBlocks(in.table);
        BlockNumber step = std::max<BlockNumber>(1, pages / most_pages);
        for (BlockNumber page = 0; page < pages; page += step)
            add(page);
    }

    // Of the least rank so that entries up to it are so large a part of the sample.
    std::uint64_t quantile(double part) {
        std::sort(entries_, entries_ + count_,
                  [](const ranked &a, const ranked &b) { return a.rank < b.rank; });
        double wanted = part * static_cast<double>(bytes_);
        std::int64_t sum = 0;
        for (std::size_t i = 0; i < count_; i++) {
            sum += entries_[i].bytes;
            if (static_cast<double>(sum) >= wanted)
                return entries_[i].rank;
        }
        return UINT64_MAX;
    }

  private:
    static constexpr BlockNumber most_pages = 200;

    void add(BlockNumber page) {
        row_scan rows(in_.table, page, page + 1);
        while (rows.next())
            add({rows.rank(order_), rows.bytes()});
        rows.end();
    }

    void add(const ranked &one) {
        if (count_ == room_) {
            room_ *= 2;
            entries_ = static_cast<ranked *>(repalloc(entries_, sizeof(ranked) * room_));
        }
        entries_[count_++] = one;
        bytes_ += one.bytes;
    }

    const store &in_;
    eviction_order order_;
    ranked *entries_;
    std::size_t room_ = 1024;
    std::size_t count_ = 0;
    std::int64_t bytes_ = 0;
};

}  // namespace

eviction choose_eviction(const store &in, eviction_order order, std::int64_t excess,
                         std::int64_t all) {
    PushActiveSnapshot(GetTransactionSnapshot());
    double part = static_cast<double>(excess) / static_cast<double>(all);
    eviction chosen{true, order, sample(in, order).quantile(part), excess};
    PopActiveSnapshot();
    return chosen;
}

bool has_pages(const store &in) {
    return in.table->rd_rel->relkind == RELKIND_RELATION &&
           in.table->rd_rel->relam == HEAP_TABLE_AM_OID && !in.table->rd_rel->relhassubclass &&
           !has_virtual_columns(in.table) && !RELATION_IS_OTHER_TEMP(in.table);
}

sweep_result sweep(const store &in, const sweep_part &part) {
    if (in.detour == nullptr)
        CheckCmdReplicaIdentity(in.table, CMD_DELETE);
    sweep_result result = has_pages(in) ? sweep_pages(in, part) : key_sweep(in, part).run();
    if (result.removed > 0)
        statistics::count(RelationGetRelid(in.table), counter::swept, result.removed);
    if (result.evicted > 0)
        statistics::count(RelationGetRelid(in.table), counter::evicted, result.evicted);
    return result;
}

}  // namespace kvstore
