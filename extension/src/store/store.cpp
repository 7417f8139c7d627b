#include "store/store.hpp"

#include "server/errors.hpp"
#include "server/settings.hpp"
#include "server/utility.hpp"
#include "store/default_store.hpp"

namespace kvstore {

namespace {

// Attribute numbers of the entry types.
constexpr AttrNumber key_column = 1;
constexpr AttrNumber value_column = 2;
constexpr AttrNumber expires_column = 3;

bool has_column(TupleDesc row, AttrNumber number, Oid type) {
    Form_pg_attribute column = TupleDescAttr(row, number - 1);
    return column->atttypid == type && column->attnotnull;
}

// Why the table is not a store, or nullptr. The code below relies on the shape of
// a row, so the shape is looked at, not concluded from the name of the type.
const char *why_not_a_store(Relation table, std::optional<value_kind> kind) {
    if (!kind)
        return "It is not a table of type kv_entry or kv_entry_bytea.";
    TupleDesc row = RelationGetDescr(table);
    if (row->natts != 3 || !has_column(row, key_column, TEXTOID) ||
        !has_column(row, value_column, value_type(*kind)) ||
        !has_column(row, expires_column, TIMESTAMPTZOID))
        return "Its columns are no longer key, value and expires, each NOT NULL.";
    if (!OidIsValid(pg::primary_key_index(table)))
        return "It has no primary key.";
    return nullptr;
}

bool is_key_index(Relation index) {
    return index->rd_index->indnkeyatts == 1 && index->rd_index->indkey.values[0] == key_column &&
           index->rd_index->indimmediate;
}

bool is_plain_btree(Relation index) {
    return index->rd_rel->relkind == RELKIND_INDEX && index->rd_rel->relam == BTREE_AM_OID &&
           index->rd_index->indisvalid && index->rd_index->indnatts == 1 &&
           index->rd_indcollation[0] == C_COLLATION_OID &&
           index->rd_opfamily[0] == TEXT_BTREE_FAM_OID;
}

// Whether the index, made when updates had changed keys without it, has no entries for what
// an older snapshot sees. As get_relation_info() of PostgreSQL's planner.
bool is_too_new(Relation index) {
    return index->rd_index->indcheckxmin &&
           !TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data),
                                  TransactionXmin);
}

bool has_generated_columns(Relation table) {
    TupleDesc row = RelationGetDescr(table);
    for (AttrNumber number : {key_column, value_column, expires_column})
        if (TupleDescAttr(row, number - 1)->attgenerated != '\0')
            return true;
    return false;
}

// What of the table stands in the way of reading without SQL.
const char *detour_of_table(const store &opened) {
    Relation table = opened.table;
    if (table->rd_rel->relkind != RELKIND_RELATION)
        return "it is partitioned";
    if (table->rd_rel->relam != HEAP_TABLE_AM_OID)
        return "its access method is not heap";
    if (has_generated_columns(table))
        return "it has generated columns";
    if (!is_plain_btree(opened.key_index))
        return "its primary key is not a plain B-tree";
    if (is_too_new(opened.key_index))
        return "its primary key is newer than a snapshot in use";
    if (pg::has_children(table))
        return "other tables inherit from it";
    if (RELATION_IS_OTHER_TEMP(table))
        return "it is a temporary table of another session";
    return nullptr;
}

// What of the caller's rights does.
const char *detour_of_caller(Relation table, const intent &what) {
    if (table->rd_rel->relrowsecurity &&
        check_enable_rls(RelationGetRelid(table), InvalidOid, true) == RLS_ENABLED)
        return "row security applies to you";
    if (pg_class_aclmask(RelationGetRelid(table), GetUserId(), what.privileges, ACLMASK_ALL) !=
        what.privileges)
        return "you lack a privilege on the whole table";
    if (ExecutorCheckPerms_hook != nullptr)
        return "a module checks the permissions of queries";
    return nullptr;
}

// TRUNCATE has its triggers fired in any case.
bool has_triggers_on_rows(const TriggerDesc *triggers) {
    for (int i = 0; triggers != nullptr && i < triggers->numtriggers; i++) {
        int16 events = triggers->triggers[i].tgtype;
        if (TRIGGER_FOR_INSERT(events) || TRIGGER_FOR_UPDATE(events) || TRIGGER_FOR_DELETE(events))
            return true;
    }
    return false;
}

bool has_further_indexes(Relation table) {
    if (!table->rd_indexvalid)  // an invalidation has come since its primary key was asked for
        list_free(RelationGetIndexList(table));
    return list_length(table->rd_indexlist) != 1;
}

