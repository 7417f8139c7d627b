#include "paths/tuple_version.hpp"

#include <array>

#include "paths/tid_cache.hpp"

namespace kvstore {

namespace {

// Room for another version like this one, and for the next writer's.
bool has_room_beside(const tuple_version &one) {
    return PageGetHeapFreeSpace(BufferGetPage(one.buffer)) >= 2 * MAXALIGN(one.tuple.t_len);
}

// What there is behind an index entry.
struct fetched {
    std::optional<tuple_version> found;
    bool all_dead;  // nobody will ever see any of it
};

// The version that the snapshot sees among those that an index entry points to; the buffer has
// its page, and is pinned. After heapam_index_fetch_tuple(), which prunes at every visit instead.
fetched fetch_from(const lookup &search, ItemPointerData root, Buffer pinned) {
    tuple_version found;
    found.buffer = pinned;
    for (bool pruned = false;; pruned = true) {
        ItemPointerData tid = root;
        bool all_dead = false;
        LockBuffer(found.buffer, BUFFER_LOCK_SHARE);
        bool visible = heap_hot_search_buffer(&tid, search.in.table, found.buffer, search.snapshot,
                                              &found.tuple, &all_dead, true);
        found.tuple.t_self = tid;
        LockBuffer(found.buffer, BUFFER_LOCK_UNLOCK);
        if (!visible) {
            release(found);
            return {std::nullopt, all_dead};
        }
        if (search.why == purpose::reading || pruned || has_room_beside(found))
            return {found, false};
        heap_page_prune_opt(search.in.table, found.buffer);  // moves tuples: look again
    }
}

fetched fetch_from(const lookup &search, const ItemPointerData &root) {
    return fetch_from(search, root, ReadBuffer(search.in.table, ItemPointerGetBlockNumber(&root)));
}

bool has_key(const lookup &search, tuple_version &one) {
    bool is_null;
    Datum stored = heap_getattr(&one.tuple, 1, RelationGetDescr(search.in.table), &is_null);
    const char *key = DatumGetPointer(stored);
    return !VARATT_IS_COMPRESSED(key) && !VARATT_IS_EXTERNAL(key) &&
           bytes_of(stored) == bytes_of(search.key);
}

// What is still where it was the last time.
std::optional<tuple_version> fetch_recalled(const lookup &search, const location &where) {
    if (!pg::pin_recent_buffer(search.in.table, ItemPointerGetBlockNumber(&where.tid),
                               where.recalled_in))
        return std::nullopt;
    fetched there = fetch_from(search, where.tid, where.recalled_in);
    if (there.found && !has_key(search, *there.found)) {
        release(there.found);
        return std::nullopt;
    }
    return there.found;
}

location locate_in_index(const lookup &search) {
    location where;
    where.answer = probe_btree(search.in.table, search.in.key_index, search.key, &where.tid);
    return where;
}

std::optional<tuple_version> find_by_scan(const lookup &search) {
    ScanKeyData equal;
    ScanKeyInit(&equal, 1, BTEqualStrategyNumber, F_TEXTEQ, search.key);  // in collation C
    IndexScanDesc scan =
        pg::begin_index_scan(search.in.table, search.in.key_index, search.snapshot, 1);
    index_rescan(scan, &equal, 1, nullptr, 0);
    // Versions that cannot be removed yet, since an old snapshot is held, may be many. Entries
    // of one key stand in the order of their rows' places, so the newest is likely the last.
    ScanDirection direction =
        IsMVCCSnapshot(search.snapshot) ? BackwardScanDirection : ForwardScanDirection;
    fetched there = {};
    while (ItemPointer root = index_getnext_tid(scan, direction)) {
        there = fetch_from(search, *root);
        if (there.found)
            break;
        // As in index_fetch_heap(): spares others the way to what nobody sees.
        scan->kill_prior_tuple = there.all_dead && !scan->xactStartedInRecovery;
    }
    index_endscan(scan);
    return there.found;
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

location locate(const lookup &search) {
    if (!may_probe(search.snapshot))
        return {};
    location where;
    if (std::optional<tid_cache::place> last = tid_cache::recall(search.in.table, search.key))
        where = {probe_answer::hit, last->tid, last->buffer};
    else
        where = locate_in_index(search);
    if (where.answer != probe_answer::unsure)
        pgstat_count_index_scan(search.in.key_index);
    return where;
}

std::optional<tuple_version> fetch(const lookup &search, const location &where) {
    location from = where;
    if (where.recalled_in != InvalidBuffer) {
        if (std::optional<tuple_version> found = fetch_recalled(search, where)) {
            pgstat_count_index_tuples(search.in.key_index, 1);
            pgstat_count_heap_fetch(search.in.key_index);
            return found;
        }
        from = locate_in_index(search);
    }
    if (from.answer == probe_answer::miss)
        return std::nullopt;
    if (from.answer == probe_answer::hit) {
        pgstat_count_index_tuples(search.in.key_index, 1);
        if (fetched there = fetch_from(search, from.tid); there.found) {
            pgstat_count_heap_fetch(search.in.key_index);
            tid_cache::remember(search.in.table, search.key, {from.tid, there.found->buffer});
            return there.found;
        }
    }
    return find_by_scan(search);
}

std::optional<tuple_version> find(const lookup &search) {
    return fetch(search, locate(search));
}

void release(const tuple_version &held) {
    ReleaseBuffer(held.buffer);
}

void release(const std::optional<tuple_version> &held) {
    if (held)
        release(*held);
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
