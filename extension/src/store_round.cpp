#include "store_round.hpp"

#include "owner.hpp"
#include "settings.hpp"
#include "statistics.hpp"
#include "sweep.hpp"

namespace kvstore {

namespace {

// --- A transaction, as the owner of the store ---

const char *users_search_path = "";

// With the settings that code of users expects.
owner_identity become_owner_of_store(Relation table) {
    owner_identity before = become_owner(table);
    set_config_option("search_path", users_search_path, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
                      true, 0, false);
    return before;
}

// Locks and opens the table if that is possible at once. What somebody else has
// locked is left for another round, what was dropped for ever.
Relation open_at_once(Oid relid) {
    if (!ConditionalLockRelationOid(relid, RowExclusiveLock))
        return nullptr;
    return try_relation_open(relid, NoLock);
}

void report_activity(Relation table, const store_memory &memory) {
    std::int64_t gone = memory.round.removed + memory.round.evicted;
    pgstat_report_activity(
        STATE_RUNNING,
        psprintf("sweeping %s.%s: %lld of %u pages, %lld entries removed",
                 get_namespace_name(RelationGetNamespace(table)), RelationGetRelationName(table),
                 static_cast<long long>(memory.round.pages), memory.map.pages(),
                 static_cast<long long>(gone)));
}

// Has `work` work on the store in a transaction of its own; false if the store is not
// there, or is locked, or may not be written to.
template <class Work>
bool in_transaction(store_memory &memory, pacer &pace, Work work) {
    timestamp begin = GetCurrentTimestamp();
    bool done = false;
    StartTransactionCommand();
    PushActiveSnapshot(GetTransactionSnapshot());
    if (Relation table = open_at_once(memory.table)) {
        if (is_store(table) && !XactReadOnly) {
            report_activity(table, memory);
            owner_identity before = become_owner_of_store(table);
            with_store(memory.table, sweeping, work);
            become_again(before);
            done = true;
        }
        relation_close(table, NoLock);
    }
    PopActiveSnapshot();
    CommitTransactionCommand();
    timestamp took = GetCurrentTimestamp() - begin;
    memory.round.longest = std::max(memory.round.longest, took);
    pace.worked(took);
    return done;
}

// --- The beginning of a round ---

void begin_round(store_memory &memory, const store &in) {
    pg::file_number file = pg::file_number_of(in.table);
    if (memory.file != file)
        memory.map.clear();
    memory.file = file;
    memory.round = {.under_way = true, .began = GetCurrentTimestamp()};
    if (!has_pages(in))
        return;
    memory.map.fit(RelationGetNumberOfBlocks(in.table));
    memory.map.begin_round(GetCurrentTimestamp());
}

// --- Its parts ---

void add_up(round_progress &round, const sweep_result &result) {
    round.removed += result.removed;
    round.evicted += result.evicted;
    round.left += result.left;
}

bool was_written_to(Relation table, const page_span &pages) {
    Buffer map_page = InvalidBuffer;
    bool written = false;
    for (BlockNumber page = pages.first; page < pages.end && !written; page++)
        written = !VM_ALL_VISIBLE(table, page, &map_page);
    if (BufferIsValid(map_page))
        ReleaseBuffer(map_page);
    return written;
}

// Looks at the pages that the map wants, for as long as a transaction may take, but at some
// in any case; whether there are more.
bool look_at_pages(store_memory &memory, const store &in, timestamp deadline, eviction &evict) {
    auto changed = [&](const page_span &pages) { return was_written_to(in.table, pages); };
    auto enough = [&] { return GetCurrentTimestamp() >= deadline; };
    while (std::optional<page_span> pages = memory.map.next(changed, enough)) {
        sweep_result result = sweep(in, {.first = pages->first,
                                         .pages = pages->end - pages->first,
                                         .deadline = deadline,
                                         .evict = evict});
        BlockNumber end = std::min(result.next, static_cast<BlockNumber>(pages->end));
        memory.map.looked_at(end, result.there);
        memory.round.pages += end - pages->first;
        evict.bytes -= result.evicted_bytes;
        add_up(memory.round, result);
        if (enough())
            break;
    }
    return !memory.map.finished();
}

// The same for a store without pages.
bool look_by_query(store_memory &memory, const store &in) {
    constexpr std::int64_t at_once = 1000;
    sweep_result result = sweep(in, {.most_rows = at_once});
    add_up(memory.round, result);
    return result.next != InvalidBlockNumber;
}

// In one transaction after the other; whether all was looked at before `until`. Nothing is
// evicted beyond what `evict` says.
bool look_at_all(store_memory &memory, pacer &pace, timestamp until, eviction &evict) {
    for (bool more = true; more;) {
        if (GetCurrentTimestamp() >= until)
            return false;
        timestamp deadline = pace.deadline();
        bool there = in_transaction(memory, pace, [&](const store &in) {
            more = has_pages(in) ? look_at_pages(memory, in, deadline, evict)
                                 : look_by_query(memory, in);
        });
        if (!there || evict.is_done())
            more = false;
    }
    return true;
}

// --- Eviction, when all that has expired is gone ---

// What to evict; nothing is due if the store is not too large.
eviction due_eviction(store_memory &memory, const store &in) {
    std::optional<size_limit> limit = limit_of(in.table);
    if (!limit || !has_pages(in))
        return {};
    std::int64_t all = memory.map.bytes();
    if (all <= limit->bytes)
        return {};
    eviction evict = choose_eviction(in, limit->order, all - limit->bytes, all);
    // The map knows where the soonest are; the oldest can be anywhere.
    memory.map.want_expiring_until(
        limit->order == eviction_order::soonest ? expiry_of_rank(evict.threshold) : never_expires);
    return evict;
}

bool evict(store_memory &memory, pacer &pace, timestamp until) {
    eviction due = {};
    in_transaction(memory, pace, [&](const store &in) { due = due_eviction(memory, in); });
    return !due.is_due || look_at_all(memory, pace, until, due);
}

// --- Its end ---

void log_round(const store_memory &memory, const char *schema, const char *name,
               std::int64_t took) {
    const round_progress &round = memory.round;
    if (settings::log_sweep_min_duration < 0 ||
        took < settings::log_sweep_min_duration * INT64CONST(1000))
        return;
    ereport(LOG,
            (errmsg("swept store \"%s.%s\" of database \"%s\"", schema, name,
                    get_database_name(MyDatabaseId)),
             errdetail("pages: %lld of %u looked at; entries: %lld expired and removed, %lld "
                       "evicted, %lld left because they were locked; took %.3f s, in "
                       "transactions of at most %.1f ms",
                       static_cast<long long>(round.pages), memory.map.pages(),
                       static_cast<long long>(round.removed), static_cast<long long>(round.evicted),
                       static_cast<long long>(round.left),
                       static_cast<double>(took) / microseconds_per_second,
                       static_cast<double>(round.longest) / 1000)));
}

void end_round(store_memory &memory, const store &in) {
    timestamp now = GetCurrentTimestamp();
    const round_progress &round = memory.round;
    std::int64_t took = now - round.began;
    statistics::record_sweep(memory.table, {.at = now,
                                            .took = took,
                                            .pages = round.pages,
                                            .removed = round.removed,
                                            .left = round.left,
                                            .bytes = has_pages(in) ? memory.map.bytes() : -1});
    log_round(memory, get_namespace_name(RelationGetNamespace(in.table)),
              RelationGetRelationName(in.table), took);
}

}  // namespace

bool advance_round(store_memory &memory, pacer &pace, timestamp until) {
    bool there = in_transaction(memory, pace, [&](const store &in) {
        if (!memory.round.under_way || memory.file != pg::file_number_of(in.table))
            begin_round(memory, in);
    });
    eviction none = {};
    if (there && (!look_at_all(memory, pace, until, none) || !evict(memory, pace, until)))
        return false;
    if (there)
        in_transaction(memory, pace, [&](const store &in) { end_round(memory, in); });
    memory.round = {};
    return true;
}

void use_search_path(const char *path) {
    users_search_path = path;
}

}  // namespace kvstore
