#include "sweeping/launcher.hpp"

#include <sys/stat.h>

#include <array>

#include "rules/ttl.hpp"
#include "server/postgres.hpp"
#include "server/settings.hpp"
#include "store/statistics.hpp"
#include "sweeping/sweeper.hpp"

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

// --- No slot for a worker: told once a minute, however many sessions find it so ---

LOCKTAG telling_lock() {
    LOCKTAG tag;
    SET_LOCKTAG_ADVISORY(tag, InvalidOid, 0x6b767374, 0x6f7265, 4);
    return tag;
}

// The file's time is when it was last told. A time to come was before the clock was set back.
bool was_told_lately(const char *file) {
    constexpr time_t pause = 60;
    struct stat status;
    time_t now = time(nullptr);
    return stat(file, &status) == 0 && status.st_mtime <= now && now - status.st_mtime < pause;
}

void note_telling(const char *file) {
    FILE *noted = AllocateFile(file, PG_BINARY_W);
    if (noted == nullptr)
        return;
    (void)fputc('\n', noted);
    (void)FreeFile(noted);
}

void tell_no_slot(const char *who) {
    constexpr const char *file = PG_STAT_TMP_DIR "/kvstore.no_worker";
    if (was_told_lately(file))
        return;
    note_telling(file);
    ereport(LOG, (errmsg("could not start %s: no free slot for a background worker", who),
                  errhint("You may need to increase max_worker_processes.")));
}

void report_no_slot(const char *who) {
    LOCKTAG tag = telling_lock();
    if (LockAcquire(&tag, ExclusiveLock, true, true) == LOCKACQUIRE_NOT_AVAIL)
        return;  // somebody tells it
    tell_no_slot(who);
    LockRelease(&tag, ExclusiveLock, true);
}

// --- The launcher's rounds ---

struct database {
    Oid oid;
    dsa_pointer memory;       // what sweepers know of its stores; a running one has it
    std::int64_t rest_until;  // before that round it is left alone
    int failures;             // of its sweepers, one after the other
    bool is_due;
    bool is_running;  // a sweeper of it
    bool exists;      // in the present round
};

struct running_sweeper {
    database *in;
    std::int64_t round;
    BackgroundWorkerHandle *handle;  // nullptr: not running
};

struct rounds {
    std::array<running_sweeper, most_sweepers> running;
    shared_sweep_memory memory;
    dsm_handle memory_handle;
    std::int64_t number;    // of the present round
    List *databases;        // struct database, all that there are
    List *due;              // those of them that wait for a sweeper, in turn
    timestamp next;         // when the next round begins, by the monotonic clock
    int rounds_in_vain;     // since a sweeper last found the extension
    bool extension_found;   // in this round
    bool no_slot;           // there was no slot for a sweeper
    MemoryContext context;  // of all that
};

// --- The databases ---

database *find_database(rounds &now, Oid oid) {
    ListCell *each;
    foreach (each, now.databases) {
        auto *one = static_cast<database *>(lfirst(each));
        if (one->oid == oid)
            return one;
    }
    return nullptr;
}

database *find_or_add(rounds &now, Oid oid) {
    if (database *known = find_database(now, oid))
        return known;
    MemoryContext before = MemoryContextSwitchTo(now.context);
    auto *added = static_cast<database *>(palloc0(sizeof(database)));
    added->oid = oid;
    now.databases = lappend(now.databases, added);
    MemoryContextSwitchTo(before);
    return added;
}

void add_due(rounds &now, database *one) {
    if (one->is_due)
        return;
    MemoryContext before = MemoryContextSwitchTo(now.context);
    now.due = lappend(now.due, one);
    MemoryContextSwitchTo(before);
    one->is_due = true;
}

void forget(rounds &now, database *one) {
    if (DsaPointerIsValid(one->memory))
        dsa_free(now.memory.area, one->memory);
    now.due = list_delete_ptr(now.due, one);
    pfree(one);
}

// One that is being swept is forgotten in a later round.
void forget_dropped(rounds &now) {
    ListCell *each;
    foreach (each, now.databases) {
        auto *one = static_cast<database *>(lfirst(each));
        if (one->exists || one->is_running)
            continue;
        now.databases = foreach_delete_current(now.databases, each);
        forget(now, one);
    }
}

// A database in which sweepers end by an error is left alone for longer and longer.
void remember_failure(rounds &now, database *one) {
    constexpr int most_rounds = 64;
    one->rest_until = now.number + 1 + Min(1 << Min(one->failures, 10), most_rounds);
    one->failures++;
}

// --- A round ---

