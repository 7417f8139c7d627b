#include "sweep.hpp"

#include <array>

#include "plan_cache.hpp"
#include "statistics.hpp"
#include "ttl.hpp"

namespace kvstore {

namespace {

BlockNumber pages_of(Relation table) {
    return table->rd_rel->relkind == RELKIND_RELATION ? RelationGetNumberOfBlocks(table)
                                                      : MaxBlockNumber;  // of all partitions
}

ItemPointerData tid_of(BlockNumber page, OffsetNumber offset) {
    ItemPointerData tid;
    ItemPointerSet(&tid, page, offset);
    return tid;
}

// --- The fast path ---

bool has_expired(TupleTableSlot *row) {
    bool is_null;
    Datum expires = slot_getattr(row, 3, &is_null);
    return !is_null && !is_live(DatumGetTimestampTz(expires), GetCurrentTimestamp());
}

// Removes this version of a row, unless it is locked or no longer the newest: then
// somebody is about to renew it, or has.
bool remove_unless_busy(Relation table, TupleTableSlot *row) {
    TM_FailureData failure;
    return table_tuple_delete(table, &row->tts_tid, GetCurrentCommandId(true), InvalidSnapshot,
                              InvalidSnapshot, false, &failure, false) == TM_Ok;
}

// Pages from..to, without `to`.
sweep_result sweep_pages(const store &in, BlockNumber from, BlockNumber to, int64 most_rows) {
    sweep_result result{.next = to};
    ItemPointerData first = tid_of(from, FirstOffsetNumber);
    ItemPointerData last = tid_of(to - 1, MaxOffsetNumber);

    CommandCounterIncrement();
    PushActiveSnapshot(GetTransactionSnapshot());
    TupleTableSlot *row = table_slot_create(in.table, nullptr);
    TableScanDesc scan = table_beginscan_tidrange(in.table, GetActiveSnapshot(), &first, &last);
    while (table_scan_getnextslot_tidrange(scan, ForwardScanDirection, row)) {
        CHECK_FOR_INTERRUPTS();
        if (!has_expired(row))
            continue;
        if (!remove_unless_busy(in.table, row)) {
            result.left++;
            continue;
        }
        if (++result.removed >= most_rows) {
            result.next = ItemPointerGetBlockNumber(&row->tts_tid);
            break;
        }
    }
    table_endscan(scan);
    ExecDropSingleTupleTableSlot(row);
    PopActiveSnapshot();
    return result;
}

// --- The SQL path ---

#define EXPIRED_IN_RANGE                                                        \
    "SELECT ctid FROM %1$s"                                                     \
    " WHERE ctid OPERATOR(pg_catalog.>=) $1 AND ctid OPERATOR(pg_catalog.<) $2" \
    " AND expires OPERATOR(pg_catalog.<=) pg_catalog.clock_timestamp() LIMIT $3"
#define DELETE_THESE(rows)                                                \
    "DELETE FROM %1$s WHERE ctid OPERATOR(pg_catalog.=) ANY (ARRAY(" rows \
    ")) AND expires OPERATOR(pg_catalog.<=) pg_catalog.clock_timestamp()"

// Locking a row needs the privilege UPDATE.
constexpr const char *sweep_unlocked = DELETE_THESE(EXPIRED_IN_RANGE " FOR UPDATE SKIP LOCKED");
constexpr const char *sweep_any = DELETE_THESE(EXPIRED_IN_RANGE);

bool may_lock_rows(Relation table) {
    return pg_class_aclcheck(RelationGetRelid(table), GetUserId(), ACL_UPDATE) == ACLCHECK_OK;
}

sweep_result sweep_by_sql(const store &in, BlockNumber from, BlockNumber to, int64 most_rows) {
    static constexpr std::array<Oid, 3> types{TIDOID, TIDOID, INT8OID};
    ItemPointerData first = tid_of(from, 0);
    ItemPointerData end = tid_of(to, 0);
    std::array<Datum, 3> values{PointerGetDatum(&first), PointerGetDatum(&end),
                                Int64GetDatum(most_rows)};

    SPI_connect();
    const char *sql = may_lock_rows(in.table) ? sweep_unlocked : sweep_any;
    int code = SPI_execute_plan(cached_plan(in, sql, types), values.data(), nullptr, false, 0);
    if (code < 0)
        elog(ERROR, "could not sweep: %s", SPI_result_code_string(code));
    int64 removed = static_cast<int64>(SPI_processed);
    SPI_finish();
    return {.removed = removed, .next = removed >= most_rows ? from : to};
}

}  // namespace

sweep_result sweep(const store &in, const sweep_part &part) {
    BlockNumber pages = pages_of(in.table);
    if (part.first >= pages)
        return {.next = InvalidBlockNumber};
    BlockNumber to = part.first + Min(part.pages, pages - part.first);
    if (in.detour == nullptr)
        CheckCmdReplicaIdentity(in.table, CMD_DELETE);
    sweep_result result = in.detour == nullptr ? sweep_pages(in, part.first, to, part.most_rows)
                                               : sweep_by_sql(in, part.first, to, part.most_rows);
    if (result.removed > 0)
        statistics::count(RelationGetRelid(in.table), counter::swept, result.removed);
    if (result.next >= pages)
        result.next = InvalidBlockNumber;
    return result;
}

}  // namespace kvstore
