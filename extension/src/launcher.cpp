#include "launcher.hpp"

#include <array>

#include "postgres.hpp"
#include "settings.hpp"
#include "statistics.hpp"
#include "sweeper.hpp"
#include "ttl.hpp"

KV_EXPORT void kvstore_launcher_main(Datum);

namespace kvstore {

namespace {

constexpr const char *launcher_name = "kvstore launcher";
constexpr int restart_seconds = 5;

bool preloaded = false;

// --- One launcher per server: the one that holds this lock. ---

// No advisory lock of a user can be this one: theirs are within a database, and
// their last field is 1 or 2.
LOCKTAG launcher_lock() {
    LOCKTAG tag;
    SET_LOCKTAG_ADVISORY(tag, InvalidOid, 0x6b767374, 0x6f7265, 3);
    return tag;
}

// For the rest of this process's life. Not at the first try alone, because those
// who look whether there is a launcher hold the lock for a moment, too.
bool become_the_launcher() {
    LOCKTAG tag = launcher_lock();
    for (int tries = 0; tries < 10; tries++) {
        if (LockAcquire(&tag, ExclusiveLock, true, true) != LOCKACQUIRE_NOT_AVAIL)
            return true;
        pg_usleep(20'000);
    }
    return false;
}

bool there_is_a_launcher() {
    LOCKTAG tag = launcher_lock();
    if (LockAcquire(&tag, ShareLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
        return true;
    LockRelease(&tag, ShareLock, false);
    return false;
}

// --- Starting workers ---

BackgroundWorker worker(const char *name, const char *function, int restart) {
    BackgroundWorker described = {};
    described.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
    described.bgw_start_time = BgWorkerStart_RecoveryFinished;
    described.bgw_restart_time = restart;
    strlcpy(described.bgw_library_name, "kvstore", sizeof(described.bgw_library_name));
    strlcpy(described.bgw_function_name, function, sizeof(described.bgw_function_name));
    strlcpy(described.bgw_name, name, sizeof(described.bgw_name));
    strlcpy(described.bgw_type, name, sizeof(described.bgw_type));
    return described;
}

BackgroundWorker launcher() {
    return worker(launcher_name, "kvstore_launcher_main", restart_seconds);
}

void report_full_house(const char *who) {
    ereport(LOG, (errmsg("could not start %s: no free slot for a background worker", who),
                  errhint("You may need to increase max_worker_processes.")));
}

// --- The launcher's rounds ---

struct running_sweeper {
    Oid database;
    BackgroundWorkerHandle *handle;  // nullptr: not running
};

// A database in which sweepers end by an error is left alone for longer and longer.
struct troubled_database {
    Oid database;  // InvalidOid: none
    int failures;
    int rounds_to_skip;
};

struct rounds {
    std::array<running_sweeper, most_sweepers> running;
    std::array<troubled_database, 16> troubled;
    sweep_memory *memory;  // shared with the sweepers
    dsm_handle memory_handle;
    List *due;              // databases still to be swept in this round
    TimestampTz next;       // when the next round begins
    int rounds_in_vain;     // since a sweeper last found the extension
    bool extension_found;   // in this round
    bool told_full_house;   // in this round
    MemoryContext context;  // of `due` and of the handles
};

// --- Databases in trouble ---

troubled_database *find_trouble(rounds &now, Oid database) {
    for (troubled_database &each : now.troubled)
        if (each.database == database)
            return &each;
    return nullptr;
}

void remember_failure(rounds &now, Oid database) {
    constexpr int most_rounds = 64;
    troubled_database *trouble = find_trouble(now, database);
    if (trouble == nullptr)
        trouble = find_trouble(now, InvalidOid);
    if (trouble == nullptr)
        return;  // so many: one more makes no difference
    trouble->database = database;
    trouble->rounds_to_skip = Min(1 << Min(trouble->failures, 10), most_rounds);
    trouble->failures++;
}

void forget_failures(rounds &now, Oid database) {
    if (troubled_database *trouble = find_trouble(now, database))
        *trouble = {};
}

void forget_failures_elsewhere(rounds &now, List *databases) {
    for (troubled_database &each : now.troubled)
        if (!list_member_oid(databases, each.database))
            each = {};
}

bool is_to_be_skipped(rounds &now, Oid database) {
    troubled_database *trouble = find_trouble(now, database);
    return trouble != nullptr && trouble->rounds_to_skip-- > 0;
}

// --- A round ---

// The databases in which there may be a store to be swept. Templates are left
// alone: they are to be copied, and nobody may be connected to them then.
List *databases(MemoryContext memory) {
    List *found = NIL;
    StartTransactionCommand();
    PushActiveSnapshot(GetTransactionSnapshot());
    Relation catalog = table_open(DatabaseRelationId, AccessShareLock);
    TableScanDesc scan = table_beginscan_catalog(catalog, 0, nullptr);
    while (HeapTuple tuple = heap_getnext(scan, ForwardScanDirection)) {
        auto *database = reinterpret_cast<Form_pg_database>(GETSTRUCT(tuple));
        bool dropped_halfway = database->datconnlimit == -2;
        if (!database->datallowconn || database->datistemplate || dropped_halfway)
            continue;
        MemoryContext before = MemoryContextSwitchTo(memory);
        found = lappend_oid(found, database->oid);
        MemoryContextSwitchTo(before);
    }
    table_endscan(scan);
    table_close(catalog, AccessShareLock);
    statistics::forget_dropped_databases();
    PopActiveSnapshot();
    CommitTransactionCommand();
    return found;
}

bool is_running(const rounds &now, Oid database) {
    for (const running_sweeper &each : now.running)
        if (each.handle != nullptr && each.database == database)
            return true;
    return false;
}

bool is_idle(const rounds &now) {
    for (const running_sweeper &each : now.running)
        if (each.handle != nullptr)
            return false;
    return now.due == NIL;
}

void add_due(rounds &now, Oid database) {
    MemoryContext before = MemoryContextSwitchTo(now.context);
    now.due = lappend_oid(now.due, database);
    MemoryContextSwitchTo(before);
}

// What a sweeper has done; where it leaves much to be done, another one goes on at once.
void take_report(rounds &now, const sweeper_report &report, Oid database) {
    if (report.found_extension)
        now.extension_found = true;
    if (report.ended_well)
        forget_failures(now, database);
    else
        remember_failure(now, database);
    if (report.ended_well && report.unfinished)
        add_due(now, database);
}

void collect_finished(rounds &now) {
    for (std::size_t i = 0; i < now.running.size(); i++) {
        running_sweeper &each = now.running[i];
        pid_t pid;
        if (each.handle == nullptr || GetBackgroundWorkerPid(each.handle, &pid) != BGWH_STOPPED)
            continue;
        pfree(each.handle);
        each.handle = nullptr;
        give_back_all(now.memory, static_cast<int>(i));
        take_report(now, now.memory->reports[i], each.database);
    }
}

bool start_sweeper(rounds &now, int number, Oid database) {
    BackgroundWorker sweeper = worker(sweeper_name, "kvstore_sweeper_main", BGW_NEVER_RESTART);
    sweeper_job job{database, now.memory_handle, number};
    memcpy(sweeper.bgw_extra, &job, sizeof(job));
    sweeper.bgw_notify_pid = MyProcPid;
    now.memory->reports[number] = {};
    running_sweeper &slot = now.running[number];
    MemoryContext before = MemoryContextSwitchTo(now.context);
    bool started = RegisterDynamicBackgroundWorker(&sweeper, &slot.handle);
    MemoryContextSwitchTo(before);
    if (!started)
        slot.handle = nullptr;
    slot.database = database;
    return started;
}

void start_due(rounds &now) {
    for (int number = 0; number < most_sweepers; number++) {
        if (now.running[number].handle != nullptr || now.due == NIL)
            continue;
        Oid database = linitial_oid(now.due);
        if (!is_running(now, database) && !start_sweeper(now, number, database)) {
            if (!now.told_full_house)
                report_full_house(sweeper_name);
            now.told_full_house = true;
            return;  // until the next look
        }
        now.due = list_delete_first(now.due);
    }
}

void begin_round(rounds &now) {
    now.rounds_in_vain = now.extension_found ? 0 : now.rounds_in_vain + 1;
    now.extension_found = false;
    now.told_full_house = false;
    list_free(now.due);
    now.due = NIL;
    List *all = databases(now.context);
    forget_failures_elsewhere(now, all);
    ListCell *each;
    foreach (each, all)
        if (!is_to_be_skipped(now, lfirst_oid(each)))
            add_due(now, lfirst_oid(each));
    list_free(all);
    now.next = GetCurrentTimestamp() + settings::sweep_interval * INT64CONST(1000);
}

// A launcher that was started by a call goes when the extension has gone from all
// databases. It takes its time: CREATE EXTENSION may not be committed yet.
bool is_needed(const rounds &now) {
    constexpr int enough = 3;
    return preloaded || now.rounds_in_vain < enough || !is_idle(now);
}

// Milliseconds until there is something to do; -1 for ever.
long time_to_sleep(const rounds &now) {
    constexpr long retry = 1000;  // for a slot
    if (settings::sweep_interval == 0)
        return -1;
    if (now.told_full_house && now.due != NIL)
        return retry;
    return TimestampDifferenceMilliseconds(GetCurrentTimestamp(), now.next);
}

void sleep_until_due(const rounds &now) {
    long timeout = time_to_sleep(now);
    int events = WL_LATCH_SET | WL_EXIT_ON_PM_DEATH | (timeout >= 0 ? WL_TIMEOUT : 0);
    (void)WaitLatch(MyLatch, events, timeout, PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
}

// A shorter interval counts from now on, not from the end of the longer one.
void reload(rounds &now) {
    ConfigReloadPending = false;
    int before = settings::sweep_interval;
    ProcessConfigFile(PGC_SIGHUP);
    if (settings::sweep_interval != before)
        now.next = GetCurrentTimestamp();
}

void run() {
    rounds now = {};
    now.context = AllocSetContextCreate(TopMemoryContext, "kvstore rounds", ALLOCSET_SMALL_SIZES);
    now.memory = create_sweep_memory(&now.memory_handle);
    now.extension_found = true;  // until three rounds have shown otherwise
    while (!ShutdownRequestPending) {
        CHECK_FOR_INTERRUPTS();
        if (ConfigReloadPending)
            reload(now);
        collect_finished(now);
        if (settings::sweep_interval > 0) {
            if (GetCurrentTimestamp() >= now.next)
                begin_round(now);
            start_due(now);
            if (!is_needed(now))
                proc_exit(0);
        }
        sleep_until_due(now);
    }
}

}  // namespace

// pg_upgrade wants nothing to be written that it did not write, and nobody to be there.
void register_launcher() {
    if (IsBinaryUpgrade)
        return;
    preloaded = true;
    BackgroundWorker described = launcher();
    RegisterBackgroundWorker(&described);
}

void keep_launcher_running() {
    constexpr timestamp pause = 10 * microseconds_per_second;
    static timestamp next_look = 0;
    timestamp now = GetCurrentStatementStartTimestamp();
    // A time far ahead was set before the clock was set back.
    bool looked_lately = now < next_look && next_look - now <= pause;
    if (preloaded || looked_lately || IsBinaryUpgrade)
        return;
    next_look = now + pause;
    // With sweeping turned off, too: the launcher is who hears of it being turned on.
    if (RecoveryInProgress() || IsParallelWorker() || there_is_a_launcher())
        return;
    BackgroundWorker described = launcher();
    if (!RegisterDynamicBackgroundWorker(&described, nullptr))
        report_full_house(launcher_name);
}

}  // namespace kvstore

void kvstore_launcher_main(Datum) {
    using namespace kvstore;
    if (IsBinaryUpgrade)
        proc_exit(0);
    pqsignal(SIGHUP, SignalHandlerForConfigReload);
    pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
    BackgroundWorkerUnblockSignals();
    BackgroundWorkerInitializeConnection(nullptr, nullptr, 0);
    pgstat_report_appname(launcher_name);
    if (!become_the_launcher())
        proc_exit(0);
    statistics::discard_saved();
    run();
    statistics::save();
    proc_exit(1);  // so that the postmaster starts it again, unless it is shutting down
}
