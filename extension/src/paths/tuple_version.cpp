#include "paths/tuple_version.hpp"

#include <array>

namespace kvstore {

namespace {

// Room for another version like this one, and for the next writer's.
bool has_room_beside(const tuple_version &one) {
    return PageGetHeapFreeSpace(BufferGetPage(one.buffer)) >= 2 * MAXALIGN(one.tuple.t_len);
}

// The version that `snapshot` sees among those that an index entry points to. After
// heapam_index_fetch_tuple(), which prunes at every visit instead.
bool fetch(const store &in, ItemPointerData root, Snapshot snapshot, purpose why,
           tuple_version *found, bool *all_dead) {
    found->buffer = ReadBuffer(in.table, ItemPointerGetBlockNumber(&root));
    for (bool pruned = false;; pruned = true) {
        ItemPointerData tid = root;
        LockBuffer(found->buffer, BUFFER_LOCK_SHARE);
        bool visible = heap_hot_search_buffer(&tid, in.table, found->buffer, snapshot,
                                              &found->tuple, all_dead, true);
        found->tuple.t_self = tid;
        LockBuffer(found->buffer, BUFFER_LOCK_UNLOCK);
        if (!visible) {
            release(*found);
            return false;
        }
        if (why == purpose::reading || pruned || has_room_beside(*found))
            return true;
        heap_page_prune_opt(in.table, found->buffer);  // moves tuples: look again
    }
}

bool find_by_scan(const store &in, Datum key, Snapshot snapshot, purpose why,
                  tuple_version *found) {
    ScanKeyData equal;
    ScanKeyInit(&equal, 1, BTEqualStrategyNumber, F_TEXTEQ, key);  // in collation C
    IndexScanDesc scan = pg::begin_index_scan(in.table, in.key_index, snapshot, 1);
    index_rescan(scan, &equal, 1, nullptr, 0);
    // Versions that cannot be removed yet, since an old snapshot is held, may be many. Entries
    // of one key stand in the order of their rows' places, so the newest is likely the last.
    ScanDirection direction =
        IsMVCCSnapshot(snapshot) ? BackwardScanDirection : ForwardScanDirection;
    bool visible = false;
    while (ItemPointer root = index_getnext_tid(scan, direction)) {
        bool all_dead = false;
        visible = fetch(in, *root, snapshot, why, found, &all_dead);
        if (visible)
            break;
        // As in index_fetch_heap(): spares others the way to what nobody sees.
        scan->kill_prior_tuple = all_dead && !scan->xactStartedInRecovery;
    }
    index_endscan(scan);
    return visible;
}

// Index entries marked dead mean nothing to a standby, SSI wants to know what was looked
// at, only an MVCC snapshot may come late to a tuple, and a snapshot that has become too
// old is found out by scans.
bool may_probe(Snapshot snapshot) {
    return IsMVCCSnapshot(snapshot) && !IsolationIsSerializable() &&
           !TransactionStartedDuringRecovery() && !pg::snapshots_become_too_old();
}

std::array<Datum, 3> columns_of(const store &in, const tuple_version &from,
                                std::array<bool, 3> &nulls) {
    std::array<Datum, 3> values;
    HeapTuple tuple = const_cast<HeapTuple>(&from.tuple);
    heap_deform_tuple(tuple, RelationGetDescr(in.table), values.data(), nulls.data());
    return values;
}

}  // namespace

location locate(const store &in, Datum key, Snapshot snapshot) {
    location where;
    if (!may_probe(snapshot))
        return where;
    where.answer = probe_btree(in.table, in.key_index, key, &where.tid);
    if (where.answer != probe_answer::unsure)
        pgstat_count_index_scan(in.key_index);
    return where;
}

bool fetch_version(const store &in, Datum key, const location &where, Snapshot snapshot,
                   purpose why, tuple_version *found) {
    if (where.answer == probe_answer::miss)
        return false;
    if (where.answer == probe_answer::hit) {
        bool all_dead;
        pgstat_count_index_tuples(in.key_index, 1);
        if (fetch(in, where.tid, snapshot, why, found, &all_dead)) {
            pgstat_count_heap_fetch(in.key_index);
            return true;
        }
    }
    return find_by_scan(in, key, snapshot, why, found);
}

bool find_version(const store &in, Datum key, Snapshot snapshot, purpose why,
                  tuple_version *found) {
    return fetch_version(in, key, locate(in, key, snapshot), snapshot, why, found);
}

void release(tuple_version &held) {
    if (BufferIsValid(held.buffer))
        ReleaseBuffer(held.buffer);
    held.buffer = InvalidBuffer;
}

Datum stored_key(const store &in, const tuple_version &from) {
    std::array<bool, 3> nulls;
    return columns_of(in, from, nulls)[0];
}

std::optional<entry> entry_of(const store &in, const tuple_version &from) {
    std::array<bool, 3> nulls;
    std::array<Datum, 3> columns = columns_of(in, from, nulls);
    // Columns of a store are NOT NULL, but PostgreSQL 18 has NOT NULL .. NOT VALID.
    if (nulls[1] || nulls[2])
        return std::nullopt;
    return entry{columns[1], DatumGetTimestampTz(columns[2])};
}

}  // namespace kvstore
