// The sweeper: a short-lived background worker that sweeps the stores of one database.

#include "sweeping/sweeper.hpp"

#include "server/settings.hpp"
#include "store/entry_types.hpp"
#include "store/statistics.hpp"
#include "sweeping/store_round.hpp"
#include "sweeping/time_limit.hpp"

KV_EXPORT void kvstore_sweeper_main(Datum);

namespace kvstore {

namespace {

// A sweeper leaves after this time and one transaction (time_limit.hpp), so that DROP DATABASE,
// which waits for five seconds, never fails on its account. If there is more to do, another one
// comes at once.
constexpr timestamp longest_life = 2 * microseconds_per_second;
// Stores take turns, so that one with much to do does not keep others waiting, nor many others it.
constexpr timestamp longest_turn = longest_life / 8;

sweeper_job job;
shared_sweep_memory shared = {};
database_memory memory;
store_memory *at_work = nullptr;  // the one that has its turn

// --- The stores of the database ---

// All stores but temporary ones, which belong to their sessions, by their OIDs.
constexpr const char *all_stores =
    "SELECT c.oid FROM pg_catalog.pg_depend d"
    " JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) d.objid"
    " WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass"
    " AND d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_type'::pg_catalog.regclass"
    " AND d.refobjid OPERATOR(pg_catalog.=) ANY (ARRAY[$1, $2])"
    " AND c.reloftype OPERATOR(pg_catalog.=) d.refobjid"
    " AND c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'p']::pg_catalog.\"char\"[])"
    " AND c.relpersistence OPERATOR(pg_catalog.<>) 't'::pg_catalog.\"char\""
    " ORDER BY c.oid USING OPERATOR(pg_catalog.<)";

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

// A store that keeps the sweeper for too long is left alone for more and more rounds, so that it
// does not eat the time of others. Then it is asked for less.
void let_rest(store_memory &store) {
    constexpr int most_rounds = 64;
    store.rest_until = job.round + 1 + Min(1 << Min(store.timeouts, 10), most_rounds);
    store.timeouts++;
    store.pace = {};
}

// An error that comes in every round is logged in the first. That something is locked is none.
void report_error(store_memory &store) {
    int sqlstate = geterrcode();
    if (sqlstate == ERRCODE_LOCK_NOT_AVAILABLE)
        return;
    if (sqlstate != store.last_error) {
        errcontext("sweeping store %s", store_at_work(store));
        EmitErrorReport();
    }
    store.last_error = sqlstate;
}

// Whether the store needs another turn. An error ends its round, and does not keep other
// stores from being swept.
bool take_turn(store_memory &store, const sweeper_terms &terms) {
    volatile turn outcome = turn::put_off;
    if (!store.round.under_way)
        store.last_round = job.round;
    at_work = &store;
    PG_TRY();
    { outcome = advance_round(store, terms, monotonic_now() + longest_turn); }
    PG_CATCH();
    {
        pg::hold_interrupts();
        time_limit::end();
        report_error(store);
        AbortOutOfAnyTransaction();  // the error may be that of a subtransaction
        FlushErrorState();
        end_round_by_error(store);
        pg::resume_interrupts();
    }
    PG_END_TRY();
    at_work = nullptr;
    if (time_limit::was_reached())
        let_rest(store);
    else if (outcome == turn::finished)
        store.timeouts = 0;
    else if (outcome == turn::put_off)
        store.rest_until = job.round + 1;
    return outcome == turn::unfinished && store.rest_until <= job.round;
}

// --- All of them ---

bool has_something_to_do(const store_memory &store) {
    return store.rest_until <= job.round && (store.round.under_way || store.last_round < job.round);
}

// Stores that wait for a turn, beginning behind the one that had one last: so each comes to its
// turn, however many there are.
struct queue {
    Oid *last;
    List *waiting = NIL;
    timestamp spent = 0;  // on them
};

void fill(queue &with, List *found, bool under_way) {
    List *then = NIL;
    ListCell *each;
    foreach (each, found) {
        store_memory &store = memory.of(lfirst_oid(each));
        if (!has_something_to_do(store) || store.round.under_way != under_way)
            continue;
        List *&part = store.table > *with.last ? with.waiting : then;
        part = lappend(part, &store);
    }
    with.waiting = list_concat(with.waiting, then);
}

void forget_dropped(List *found) {
    ListCell *each;
    foreach (each, found)
        memory.of(lfirst_oid(each)).exists = true;
    memory.forget_dropped();
}

// A turn of the first one, which goes on with its round behind those that do so already.
void take_first_turn(queue &from, queue &going_on, const sweeper_terms &terms) {
    timestamp begin = monotonic_now();
    auto *store = static_cast<store_memory *>(linitial(from.waiting));
    from.waiting = list_delete_first(from.waiting);
    *from.last = store->table;
    if (take_turn(*store, terms))
        going_on.waiting = lappend(going_on.waiting, store);
    from.spent += monotonic_now() - begin;
}

// Whether all were finished in time. Half of the time is for the rounds that begin, however
// large other stores are, and half for those that go on, however many others there are.
bool sweep_stores(List *found, const char *search_path) {
    forget_dropped(found);
    queue beginning{.last = &memory.last_to_begin};
    queue going_on{.last = &memory.last_to_go_on};
    fill(beginning, found, false);
    fill(going_on, found, true);
    pacer pace(monotonic_now() + longest_life);
    while (beginning.waiting != NIL || going_on.waiting != NIL) {
        if (pace.out_of_time())
            return false;
        bool goes_on = beginning.waiting == NIL ||
                       (going_on.waiting != NIL && going_on.spent <= beginning.spent);
        take_first_turn(goes_on ? going_on : beginning, going_on, {pace, search_path});
    }
    return true;
}

// --- Coming and going ---

// Whatever is set for users of this database is not meant for the sweeper.
void use_settings_of_our_own() {
    static constexpr std::array<std::array<const char *, 2>, 11> settings{{
        {"search_path", "pg_catalog, pg_temp"},
        {"default_transaction_isolation", "read committed"},
        {"default_transaction_read_only", "off"},
        {"default_transaction_deferrable", "off"},
        {"session_replication_role", "origin"},  // else foreign keys do not hold
        {"row_security", "on"},                  // off is an error where a policy applies
        {"role", "none"},
        {"exit_on_error", "off"},
        {"statement_timeout", "0"},
        {"lock_timeout", "1s"},
        {"synchronous_commit", "off"},
    }};
    for (const auto &[name, value] : settings)
        SetConfigOption(name, value, PGC_SUSET, PGC_S_OVERRIDE);
    pg::disable_transaction_timeout();
}

// Before the process goes, for whatever reason, and after its transaction was aborted.
void leave_memory(int, Datum) {
    sweeper_report &report = shared.all->reports[job.number];
    if (at_work != nullptr && time_limit::has_ended_process()) {
        ereport(LOG, (errmsg("the sweeper ended because a transaction on the store %s took too "
                             "long",
                             store_at_work(*at_work))));
        end_round_by_error(*at_work);
        let_rest(*at_work);
        report.ended_well = report.unfinished = true;  // the other stores go on
    }
    memory.leave(shared.area, &report.memory);
}

// The library was replaced, and the launcher has the old one. The postmaster starts it again.
void ask_launcher_to_end() {
    ereport(LOG, (errmsg("the library \"kvstore\" was replaced: its launcher starts anew")));
    pid_t launcher = MyBgworkerEntry->bgw_notify_pid;
    if (launcher != 0 && BackendPidGetProc(launcher) != nullptr)
        kill(launcher, SIGTERM);
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
    if (job.layout != sweep_layout{}) {
        ask_launcher_to_end();
        proc_exit(0);
    }
    shared = attach_sweep_memory(job.memory);
    if (shared.all == nullptr)
        proc_exit(0);
    // Called after those that are registered later, of which one aborts the transaction.
    before_shmem_exit(leave_memory, 0);
    BackgroundWorkerInitializeConnectionByOid(job.database, InvalidOid, 0);
    pgstat_report_appname(sweeper_name);
    time_limit::set_up();
    sweeper_report &report = shared.all->reports[job.number];
    const char *search_path =
        MemoryContextStrdup(TopMemoryContext, GetConfigOption("search_path", false, false));
    use_settings_of_our_own();
    memory.take(shared.area, &report.memory);
    report.unfinished = !sweep_stores(stores(report), search_path);
    report.ended_well = true;
    proc_exit(0);
}