// Notes which databases there are in which there may be a store to be swept. Templates are left
// alone: they are to be copied, and nobody may be connected to them then.
void find_databases(rounds &now) {
    StartTransactionCommand();
    PushActiveSnapshot(GetTransactionSnapshot());
    Relation catalog = table_open(DatabaseRelationId, AccessShareLock);
    TableScanDesc scan = table_beginscan_catalog(catalog, 0, nullptr);
    while (HeapTuple tuple = heap_getnext(scan, ForwardScanDirection)) {
        auto *database = reinterpret_cast<Form_pg_database>(GETSTRUCT(tuple));
        bool dropped_halfway = database->datconnlimit == -2;
        if (!database->datallowconn || database->datistemplate || dropped_halfway)
            continue;
        find_or_add(now, database->oid)->exists = true;
    }
    table_endscan(scan);
    table_close(catalog, AccessShareLock);
    statistics::forget_dropped_databases();
    PopActiveSnapshot();
    CommitTransactionCommand();
}

bool is_idle(const rounds &now) {
    for (const running_sweeper &each : now.running)
        if (each.handle != nullptr)
            return false;
    return now.due == NIL;
}

// What a sweeper has done. Where it leaves much to be done, or another round has begun
// meanwhile, another one goes on at once.
void take_report(rounds &now, const sweeper_report &report, const running_sweeper &sweeper) {
    database *in = sweeper.in;
    in->memory = report.memory;
    in->is_running = false;
    if (report.found_extension)
        now.extension_found = true;
    if (!report.ended_well) {
        remember_failure(now, in);
        return;
    }
    in->failures = 0;
    bool is_behind = report.found_extension && sweeper.round < now.number;
    if (report.unfinished || is_behind)
        add_due(now, in);
}

void collect_finished(rounds &now) {
    for (std::size_t i = 0; i < now.running.size(); i++) {
        running_sweeper &each = now.running[i];
        pid_t pid;
        if (each.handle == nullptr || GetBackgroundWorkerPid(each.handle, &pid) != BGWH_STOPPED)
            continue;
        pfree(each.handle);
        each.handle = nullptr;
        take_report(now, now.memory.all->reports[i], each);
    }
}

bool start_sweeper(rounds &now, int number, database *in) {
    BackgroundWorker sweeper = worker(sweeper_name, "kvstore_sweeper_main", BGW_NEVER_RESTART);
    sweeper_job job{{}, in->oid, now.memory_handle, number, now.number};
    memcpy(sweeper.bgw_extra, &job, sizeof(job));
    sweeper.bgw_notify_pid = MyProcPid;
    now.memory.all->reports[number] = {.memory = in->memory};
    running_sweeper &slot = now.running[number];
    MemoryContext before = MemoryContextSwitchTo(now.context);
    bool started = RegisterDynamicBackgroundWorker(&sweeper, &slot.handle);
    MemoryContextSwitchTo(before);
    if (!started) {
        slot.handle = nullptr;
        return false;
    }
    slot.in = in;
    slot.round = now.number;
    in->is_running = true;
    in->memory = InvalidDsaPointer;
    return true;
}

void start_due(rounds &now) {
    now.no_slot = false;
    for (int number = 0; number < most_sweepers && now.due != NIL; number++) {
        if (now.running[number].handle != nullptr)
            continue;
        auto *first = static_cast<database *>(linitial(now.due));
        if (!start_sweeper(now, number, first)) {
            report_no_slot(sweeper_name);
            now.no_slot = true;
            return;  // until the next look
        }
        first->is_due = false;
        now.due = list_delete_first(now.due);
    }
}

// Those that are still at an earlier round are not disturbed: what they have to do is only more.
void begin_round(rounds &now) {
    now.number++;
    now.rounds_in_vain = now.extension_found ? 0 : now.rounds_in_vain + 1;
    now.extension_found = false;
    ListCell *each;
    foreach (each, now.databases)
        static_cast<database *>(lfirst(each))->exists = false;
    find_databases(now);
    forget_dropped(now);
    foreach (each, now.databases) {
        auto *one = static_cast<database *>(lfirst(each));
        if (one->exists && !one->is_running && one->rest_until <= now.number)
            add_due(now, one);
    }
    now.next = monotonic_now() + settings::sweep_interval * INT64CONST(1000);
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
    if (now.no_slot && now.due != NIL)
        return retry;
    timestamp left = now.next - monotonic_now();
    return left <= 0 ? 0 : static_cast<long>(left / 1000 + 1);
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
        now.next = monotonic_now();
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
            if (monotonic_now() >= now.next)
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
        report_no_slot(launcher_name);
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
