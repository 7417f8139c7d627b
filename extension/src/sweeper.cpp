// The sweeper: a short-lived background worker that sweeps the stores of one database.

#include "sweeper.hpp"

#include "entry_types.hpp"
#include "settings.hpp"
#include "statistics.hpp"
#include "store_round.hpp"

KV_EXPORT void kvstore_sweeper_main(Datum);

namespace kvstore {

namespace {

// A sweeper leaves after this time, so that DROP DATABASE, which waits for five seconds,
// never fails on its account. If there is more to do, another one comes at once.
constexpr timestamp longest_life = 2 * microseconds_per_second;
// Stores take turns, so that one with much to do does not keep others waiting.
constexpr timestamp longest_turn = longest_life / 8;

sweeper_job job;
sweep_memory *shared = nullptr;

// --- The stores of the database ---

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

// NIL if the database does not have the extension.
List *stores(sweeper_report &report) {
    List *found = NIL;
    StartTransactionCommand();
    PushActiveSnapshot(GetTransactionSnapshot());
    if (OidIsValid(get_extension_oid("kvstore", true))) {
        report.found_extension = true;
        found = find_stores(TopMemoryContext);
        statistics::forget_dropped_tables();
    }
    PopActiveSnapshot();
    CommitTransactionCommand();
    return found;
}

// --- A turn of a store ---

// An error that comes in every round is logged in the first.
void report_error(store_memory &memory) {
    MemoryContext before = MemoryContextSwitchTo(TopMemoryContext);
    ErrorData *error = CopyErrorData();
    MemoryContextSwitchTo(before);
    if (error->sqlerrcode != memory.last_error)
        EmitErrorReport();
    memory.last_error = error->sqlerrcode;
    FreeErrorData(error);
}

// Whether the store needs another turn. An error ends its round, and does not keep other
// stores from being swept.
bool take_turn(Oid table, pacer &pace) {
    volatile bool finished = true;
    store_memory &memory = *take_store_memory(shared, table, job.number);
    PG_TRY()
        ;
        {
            finished = advance_round(memory, pace, GetCurrentTimestamp() + longest_turn);
            if (finished)
                memory.last_error = 0;
        }
        PG_CATCH();
        {
            pg::hold_interrupts();
            report_error(memory);
            AbortCurrentTransaction();
            FlushErrorState();
            memory.round = {};
            pg::resume_interrupts();
        }
    PG_END_TRY();
    give_back(shared, &memory);
    return !finished;
}

// --- All of them ---

// Whether all were finished in time.
bool sweep_stores(List *unfinished) {
    pacer pace(GetCurrentTimestamp() + longest_life);
    while (unfinished != NIL) {
        ListCell *each;
        foreach (each, unfinished) {
            if (pace.out_of_time())
                return false;
            if (!take_turn(lfirst_oid(each), pace))
                unfinished = foreach_delete_current(unfinished, each);
        }
    }
    return true;
}

// Whatever is set for users of this database is not meant for the sweeper.
void settle_in() {
    use_search_path(
        MemoryContextStrdup(TopMemoryContext, GetConfigOption("search_path", false, false)));
    SetConfigOption("search_path", "pg_catalog, pg_temp", PGC_SUSET, PGC_S_OVERRIDE);
    SetConfigOption("default_transaction_isolation", "read committed", PGC_SUSET, PGC_S_OVERRIDE);
    SetConfigOption("lock_timeout", "1s", PGC_SUSET, PGC_S_OVERRIDE);
    SetConfigOption("synchronous_commit", "off", PGC_SUSET, PGC_S_OVERRIDE);
}

}  // namespace
}  // namespace kvstore

void kvstore_sweeper_main(Datum) {
    using namespace kvstore;
    if (IsBinaryUpgrade)
        proc_exit(0);
    pqsignal(SIGHUP, SignalHandlerForConfigReload);
    pqsignal(SIGTERM, die);
    BackgroundWorkerUnblockSignals();
    memcpy(&job, MyBgworkerEntry->bgw_extra, sizeof(job));
    BackgroundWorkerInitializeConnectionByOid(job.database, InvalidOid, 0);
    pgstat_report_appname(sweeper_name);
    shared = attach_sweep_memory(job.memory);
    if (shared == nullptr)
        proc_exit(0);
    sweeper_report &report = shared->reports[job.number];
    settle_in();
    report.unfinished = !sweep_stores(stores(report));
    report.ended_well = true;
    proc_exit(0);
}
