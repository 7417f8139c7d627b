// The sweeper: a short-lived background worker that removes what has expired from
// the stores of one database, acting as each store's owner.

#include "postgres.hpp"
#include "settings.hpp"
#include "statistics.hpp"
#include "sweep.hpp"
#include "ttl.hpp"

KV_EXPORT void kvstore_sweeper_main(Datum database);

namespace kvstore {

namespace {

// A transaction removes at most so many rows from so many pages ..
constexpr int64 rows_per_batch = 1000;
constexpr BlockNumber pages_per_batch = 256;
// .. and a sweeper leaves after this time, so that DROP DATABASE, which waits for
// five seconds, never fails on its account.
constexpr timestamp longest_sweep = 2 * microseconds_per_second;

// --- A batch, within a transaction ---

// The search_path that triggers of users expect; the sweeper's own is safe.
const char *users_search_path = nullptr;

struct owner_identity {
    Oid user;
    int security_context;
    int settings_level;
};

// As autovacuum does: whatever a trigger or an index function of a user does, it
// does with the rights of the store's owner, and cannot get at the sweeper's own.
owner_identity become_owner(Relation table) {
    owner_identity before;
    GetUserIdAndSecContext(&before.user, &before.security_context);
    SetUserIdAndSecContext(table->rd_rel->relowner,
                           before.security_context | SECURITY_RESTRICTED_OPERATION);
    before.settings_level = NewGUCNestLevel();
    set_config_option("search_path", users_search_path, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
                      true, 0, false);
    return before;
}

void become_again(const owner_identity &before) {
    AtEOXact_GUC(false, before.settings_level);
    SetUserIdAndSecContext(before.user, before.security_context);
}

sweep_result sweep_as_owner(Relation table, BlockNumber from) {
    owner_identity before = become_owner(table);
    sweep_result result = with_store(RelationGetRelid(table), sweeping, [&](const store &in) {
        return sweep(in, {from, pages_per_batch, rows_per_batch});
    });
    become_again(before);
    return result;
}

// Locks and opens the table if that is possible at once. What somebody else has
// locked is left for another round, what was dropped for ever.
Relation open_at_once(Oid relid) {
    if (!ConditionalLockRelationOid(relid, RowExclusiveLock))
        return nullptr;
    return try_relation_open(relid, NoLock);
}

// Sweeps a part of the store.
sweep_result sweep_batch(Oid relid, BlockNumber from) {
    sweep_result result = {.next = InvalidBlockNumber};
    StartTransactionCommand();
    PushActiveSnapshot(GetTransactionSnapshot());
    if (Relation table = open_at_once(relid)) {
        if (is_store(table) && !XactReadOnly)
            result = sweep_as_owner(table, from);
        relation_close(table, NoLock);
    }
    PopActiveSnapshot();
    CommitTransactionCommand();
    return result;
}

// --- A store, in batches ---

void sweep_store(Oid relid, timestamp deadline) {
    timestamp begin = GetCurrentTimestamp();
    timestamp now = begin;
    std::int64_t left = 0;
    BlockNumber from = 0;
    while (from != InvalidBlockNumber && now < deadline) {
        CHECK_FOR_INTERRUPTS();
        sweep_result result = sweep_batch(relid, from);
        from = result.next;
        left += result.left;
        now = GetCurrentTimestamp();
    }
    statistics::record_sweep(relid, {now, now - begin, left});
}

// The same; an error is reported and does not keep other stores from being swept.
void try_sweep_store(Oid relid, timestamp deadline) {
    PG_TRY()
        ;
        { sweep_store(relid, deadline); }
        PG_CATCH();
        {
            pg::hold_interrupts();
            EmitErrorReport();
            AbortCurrentTransaction();
            FlushErrorState();
            pg::resume_interrupts();
        }
    PG_END_TRY();
}

// --- A database, store by store ---

// All stores but temporary ones, which belong to their sessions.
constexpr const char *all_stores =
    "SELECT c.oid FROM pg_catalog.pg_depend d"
    " JOIN pg_catalog.pg_class c ON c.oid = d.objid"
    " WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass"
    " AND d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass"
    " AND d.refobjid IN ($1, $2) AND c.reloftype = d.refobjid"
    " AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'";

List *find_stores(MemoryContext memory) {
    Oid types[] = {OIDOID, OIDOID};
    Datum values[] = {ObjectIdGetDatum(entry_type(value_kind::text)),
                      ObjectIdGetDatum(entry_type(value_kind::bytes))};
    List *found = NIL;
    SPI_connect();
    SPI_execute_with_args(all_stores, 2, types, values, nullptr, true, 0);
    for (uint64 i = 0; i < SPI_processed; i++) {
        bool is_null;
        Datum relid = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &is_null);
        MemoryContext before = MemoryContextSwitchTo(memory);
        found = lappend_oid(found, DatumGetObjectId(relid));
        MemoryContextSwitchTo(before);
    }
    SPI_finish();
    return found;
}

// The launcher is needed as long as a database has the extension.
void tell_launcher() {
    pid_t pid = MyBgworkerEntry->bgw_notify_pid;
    const char *type = GetBackgroundWorkerTypeByPid(pid);  // it may have gone
    if (type != nullptr && strcmp(type, "kvstore launcher") == 0)
        kill(pid, SIGUSR2);
}

// NIL if the database does not have the extension.
List *stores() {
    List *found = NIL;
    StartTransactionCommand();
    PushActiveSnapshot(GetTransactionSnapshot());
    if (OidIsValid(get_extension_oid("kvstore", true))) {
        tell_launcher();
        found = find_stores(TopMemoryContext);
        statistics::forget_dropped_tables();
    }
    PopActiveSnapshot();
    CommitTransactionCommand();
    return found;
}

void sweep_database() {
    timestamp deadline = GetCurrentTimestamp() + longest_sweep;
    ListCell *each;
    foreach (each, stores())
        try_sweep_store(lfirst_oid(each), deadline);
}

// Whatever is set for users of this database is not meant for the sweeper.
void settle_in() {
    users_search_path =
        MemoryContextStrdup(TopMemoryContext, GetConfigOption("search_path", false, false));
    SetConfigOption("search_path", "pg_catalog, pg_temp", PGC_SUSET, PGC_S_OVERRIDE);
    SetConfigOption("default_transaction_isolation", "read committed", PGC_SUSET, PGC_S_OVERRIDE);
    SetConfigOption("lock_timeout", "1s", PGC_SUSET, PGC_S_OVERRIDE);
    SetConfigOption("synchronous_commit", "off", PGC_SUSET, PGC_S_OVERRIDE);
}

}  // namespace
}  // namespace kvstore

void kvstore_sweeper_main(Datum database) {
    using namespace kvstore;
    pqsignal(SIGHUP, SignalHandlerForConfigReload);
    pqsignal(SIGTERM, die);
    BackgroundWorkerUnblockSignals();
    BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(database), InvalidOid, 0);
    pgstat_report_appname("kvstore sweeper");
    settle_in();
    sweep_database();
    proc_exit(0);
}
