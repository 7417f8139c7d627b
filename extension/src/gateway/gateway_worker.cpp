#include "gateway/gateway_worker.hpp"

#include <sys/wait.h>

#include <csignal>

#include "gateway/program.hpp"
#include "rules/monotonic.hpp"
#include "server/postgres.hpp"
#include "server/settings.hpp"

KV_EXPORT void kvstore_gateway_main(Datum);

namespace kvstore {

namespace {

constexpr const char *worker_name = "kvstore redis";
constexpr int seconds_to_end = 5;
constexpr timestamp shortest_pause = microseconds_per_second;
constexpr timestamp longest_pause = 60 * microseconds_per_second;

struct gateway {
    running_program program;
    MemoryContext memory;              // of its arguments
    char **arguments;                  // that it was started with
    timestamp started;                 // by the monotonic clock
    timestamp next_start;              // not before
    timestamp pause = shortest_pause;  // after the next end
};

// --- Its arguments ---

// One by one, in the current memory context.
class argument_list {
  public:
    void add(const char *argument) { list_ = lappend(list_, pstrdup(argument)); }
    void add(const char *option, const char *value) {
        if (*value == '\0')
            return;
        add(option);
        add(value);
    }

    char **as_array() const {
        auto **array = static_cast<char **>(palloc0(sizeof(char *) * (list_length(list_) + 1)));
        for (int i = 0; i < list_length(list_); i++)
            array[i] = static_cast<char *>(list_nth(list_, i));
        return array;
    }

