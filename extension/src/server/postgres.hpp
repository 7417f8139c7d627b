// The one place that includes PostgreSQL's headers and that knows its versions.
//
// PostgreSQL's headers are C: they need extern "C", they define macros with
// everyday names, and some of them do not compile cleanly as C++20 with -Wextra.
#pragma once

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wpedantic"
#ifdef __clang__
#pragma GCC diagnostic ignored "-Wdeprecated-volatile"
#pragma GCC diagnostic ignored "-Wignored-attributes"
#else
#pragma GCC diagnostic ignored "-Wvolatile"
#endif

extern "C" {
#include "postgres.h"

#include "access/detoast.h"
#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/multixact.h"
#include "access/nbtree.h"
#include "access/parallel.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/visibilitymap.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/dependency.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_authid_d.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation_d.h"
#include "catalog/pg_database.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_opclass_d.h"
#include "catalog/pg_opfamily_d.h"
#include "catalog/pg_proc_d.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/async.h"
#include "commands/dbcommands.h"
#include "commands/extension.h"
#include "commands/trigger.h"
#include "common/hashfn.h"
#include "common/shortest_dec.h"
#include "executor/execdesc.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/plannodes.h"
#include "optimizer/optimizer.h"
#include "parser/parse_node.h"
#include "parser/parse_param.h"
#include "pgstat.h"
#include "portability/instr_time.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "postmaster/postmaster.h"
#include "rewrite/prs2lock.h"
#include "storage/buf_internals.h"
#include "storage/bufmgr.h"
#if PG_VERSION_NUM >= 170000
#include "storage/dsm_registry.h"
#endif
#include "storage/dsm.h"
#include "storage/fd.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "storage/shmem.h"
#include "storage/smgr.h"
#include "storage/spin.h"
#include "tcop/dest.h"
#include "tcop/pquery.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/backend_status.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/datetime.h"
#include "utils/dsa.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/guc_tables.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/resowner.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"
#include "utils/wait_event.h"
}

namespace kvstore::pg {
inline void hold_interrupts() {
    HOLD_INTERRUPTS();
}
inline void resume_interrupts() {
    RESUME_INTERRUPTS();
}
}  // namespace kvstore::pg

#pragma GCC diagnostic pop

#if PG_VERSION_NUM < 150000
#error "kvstore needs PostgreSQL 15 or later"
#endif

// PostgreSQL looks these symbols up by name. Since 16 its macros export them,
// on 15 they would be hidden like everything else in this library.
#define KV_EXPORT extern "C" __attribute__((visibility("default")))

// Declares the C function behind an SQL function. The body follows.
#define KV_SQL_FUNCTION(name)                           \
    KV_EXPORT Datum name(PG_FUNCTION_ARGS);             \
    KV_EXPORT const Pg_finfo_record *pg_finfo_##name(); \
    extern "C" {                                        \
    PG_FUNCTION_INFO_V1(name);                          \
    }                                                   \
    Datum name(PG_FUNCTION_ARGS)

