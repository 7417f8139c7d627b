// Commands on whole stores and on the server.

#include "operations/scan.hpp"
#include "redis/entry_access.hpp"
#include "redis/handlers.hpp"
#include "redis/options.hpp"
#include "server/clock.hpp"
#include "server/utility.hpp"
#include "store/statistics.hpp"

namespace kvstore::redis::handlers {

// --- Emptying ---

namespace {

// ASYNC and SYNC, which mean nothing here.
bool takes_flush_option(execution &x, arguments given) {
    bool takes = given.size() == 1 ||
                 (given.size() == 2 && (is_word(given[1], "async") || is_word(given[1], "sync")));
    if (!takes)
        x.out.error(syntax_error);
    return takes;
}

// As kv_flush() does.
void truncate(Oid table) {
    constexpr intent emptying{"FLUSHDB", ACL_TRUNCATE, AccessExclusiveLock};
    close_store(open_store(table, emptying));
    execute_utility(psprintf("TRUNCATE %s", qualified_name(table)));
}

// Before the lock that keeps everybody out.
void require_right_to_truncate(const RangeVar *, Oid table, Oid, void *) {
    if (OidIsValid(table))
        require_privilege(table, ACL_TRUNCATE);
}

void truncate_if_there(const char *name) {
    if (!is_of_entry_type(find_store(name)))
        return;
    Oid table = find_and_lock_store(name, AccessExclusiveLock, true, require_right_to_truncate);
    if (OidIsValid(table))
        truncate(table);
}

}  // namespace

void flushdb(execution &x, arguments given) {
    if (!takes_flush_option(x, given))
        return;
    constexpr intent looking{.function = "FLUSHDB", .privileges = 0, .meets_entries = false};
    const store *in = x.refuses_to_write() ? nullptr : x.open(looking);
    if (in == nullptr)
        return;
    Oid table = RelationGetRelid(in->table);
    x.close();  // TRUNCATE wants nobody to have it open
    x.as_a_whole([&] {
        truncate(table);
        x.out.ok();
        return true;
    });
}

// A store that is not there is as good as empty. On a standby even the lock would be an error.
void flushall(execution &x, arguments given) {
    if (!takes_flush_option(x, given) || x.refuses_to_write())
        return;
    x.close();
    x.as_a_whole([&] {
        for (int n = 0; n < number_of_databases(); n++)
            truncate_if_there(*name_of_database(n));
        x.out.ok();
        return true;
    });
}

void swapdb(execution &x, arguments) {
    x.out.error("ERR SWAPDB is not supported by kvstore: change kvstore.redis_stores instead");
}

// --- The server ---

void time(execution &x, arguments) {
    std::int64_t now = current_time();
    std::int64_t seconds = milliseconds_of(now) / 1000;
    std::int64_t microseconds = now % microseconds_per_second;
    x.out.array(2);
    x.out.bulk(integer_text(seconds).view());
    x.out.bulk(integer_text(microseconds).view());
}

void lolwut(execution &x, arguments) {
    x.out.verbatim("kvstore ver. " KV_VERSION "\n");
}

// There are no replicas of which Redis's clients would know.
void wait(execution &x, arguments given) {
    if (!integer(x, given[1]))
        return;
    std::optional<std::int64_t> timeout = parse_strict_integer(given[2]);
    if (!timeout)
        x.out.error("ERR timeout is not an integer or out of range");
    else if (*timeout < 0)
        x.out.error("ERR timeout is negative");
    else
        x.out.integer(0);
}

// Nothing that Redis's clients could follow is behind it: neither the replicas nor the primary.
void role(execution &x, arguments) {
    if (RecoveryInProgress()) {
        x.out.array(5);
        x.out.bulk("slave");
        x.out.bulk("");
        x.out.integer(0);
        x.out.bulk("connected");
        x.out.integer(0);
    } else {
        x.out.array(3);
        x.out.bulk("master");
        x.out.integer(0);
        x.out.array(0);
    }
}

void ping(execution &x, arguments given) {
    if (given.size() > 2)
        x.out.error("ERR wrong number of arguments for 'ping' command");
    else if (given.size() == 2)
        x.out.bulk(given[1]);
    else
        x.out.simple("PONG");
}

void echo(execution &x, arguments given) {
    x.out.bulk(given[1]);
}

void memory_doctor(execution &x, arguments) {
    x.out.verbatim("Memory is PostgreSQL's. The view kv_stats has the sizes of stores.\n");
}

void memory_purge(execution &x, arguments) {
    x.out.ok();
}

void memory_help(execution &x, arguments) {
    constexpr std::string_view help[] = {
        "MEMORY <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "DOCTOR",
        "    Where to look.",
        "PURGE",
        "    Accepted, without effect.",
        "USAGE <key> [SAMPLES <count>]",
        "    The bytes that an entry takes in its table and in the index.",
        "HELP",
        "    Prints this help.",
    };
    x.out.lines(help);
}

// --- What kvstore-redis asks ---

void databases(execution &x, arguments) {
    x.out.integer(number_of_databases());
}

namespace {

// So many pages of a store are counted, which takes a millisecond or two.
constexpr double pages_counted = 128;

// Of a table, and of its parts if it is partitioned.
struct extent {
    double pages = 0;
    double rows = 0;          // as the planner has it
    bool is_complete = true;  // all of it could be looked at, without waiting
};

void add_extent(extent &to, Relation table) {
    if (table->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
        return;
    bool may_look =
        table->rd_rel->relkind == RELKIND_RELATION && !RELATION_IS_OTHER_TEMP(table) &&
        (table->rd_rel->relpersistence != RELPERSISTENCE_UNLOGGED || !RecoveryInProgress());
    to.is_complete &= may_look;
    // Of a table that has no page yet the planner guesses that it will.
    double size = may_look ? RelationGetNumberOfBlocks(table) : 0;
    if (size == 0)
        return;
    BlockNumber pages = 0;
    double rows = 0;
    double all_visible = 0;
    table_relation_estimate_size(table, nullptr, &pages, &rows, &all_visible);
    to.pages += size;
    to.rows += rows;
}

extent extent_of(Oid table) {
    extent all;
    ListCell *each;
    foreach (each, find_all_inheritors(table, NoLock, nullptr)) {
        Relation opened = pg::open_at_once(lfirst_oid(each), AccessShareLock);
        all.is_complete &= opened != nullptr;
        if (opened == nullptr)
            continue;
        add_extent(all, opened);
        relation_close(opened, NoLock);
    }
    return all;
}

struct keyspace {
    double keys = 0;
    double expiring = 0;  // 0 where it is an estimate, too
};

// A small store is counted, as DBSIZE does, if the role may read it; of another one there is the
// planner's estimate.
keyspace keyspace_of(execution &x, Oid table) {
    extent all = extent_of(table);
    keyspace result{.keys = all.rows};
    if (all.pages == 0 || all.pages > pages_counted || !all.is_complete ||
        pg_class_aclcheck(table, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
        return result;
    constexpr intent counting{
        .function = "INFO", .privileges = ACL_SELECT, .takes_snapshot = false};
    std::optional<store> opened = open_store_at_once(table, counting);
    if (!opened)
        return result;
    std::size_t written = x.out.buffer().size();
    x.as_one_step(*opened, [&] {
        x.take_snapshot();
        entry_counts counted = count_all(*opened);
        result = {static_cast<double>(counted.live), static_cast<double>(counted.expiring)};
    });
    x.out.buffer().truncate(written);  // what a policy may not do is no answer to INFO
    close_store(*opened);
    return result;
}

struct totals {
    std::array<std::int64_t, number_of_counters> counts{};
};

void add_counts(totals &to, Oid table) {
    std::optional<store_statistics> found = statistics::of(table);
    for (std::size_t i = 0; found && i < number_of_counters; i++)
        to.counts[i] += found->counts[i];
}

std::int64_t of(const totals &all, counter what) {
    return all.counts[static_cast<std::size_t>(what)];
}

// One database of the section keyspace, if it has entries.
void describe_database(execution &x, StringInfo text, int n, totals &all) {
    Oid table = find_store(*name_of_database(n));
    Relation opened = is_of_entry_type(table) ? pg::open_at_once(table, AccessShareLock) : nullptr;
    if (opened == nullptr)
        return;
    if (is_store(opened)) {
        keyspace found = keyspace_of(x, table);
        if (found.keys >= 1)
            appendStringInfo(text, "db%d:keys=%.0f,expires=%.0f,avg_ttl=0\r\n", n, found.keys,
                             found.expiring);
        add_counts(all, table);
    }
    relation_close(opened, NoLock);
}

}  // namespace

void info_sections(execution &x, arguments) {
    StringInfoData databases;
    StringInfoData text;
    totals all;
    initStringInfo(&databases);
    for (int n = 0; n < number_of_databases(); n++)
        describe_database(x, &databases, n, all);
    initStringInfo(&text);
    appendStringInfo(&text,
                     "# Persistence\r\nloading:0\r\n\r\n"
                     "# Stats\r\nkeyspace_hits:%lld\r\nkeyspace_misses:%lld\r\n"
                     "expired_keys:%lld\r\nevicted_keys:%lld\r\n\r\n"
                     "# Replication\r\nrole:%s\r\nconnected_slaves:0\r\n\r\n"
                     "# Keyspace\r\n%s",
                     static_cast<long long>(of(all, counter::hits)),
                     static_cast<long long>(of(all, counter::misses)),
                     static_cast<long long>(of(all, counter::swept)),
                     static_cast<long long>(of(all, counter::evicted)),
                     RecoveryInProgress() ? "slave" : "master", databases.data);
    x.out.bulk({text.data, static_cast<std::size_t>(text.len)});
}

}  // namespace kvstore::redis::handlers