// What stands in the way of writing besides.
const char *detour_for_writes(Relation table) {
    if (has_triggers_on_rows(table->trigdesc))
        return "it has triggers";
    if (table->rd_rules != nullptr)
        return "it has rules";
    if (RelationGetDescr(table)->constr != nullptr &&
        RelationGetDescr(table)->constr->num_check > 0)
        return "it has check constraints";
    if (has_further_indexes(table))
        return "it has further indexes";
    return nullptr;
}

// On the whole table, or on its columns. Of those the key is never updated.
bool has_privilege(Oid table, AclMode privilege) {
    if (pg_class_aclcheck(table, GetUserId(), privilege) == ACLCHECK_OK)
        return true;
    if (privilege == ACL_DELETE)
        return false;
    for (AttrNumber column : {key_column, value_column, expires_column})
        if ((privilege != ACL_UPDATE || column != key_column) &&
            pg_attribute_aclcheck(table, column, GetUserId(), privilege) != ACLCHECK_OK)
            return false;
    return true;
}

// SQL asks for it when it looks the table's name up. We may have been given a number.
void require_usage_of_schema(Relation table) {
    Oid schema = RelationGetNamespace(table);
    AclResult result = pg::check_schema(schema, GetUserId(), ACL_USAGE);
    if (result != ACLCHECK_OK)
        aclcheck_error(result, OBJECT_SCHEMA, get_namespace_name(schema));
}

void refuse_where_sql_would(Relation table, const intent &what) {
    if (what.writes()) {
        // As for SQL, a read-only transaction may write to temporary tables.
        if (table->rd_rel->relpersistence != RELPERSISTENCE_TEMP)
            PreventCommandIfReadOnly(what.function);
        PreventCommandIfParallelMode(what.function);
    }
    if (table->rd_rel->relpersistence == RELPERSISTENCE_UNLOGGED && RecoveryInProgress())
        raise_unlogged_in_recovery(table);
    // The planner, which knows the tables of SQL's own queries, would not let it come to this.
    if (IsParallelWorker() && RelationUsesLocalBuffers(table))
        raise_temporary_in_parallel(table);
}

// The last table that was found to have been defined before any snapshot that we have was taken. To
// look that up takes a twentieth of a read, so it is not done again until the relation cache says
// that the table has changed.
Oid of_old = InvalidOid;

void forget_old(Datum, Oid table) {
    if (!OidIsValid(table) || table == of_old)
        of_old = InvalidOid;
}

void listen_once() {
    static bool listening = false;
    if (!listening)
        CacheRegisterRelcacheCallback(forget_old, 0);
    listening = true;
}

// Whether somebody has changed the table's definition since the snapshot was taken.
bool is_newer_than(Snapshot snapshot, Oid table) {
    listen_once();
    if (table == of_old)
        return false;
    HeapTuple row = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
    if (!HeapTupleIsValid(row))
        return false;
    TransactionId changed = HeapTupleHeaderGetXmin(row->t_data);
    ReleaseSysCache(row);
    if (TransactionIdPrecedes(changed, TransactionXmin)) {
        of_old = table;
        return false;
    }
    return !TransactionIdIsCurrentTransactionId(changed) && XidInMVCCSnapshot(changed, snapshot);
}

// How a store is given.
enum class given_by : std::uint8_t { oid, name };

// Whether the table's definition, as it was then, is of what is in the table now: of the same file,
// and, if it was found by its name, under that name.
bool is_of_same_rows(Form_pg_class then, Form_pg_class now, given_by by) {
    return then->relfilenode == now->relfilenode &&
           (by == given_by::oid || (then->relnamespace == now->relnamespace &&
                                    strcmp(NameStr(then->relname), NameStr(now->relname)) == 0));
}

bool sees_same_rows(Snapshot snapshot, Relation table, given_by by) {
    ScanKeyData of_table;
    ScanKeyInit(&of_table, Anum_pg_class_oid, BTEqualStrategyNumber, F_OIDEQ,
                ObjectIdGetDatum(RelationGetRelid(table)));
    Relation tables = table_open(RelationRelationId, AccessShareLock);
    SysScanDesc scan = systable_beginscan(tables, ClassOidIndexId, true, snapshot, 1, &of_table);
    HeapTuple row = systable_getnext(scan);
    bool same = HeapTupleIsValid(row) &&
                is_of_same_rows(reinterpret_cast<Form_pg_class>(GETSTRUCT(row)), table->rd_rel, by);
    systable_endscan(scan);
    table_close(tables, AccessShareLock);
    return same;
}