// What differs between the majors, and the few things that PostgreSQL does not have in this form.
namespace kvstore::pg {

// try_relation_open() of a relation that is locked already, which it would look up twice.
inline Relation open_locked_relation(Oid relid) {
    Relation relation = RelationIdGetRelation(relid);
    if (!RelationIsValid(relation))
        return nullptr;
    if (RelationUsesLocalBuffers(relation))
        MyXactFlags |= XACT_FLAGS_ACCESSEDTEMPNAMESPACE;
    pgstat_init_relation(relation);
    return relation;
}

// The same without waiting. Null if it cannot be locked at once, or is gone.
inline Relation open_at_once(Oid relid, LOCKMODE mode) {
    if (!ConditionalLockRelationOid(relid, mode))
        return nullptr;
    Relation relation = open_locked_relation(relid);
    if (relation == nullptr)
        UnlockRelationOid(relid, mode);
    return relation;
}

// Whether other tables inherit from it now: relhassubclass stays when they have gone.
inline bool has_children(Relation table) {
    return table->rd_rel->relhassubclass &&
           find_inheritance_children(RelationGetRelid(table), NoLock) != NIL;
}

// The number of the table's file, which TRUNCATE and VACUUM FULL change.
#if PG_VERSION_NUM >= 160000
using file_number = RelFileNumber;
inline file_number file_number_of(Relation table) {
    return table->rd_locator.relNumber;
}
inline const RelFileLocator &file_of(Relation table) {
    return table->rd_locator;
}
#else
using file_number = Oid;
inline file_number file_number_of(Relation table) {
    return table->rd_node.relNode;
}
inline const RelFileNode &file_of(Relation table) {
    return table->rd_node;
}
#endif

// Pins the buffer if it still has that page, and counts as ReadBuffer() does.
inline bool pin_recent_buffer(Relation table, BlockNumber block, Buffer buffer) {
    if (!ReadRecentBuffer(file_of(table), MAIN_FORKNUM, block, buffer))
        return false;
    pgstat_count_buffer_read(table);
    pgstat_count_buffer_hit(table);
    return true;
}

// Who has pinned the buffer, and locked it.
inline const void *descriptor_of(Buffer buffer) {
    return GetBufferDescriptor(buffer - 1);
}

// Memory that all sessions share. Before 17 it must be reserved while the library is
// preloaded; from then on it is there for the asking.
struct shared_area {
    const char *name;  // short
    uint32 layout;     // of what is in it: another one, or another size, is another area
    Size size;
    void (*initialize)(void *memory);  // called once, before anybody else gets at it
};

// Sessions that loaded another build of the library (its files can be replaced while the
// server runs) have an area of their own.
inline const char *full_name(const shared_area &area) {
    static char name[48];  // as long as PostgreSQL allows; of the one area
    snprintf(name, sizeof(name), "%s %08x %zu", area.name, area.layout, area.size);
    return name;
}

#if PG_VERSION_NUM >= 170000

inline void reserve(const shared_area &) {}

// What an error has left behind, without a transaction that would be aborted. There are no
// locks but LWLocks among it.
inline void clean_up_after_error(ResourceOwner owner) {
    LWLockReleaseAll();
    ResourceOwnerRelease(owner, RESOURCE_RELEASE_BEFORE_LOCKS, false, false);
    ResourceOwnerRelease(owner, RESOURCE_RELEASE_AFTER_LOCKS, false, false);
}

// The area, or nullptr if there is an error: no call shall fail because memory is short.
// The caller holds no LWLock. Not in a subtransaction, for parallel workers may have none,
// and the launcher asks outside of transactions.
inline void *find_or_create(const shared_area &area) {
    void *volatile memory = nullptr;
    MemoryContext context = CurrentMemoryContext;
    ResourceOwner outer = CurrentResourceOwner;
    ResourceOwner owner = ResourceOwnerCreate(outer, "kvstore shared area");
    CurrentResourceOwner = owner;
    PG_TRY();
    {
        bool found;
        memory = GetNamedDSMSegment(full_name(area), area.size, area.initialize, &found);
    }
    PG_CATCH();
    {
        MemoryContextSwitchTo(context);
        ErrorData *error = CopyErrorData();
        FlushErrorState();
        clean_up_after_error(owner);
        ereport(LOG_SERVER_ONLY, (errcode(error->sqlerrcode),
                                  errmsg("kvstore has no shared memory: %s", error->message)));
        FreeErrorData(error);
    }
    PG_END_TRY();
    CurrentResourceOwner = outer;
    ResourceOwnerDelete(owner);
    return memory;
}

// nullptr if it cannot be had now; then it is not tried again for a while.
inline void *attach(const shared_area &area) {
    constexpr double pause = 10;  // seconds
    static instr_time failed_at;  // zero: not yet
    if (!IsUnderPostmaster)
        return nullptr;
    instr_time now;
    INSTR_TIME_SET_CURRENT(now);
    instr_time since = now;
    INSTR_TIME_SUBTRACT(since, failed_at);
    if (!INSTR_TIME_IS_ZERO(failed_at) && INSTR_TIME_GET_DOUBLE(since) < pause)
        return nullptr;
    void *memory = find_or_create(area);
    if (memory == nullptr)
        failed_at = now;
    return memory;
}

#else

struct reserved_area {
    const shared_area *area;
    void *memory;
    shmem_request_hook_type next_request_hook;
    shmem_startup_hook_type next_startup_hook;
};
inline reserved_area reserved = {};

inline void request_reserved() {
    if (reserved.next_request_hook != nullptr)
        reserved.next_request_hook();
    RequestAddinShmemSpace(reserved.area->size);
}

inline void start_up_reserved() {
    if (reserved.next_startup_hook != nullptr)
        reserved.next_startup_hook();
    bool found;
    LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
    reserved.memory = ShmemInitStruct(full_name(*reserved.area), reserved.area->size, &found);
    if (!found)
        reserved.area->initialize(reserved.memory);
    LWLockRelease(AddinShmemInitLock);
}

inline void reserve(const shared_area &area) {
    reserved = {&area, nullptr, shmem_request_hook, shmem_startup_hook};
    shmem_request_hook = request_reserved;
    shmem_startup_hook = start_up_reserved;
}

// nullptr if the area was not reserved. There is one at most.
inline void *attach(const shared_area &) {
    return reserved.memory;
}

#endif

// Another number in each transaction of the session.
inline LocalTransactionId number_of_transaction() {
#if PG_VERSION_NUM >= 170000
    return MyProc->vxid.lxid;
#else
    return MyProc->lxid;
#endif
}

// transaction_timeout, which ends the process, is new in 17.
inline void disable_transaction_timeout() {
#if PG_VERSION_NUM >= 170000
    SetConfigOption("transaction_timeout", "0", PGC_SUSET, PGC_S_OVERRIDE);
#endif
}

#if PG_VERSION_NUM >= 160000
inline const config_generic *find_setting(const char *name) {
    return find_option(name, false, false, ERROR);
}
#else
inline const config_generic *find_setting(const char *name) {
    for (int i = 0; i < GetNumConfigOptions(); i++)
        if (strcmp(get_guc_variables()[i]->name, name) == 0)
            return get_guc_variables()[i];
    elog(ERROR, "there is no setting %s", name);
}
#endif

// Whether check_function_bodies was on when CREATE EXTENSION began, which turns it off for its
// script, and search_path with it. What it saved of a setting then lies on top.
inline bool function_bodies_were_checked() {
    const GucStack *saved = find_setting("check_function_bodies")->stack;
    const GucStack *saved_path = find_setting("search_path")->stack;
    return saved != nullptr && saved_path != nullptr && saved->nest_level == saved_path->nest_level;
}

// Intervals can be infinite since 17.
inline bool is_infinite(const Interval *interval) {
#if PG_VERSION_NUM >= 170000
    return INTERVAL_NOT_FINITE(interval);
#else
    (void)interval;
    return false;
#endif
}

inline Oid primary_key_index(Relation table) {
#if PG_VERSION_NUM >= 180000
    return RelationGetPrimaryKeyIndex(table, false);
#else
    return RelationGetPrimaryKeyIndex(table);
#endif
}

// Pinned and share-locked; invalid if the index is empty.
inline Buffer btree_root(Relation table, Relation index) {
#if PG_VERSION_NUM >= 160000
    return _bt_getroot(index, table, BT_READ);
#else
    (void)table;
    return _bt_getroot(index, BT_READ);
#endif
}

inline IndexScanDesc begin_index_scan(Relation table, Relation index, Snapshot snapshot, int keys) {
#if PG_VERSION_NUM >= 180000
    return index_beginscan(table, index, snapshot, nullptr, keys, 0);
#else
    return index_beginscan(table, index, snapshot, keys, 0);
#endif
}

// Whether a snapshot may find that what it should see was removed, since it has become too
// old (until 16).
inline bool snapshots_become_too_old() {
#if PG_VERSION_NUM >= 170000
    return false;
#else
    return old_snapshot_threshold >= 0;
#endif
}

inline AclResult check_schema(Oid schema, Oid role, AclMode privilege) {
#if PG_VERSION_NUM >= 160000
    return object_aclcheck(NamespaceRelationId, schema, role, privilege);
#else
    return pg_namespace_aclcheck(schema, role, privilege);
#endif
}

// Generated columns that are not stored, but computed when they are read (since 18).
inline bool is_virtual(Form_pg_attribute column) {
#if PG_VERSION_NUM >= 180000
    return column->attgenerated == ATTRIBUTE_GENERATED_VIRTUAL;
#else
    (void)column;
    return false;
#endif
}

// Updates the row at `tid` to `tuple`. TM_BeingModified if that would have to wait and may not.
inline TM_Result update_tuple(Relation table, ItemPointer tid, HeapTuple tuple, CommandId cid,
                              bool wait, TM_FailureData *failure) {
    LockTupleMode lock_mode;
#if PG_VERSION_NUM >= 160000
    TU_UpdateIndexes due;
    return heap_update(table, tid, tuple, cid, InvalidSnapshot, wait, failure, &lock_mode, &due);
#else
    return heap_update(table, tid, tuple, cid, InvalidSnapshot, wait, failure, &lock_mode);
#endif
}

}  // namespace kvstore::pg
