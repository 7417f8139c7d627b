#include "paths/duplicates.hpp"

#include "server/errors.hpp"

namespace kvstore {

namespace {

// The store, or a partition of it.
bool is_part_of(const store &in, Oid table) {
    Oid whole = RelationGetRelid(in.table);
    return table == whole || (get_rel_relispartition(table) &&
                              list_member_oid(get_partition_ancestors(table), whole));
}

// By which equal keys are the same bytes.
bool has_deterministic_collation(HeapTuple index) {
    bool is_null;
    Datum collations = SysCacheGetAttr(INDEXRELID, index, Anum_pg_index_indcollation, &is_null);
    return get_collation_isdeterministic(
        reinterpret_cast<oidvector *>(DatumGetPointer(collations))->values[0]);
}

// Whether what violates the index violates the primary key, too. An expression has number 0.
bool is_unique_on_key(Oid index) {
    HeapTuple row = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
    if (!HeapTupleIsValid(row))
        return false;
    auto *found = reinterpret_cast<Form_pg_index>(GETSTRUCT(row));
    bool on_key = found->indisunique && found->indnkeyatts == 1 &&
                  found->indkey.values[0] == get_attnum(found->indrelid, "key") &&
                  has_deterministic_collation(row);
    ReleaseSysCache(row);
    return on_key;
}

// The index that the error tells of, if the error is that the key is there already. InvalidOid if
// it cannot be told: REINDEX CONCURRENTLY may have renamed it since.
std::optional<Oid> violated_index(const store &in, const ErrorData *error) {
    // A trigger may raise the same error, with whatever it likes for the names.
    if (error->sqlerrcode != ERRCODE_UNIQUE_VIOLATION || error->schema_name == nullptr ||
        error->table_name == nullptr || error->constraint_name == nullptr)
        return std::nullopt;
    Oid schema = get_namespace_oid(error->schema_name, true);
    if (!is_part_of(in, get_relname_relid(error->table_name, schema)))
        return std::nullopt;
    Oid violated = get_relname_relid(error->constraint_name, schema);
    if (OidIsValid(violated) && !is_unique_on_key(violated))
        return std::nullopt;
    return violated;
}

std::optional<rival> find_rival(Relation table, Relation index, Datum key) {
    ScanKeyData equal;
    ScanKeyEntryInitialize(&equal, 0, 1, BTEqualStrategyNumber, InvalidOid,
                           index->rd_indcollation[0], F_TEXTEQ, key);
    TupleTableSlot *row = table_slot_create(table, nullptr);
    IndexScanDesc scan = pg::begin_index_scan(table, index, GetActiveSnapshot(), 1);
    index_rescan(scan, &equal, 1, nullptr, 0);
    std::optional<rival> found;
    if (index_getnext_slot(scan, ForwardScanDirection, row))
        found = rival{RelationGetRelid(table), row->tts_tid};
    index_endscan(scan);
    ExecDropSingleTupleTableSlot(row);
    return found;
}

// The row of the key that the active snapshot sees, whatever policies hide.
std::optional<rival> find_rival(Oid index, Datum key) {
    Oid table = IndexGetRelation(index, true);
    if (!OidIsValid(table))
        return std::nullopt;
    LockRelationOid(table, AccessShareLock);
    LockRelationOid(index, AccessShareLock);
    if (IndexGetRelation(index, true) != table)  // REINDEX CONCURRENTLY was awaited
        return std::nullopt;
    Relation in = table_open(table, NoLock);
    Relation by = index_open(index, NoLock);
    std::optional<rival> found = find_rival(in, by, key);
    index_close(by, NoLock);
    table_close(in, NoLock);
    return found;
}

bool same(rival one, rival other) {
    return one.table == other.table && ItemPointerEquals(&one.tid, &other.tid);
}

}  // namespace

bool has_rival_indexes(const store &in) {
    if (in.table->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
        return true;
    List *indexes = RelationGetIndexList(in.table);
    bool found = false;
    ListCell *each;
    foreach (each, indexes)
        found |= lfirst_oid(each) != RelationGetRelid(in.key_index) &&
                 is_unique_on_key(lfirst_oid(each));
    list_free(indexes);
    return found;
}

// What was in the way twice, and not found in between, or is in the way of a transaction that sees
// it all the time, is hidden by a policy.
void require_faster_rival(const store &in, Datum key, ErrorData *error,
                          std::optional<rival> *last) {
    std::optional<Oid> violated = violated_index(in, error);
    if (!violated)
        ReThrowError(error);
    CommandCounterIncrement();
    PushActiveSnapshot(GetTransactionSnapshot());
    std::optional<rival> now = find_rival(*violated, key);
    PopActiveSnapshot();
    bool is_hidden = now && (IsolationUsesXactSnapshot() || (*last && same(*now, **last)));
    if (is_hidden)
        ReThrowError(error);
    if (IsolationUsesXactSnapshot())
        raise_concurrent_change();
    *last = now;
}

}  // namespace kvstore