// ALTER TABLE .. SET LOGGED makes all rows anew, in its own transaction, and a table may get the
// default store's name in the transaction that fills it. A call that has waited for that has the
// snapshot of a statement that began before, and would see an empty table; SQL takes its snapshot
// when it has the lock. What else is done to a table, such as a GRANT, leaves its rows as they
// were.
bool take_snapshot_after(Relation table, given_by by) {
    Snapshot active = GetActiveSnapshot();
    if (IsolationUsesXactSnapshot() || !is_newer_than(active, RelationGetRelid(table)) ||
        sees_same_rows(active, table, by))
        return false;
    PushActiveSnapshot(GetTransactionSnapshot());
    return true;
}

// A table that is locked, if it is a store as far as can be told without its index.
Relation open_locked_table(Oid relid) {
    Relation table = pg::open_locked_relation(relid);
    if (table == nullptr)
        raise_no_such_table(relid);
    require_usage_of_schema(table);
    std::optional<value_kind> kind = kind_of_entry_type(table->rd_rel->reloftype);
    if (const char *why = why_not_a_store(table, kind))
        raise_not_a_store(table, why);
    return table;
}

// The store, whose index is locked, too.
store open_locked(Relation table, Oid index, const intent &what, given_by by) {
    if (what.meets_entries)
        refuse_where_sql_would(table, what);
    value_kind kind = *kind_of_entry_type(table->rd_rel->reloftype);
    store opened{table, index_open(index, NoLock), kind};
    if (!is_key_index(opened.key_index))
        raise_not_a_store(table, "Its primary key is not on key alone, or it is deferrable.");

    opened.detour = find_detour(opened, what);
    if (what.meets_entries && what.takes_snapshot && !what.writes())
        opened.has_snapshot = take_snapshot_after(table, by);
    return opened;
}

}  // namespace

const char *find_detour(const store &opened, const intent &what) {
    if (!settings::fast_path)
        return "kvstore.fast_path is off";
    const char *detour = detour_of_table(opened);
    if (detour == nullptr)
        detour = detour_of_caller(opened.table, what);
    if (detour == nullptr && what.writes())
        detour = detour_for_writes(opened.table);
    return detour;
}

const char *find_detour_of_anybody(const store &opened) {
    const char *detour = detour_of_table(opened);
    return detour != nullptr ? detour : detour_for_writes(opened.table);
}

void require_privileges(const store &opened, AclMode privileges) {
    Oid table = RelationGetRelid(opened.table);
    for (AclMode each : {ACL_SELECT, ACL_INSERT, ACL_UPDATE, ACL_DELETE})
        if ((privileges & each) != 0 && !has_privilege(table, each))
            aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, RelationGetRelationName(opened.table));
}

bool has_virtual_columns(Relation table) {
    TupleDesc row = RelationGetDescr(table);
    for (int i = 0; i < row->natts; i++)
        if (pg::is_virtual(TupleDescAttr(row, i)))
            return true;
    return false;
}

bool is_store(Relation table) {
    if (why_not_a_store(table, kind_of_entry_type(table->rd_rel->reloftype)) != nullptr)
        return false;
    Relation index = index_open(pg::primary_key_index(table), AccessShareLock);
    bool by_key = is_key_index(index);
    index_close(index, NoLock);
    return by_key;
}

Oid lock_store(Oid relid, const intent &what) {
    if (what.writes())
        PreventCommandDuringRecovery(what.function);  // before the lock, which says it less well
    for (;;) {
        Oid found = OidIsValid(relid) ? relid : default_store();
        if (what.stronger_lock != NoLock)
            require_privilege(found, what.privileges);  // before it keeps everybody out
        LockRelationOid(found, what.lock());
        if (found == relid || is_default_store(found))
            return found;
        UnlockRelationOid(found, what.lock());  // as RangeVarGetRelidExtended() does
    }
}

store open_store(Oid relid, const intent &what) {
    Relation table = open_locked_table(lock_store(relid, what));
    Oid index = pg::primary_key_index(table);
    LockRelationOid(index, what.lock());
    return open_locked(table, index, what, OidIsValid(relid) ? given_by::oid : given_by::name);
}

std::optional<store> open_store_at_once(Oid relid, const intent &what) {
    if (what.writes())
        PreventCommandDuringRecovery(what.function);
    if (!ConditionalLockRelationOid(relid, what.lock()))
        return std::nullopt;
    Relation table = open_locked_table(relid);
    Oid index = pg::primary_key_index(table);
    if (!ConditionalLockRelationOid(index, what.lock())) {
        relation_close(table, NoLock);
        return std::nullopt;
    }
    return open_locked(table, index, what, given_by::oid);
}

void close_store(const store &opened) {
    if (opened.has_snapshot)
        PopActiveSnapshot();
    index_close(opened.key_index, NoLock);
    relation_close(opened.table, NoLock);
}

}  // namespace kvstore