  private:
    List *list_ = NIL;
};

// A value as it stands in a connection string.
char *quoted(const char *value) {
    StringInfoData result;
    initStringInfo(&result);
    appendStringInfoChar(&result, '\'');
    for (; *value != '\0'; value++) {
        if (*value == '\'' || *value == '\\')
            appendStringInfoChar(&result, '\\');
        appendStringInfoChar(&result, *value);
    }
    appendStringInfoChar(&result, '\'');
    return result.data;
}

// This server, by the first of its sockets, or without one by TCP.
char *own_conninfo() {
    List *folders = NIL;
    char *names = pstrdup(Unix_socket_directories);
    bool listed = SplitDirectoriesString(names, ',', &folders) && folders != NIL;
    const char *host = listed ? static_cast<char *>(linitial(folders)) : "localhost";
    return psprintf("host=%s port=%d dbname=%s", quoted(host), PostPortNumber,
                    quoted(settings::redis_database));
}

char **arguments() {
    argument_list list;
    list.add(settings::redis_program);
    list.add("--until-input-ends");
    bool is_path = *settings::redis_listen == '/';
    list.add(is_path ? "--socket" : "--listen", settings::redis_listen);
    list.add("--conninfo", own_conninfo());
    list.add("--anonymous-user", settings::redis_user);
    list.add("--config", settings::redis_config);
    return list.as_array();
}

bool same(char *const *one, char *const *other) {
    for (; *one != nullptr && *other != nullptr; one++, other++)
        if (strcmp(*one, *other) != 0)
            return false;
    return *one == *other;
}

// --- Its life ---

void start(gateway &one) {
    one.started = monotonic_now();
    one.program = start_program(one.arguments);
    if (one.program.runs())
        ereport(LOG, errmsg("started \"%s\" for Redis clients at %s", one.arguments[0],
                            settings::redis_listen));
    else
        ereport(LOG, (errmsg("could not start \"%s\": %m", one.arguments[0]),
                      errhint("kvstore.redis_program names the program, which is built with the "
                              "client of kvstore.")));
}

// Who ends again and again is started after longer and longer pauses.
void rest(gateway &one) {
    timestamp now = monotonic_now();
    if (now - one.started > longest_pause)
        one.pause = shortest_pause;
    one.next_start = now + one.pause;
    one.pause = Min(one.pause * 2, longest_pause);
}

void report_end(const gateway &one, int status) {
    if (WIFSIGNALED(status))
        ereport(LOG,
                errmsg("\"%s\" was terminated by signal %d", one.arguments[0], WTERMSIG(status)));
    else
        ereport(LOG,
                errmsg("\"%s\" exited with exit code %d", one.arguments[0], WEXITSTATUS(status)));
}

void look_after(gateway &one) {
    int status;
    if (has_ended(one.program, &status)) {
        report_end(one, status);
        rest(one);
    }
    bool wanted = *settings::redis_listen != '\0';
    if (wanted && !one.program.runs() && monotonic_now() >= one.next_start) {
        start(one);
        if (!one.program.runs())
            rest(one);
    }
}

// Takes the arguments that the settings make now; whether they are others than before.
bool take_arguments(gateway &one) {
    MemoryContext memory =
        AllocSetContextCreate(TopMemoryContext, "arguments of kvstore-redis", ALLOCSET_SMALL_SIZES);
    MemoryContext before = MemoryContextSwitchTo(memory);
    char **now = arguments();
    MemoryContextSwitchTo(before);
    if (one.memory != nullptr && same(now, one.arguments)) {
        MemoryContextDelete(memory);
        return false;
    }
    if (one.memory != nullptr)
        MemoryContextDelete(one.memory);
    one.memory = memory;
    one.arguments = now;
    return true;
}

// The program is started anew if it would be started otherwise now; if not, it reads its files.
void reload(gateway &one) {
    ConfigReloadPending = false;
    ProcessConfigFile(PGC_SIGHUP);
    if (take_arguments(one)) {
        end_program(one.program, seconds_to_end);
        one.next_start = 0;
        one.pause = shortest_pause;
    } else if (one.program.runs()) {
        kill(one.program.pid, SIGHUP);
    }
}

void sleep_until_due(const gateway &one) {
    bool waits_to_start = !one.program.runs() && *settings::redis_listen != '\0';
    timestamp left = Max(one.next_start - monotonic_now(), 0) / 1000 + 1;
    int events = WL_LATCH_SET | WL_EXIT_ON_PM_DEATH | (waits_to_start ? WL_TIMEOUT : 0);
    (void)WaitLatch(MyLatch, events, waits_to_start ? static_cast<long>(left) : -1,
                    PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
}

void wake_up(int) {
    int before = errno;
    SetLatch(MyLatch);
    errno = before;
}

void run() {
    gateway one = {};
    take_arguments(one);
    while (!ShutdownRequestPending) {
        if (ConfigReloadPending)
            reload(one);
        look_after(one);
        sleep_until_due(one);
    }
    end_program(one.program, seconds_to_end);
}

}  // namespace

void register_gateway_worker() {
    if (IsBinaryUpgrade || *settings::redis_listen == '\0')
        return;
    BackgroundWorker described = {};
    described.bgw_flags = BGWORKER_SHMEM_ACCESS;
    // On a standby, too: what it stores logged can be read there.
    described.bgw_start_time = BgWorkerStart_ConsistentState;
    described.bgw_restart_time = 1;
    strlcpy(described.bgw_library_name, "kvstore", sizeof(described.bgw_library_name));
    strlcpy(described.bgw_function_name, "kvstore_gateway_main",
            sizeof(described.bgw_function_name));
    strlcpy(described.bgw_name, worker_name, sizeof(described.bgw_name));
    strlcpy(described.bgw_type, worker_name, sizeof(described.bgw_type));
    RegisterBackgroundWorker(&described);
}

}  // namespace kvstore

void kvstore_gateway_main(Datum) {
    using namespace kvstore;
    pqsignal(SIGHUP, SignalHandlerForConfigReload);
    pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
    pqsignal(SIGCHLD, wake_up);
    BackgroundWorkerUnblockSignals();
    run();
    proc_exit(1);  // so that the postmaster starts it again, unless it is shutting down
}
