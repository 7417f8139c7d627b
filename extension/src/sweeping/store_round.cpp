#include "sweeping/store_round.hpp"

#include "server/impatience.hpp"
#include "server/settings.hpp"
#include "server/subtransaction.hpp"
#include "store/statistics.hpp"
#include "sweeping/owner.hpp"
#include "sweeping/subscription.hpp"
#include "sweeping/sweep.hpp"
#include "sweeping/time_limit.hpp"

namespace kvstore {

namespace {

// --- A transaction, as the owner of the store ---

owner_identity become_owner_of_store(Relation table, const char *search_path) {
    owner_identity before = become_owner(table);
    set_config_option("search_path", search_path, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true,
                      0, false);
    return before;
}

bool lock_at_once(Oid relid) {
    return ConditionalLockRelationOid(relid, RowExclusiveLock);
}

// What SQL locks with the table: its partitions, or those that inherit from it.
bool lock_descendants_at_once(Relation table) {
    if (!table->rd_rel->relhassubclass)
        return true;
    ListCell *each;
    foreach (each, find_all_inheritors(RelationGetRelid(table), NoLock, nullptr))
        if (!lock_at_once(lfirst_oid(each)))
            return false;
    return true;
}

bool lock_indexes_at_once(Relation table) {
    ListCell *each;
    foreach (each, RelationGetIndexList(table))
        if (!lock_at_once(lfirst_oid(each)))
            return false;
    return true;
}

// For messages when the transaction, without which no name can be looked up, is over.
char name_at_work[3 * NAMEDATALEN + 32] = "";

void report_activity(Relation table, const store_memory &memory) {
    const char *schema = get_namespace_name(RelationGetNamespace(table));
    snprintf(name_at_work, sizeof(name_at_work), "\"%s.%s\" of database \"%s\"", schema,
             RelationGetRelationName(table), get_database_name(MyDatabaseId));
    std::int64_t gone = memory.round.removed + memory.round.evicted;
    pgstat_report_activity(
        STATE_RUNNING,
        psprintf("sweeping %s.%s: %lld of %u pages, %lld entries removed", schema,
                 RelationGetRelationName(table), static_cast<long long>(memory.round.pages),
                 memory.map.pages(), static_cast<long long>(gone)));
}

// Locks and opens the table, and what belongs to it, if that is possible at once. What somebody
// else has locked is left for another round, what was dropped for ever. What SQL and triggers come
// upon besides is an error if it is locked, and left for another round as well.
Relation open_at_once(const store_memory &memory) {
    if (!lock_at_once(memory.table))
        return nullptr;
    Relation table = try_relation_open(memory.table, NoLock);
    if (table == nullptr)
        return nullptr;
    report_activity(table, memory);
    if (lock_descendants_at_once(table) && lock_indexes_at_once(table))
        return table;
    relation_close(table, NoLock);
    return nullptr;
}

// Has `work` work on the store, as its owner; false if it is not there, or is locked, or is not
// to be swept.
template <class Work>
bool as_owner(const store_memory &memory, const char *search_path, Work work) {
    Relation table = open_at_once(memory);
    if (table == nullptr)
        return false;
    bool is_to_be_swept = is_store(table) && (settings::sweep_subscribed || !is_subscribed(table));
    if (is_to_be_swept) {
        owner_identity before = become_owner_of_store(table, search_path);
        with_store(memory.table, sweeping, work);
        become_again(before);
    }
    relation_close(table, NoLock);
    return is_to_be_swept;
}

// The same, in a transaction of its own.
template <class Work>
bool in_transaction(store_memory &memory, const sweeper_terms &terms, Work work) {
    timestamp begin = monotonic_now();
    time_limit::begin(memory.timeouts);
    name_at_work[0] = '\0';
    StartTransactionCommand();
    PushActiveSnapshot(GetTransactionSnapshot());
    int level = begin_impatience();
    // Also for the sake of errors: each is that of a statement, which may be tried without the
    // entry.
    check_constraints_at_once();
    bool done = as_owner(memory, terms.search_path, work);
    PopActiveSnapshot();
    end_impatience(level);
    CommitTransactionCommand();
    time_limit::end();
    timestamp took = monotonic_now() - begin;
    memory.round.longest = std::max(memory.round.longest, took);
    terms.pace.worked(took);
    return done;
}

// --- The beginning of a round ---

void look_from_the_beginning(store_memory &memory, const store &in) {
    memory.round.looks++;
    memory.round.row = FirstOffsetNumber;
    memory.round.expired_are_gone = false;
    memory.round.evict = {};
    if (!has_pages(in))
        return;
    memory.map.fit(RelationGetNumberOfBlocks(in.table), resize_ranges);
    memory.map.begin_round(GetCurrentTimestamp(), monotonic_now());
}

void begin_round(store_memory &memory, const store &in) {
    pg::file_number file = pg::file_number_of(in.table);
    if (memory.file != file)
        memory.map.clear();
    memory.file = file;
    memory.round = {.under_way = true, .began = monotonic_now()};
    set_after(memory, nullptr);
    look_from_the_beginning(memory, in);
}

// --- Its parts ---

// An error is told once in a round, and not if the last one had the same.
int known_error(const store_memory &memory) {
    return memory.round.has_failed ? sweep_part::any_error : memory.last_error;
}

void note_error(store_memory &memory, int error) {
    if (error == 0 || memory.round.has_failed)
        return;
    memory.last_error = error;
    memory.round.has_failed = true;
}

void add_up(store_memory &memory, const sweep_result &result) {
    round_progress &round = memory.round;
    round.removed += result.removed;
    round.evicted += result.evicted;
    round.left += result.left;
    memory.pace = result.pace;
    note_error(memory, result.error);
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

// How much is to be evicted yet: less, too, if so much was removed by others, or expired.
void reckon(eviction &evict, std::int64_t evicted, std::int64_t all) {
    if (evict.is_due)
        evict.bytes = std::min(evict.bytes - evicted, all - evict.limit.bytes);
}

// Looks at the pages that the map wants, for as long as a transaction may take, but at some
// in any case. Nothing is evicted beyond what the round has chosen.
void look_at_pages(store_memory &memory, const store &in, timestamp deadline) {
    auto changed = [&](const page_span &pages) { return was_written_to(in.table, pages); };
    auto enough = [&] { return monotonic_now() >= deadline; };
    eviction &evict = memory.round.evict;
    while (std::optional<page_span> pages = memory.map.next(changed, enough)) {
        sweep_result result = sweep(in, {.first = pages->first,
                                         .first_row = memory.round.row,
                                         .pages = pages->end - pages->first,
                                         .deadline = deadline,
                                         .pace = memory.pace,
                                         .evict = evict,
                                         .known_error = known_error(memory)});
        BlockNumber end = std::min(result.next, static_cast<BlockNumber>(pages->end));
        memory.map.looked_at(end, result.there);
        memory.round.row = result.next < pages->end ? result.next_row : FirstOffsetNumber;
        memory.round.pages += end - pages->first;
        reckon(evict, result.evicted_bytes, memory.map.bytes());
        add_up(memory, result);
        if (enough())
            break;
    }
}

// The same for a store without pages; whether there is more.
bool look_by_key(store_memory &memory, const store &in, timestamp deadline) {
    sweep_result result = sweep(in, {.deadline = deadline,
                                     .pace = memory.pace,
                                     .after = memory.after,
                                     .known_error = known_error(memory)});
    add_up(memory, result);
    set_after(memory, result.after);
    return result.next != InvalidBlockNumber;
}

// Whether there is more.
bool look(store_memory &memory, const store &in, timestamp deadline) {
    if (!has_pages(in))
        return look_by_key(memory, in, deadline);
    look_at_pages(memory, in, deadline);
    return !memory.map.finished() && !memory.round.evict.is_done();
}

// --- Eviction, when all that has expired is gone ---

// The map knows where the soonest are; the oldest can be anywhere.
void want_to_evict(store_memory &memory, const eviction &evict) {
    memory.round.evict = evict;
    if (evict.is_due)
        memory.map.want_expiring_until(evict.limit.order == eviction_order::soonest
                                           ? expiry_of_rank(evict.threshold)
                                           : never_expires);
}

// Evicting with SQL looks at versions of rows, as the owner.
void require_sight_of_versions(const store &in) {
    AclResult may = pg_class_aclcheck(RelationGetRelid(in.table), GetUserId(), ACL_SELECT);
    if (in.detour != nullptr && may != ACLCHECK_OK)
        aclcheck_error(may, OBJECT_TABLE, RelationGetRelationName(in.table));
}

bool is_about_the_limit(int sqlstate) {
    return ERRCODE_TO_CATEGORY(sqlstate) == ERRCODE_DATA_EXCEPTION ||
           sqlstate == ERRCODE_INSUFFICIENT_PRIVILEGE;
}

// Nothing, too, if it cannot be kept, which is told as a warning: whoever may create triggers can
// have made one of that name, and an owner can have no right to read. That undoes nothing that was
// removed.
std::optional<size_limit> limit_to_keep(store_memory &memory, const store &in) {
    std::optional<size_limit> limit;
    ErrorData *error;
    auto read = [&] {
        limit = limit_of(in.table);
        if (limit)
            require_sight_of_versions(in);
        return true;
    };
    if (in_subtransaction(read, &error))
        return limit;
    if (!is_about_the_limit(error->sqlerrcode))
        ReThrowError(error);
    int known = known_error(memory);
    if (known != sweep_part::any_error && known != error->sqlerrcode)
        ereport(WARNING, (errcode(error->sqlerrcode),
                          errmsg("could not keep the limit of store \"%s\": %s",
                                 RelationGetRelationName(in.table), error->message)));
    note_error(memory, error->sqlerrcode);
    return std::nullopt;
}

// What to evict; nothing is due if the store is not too large.
eviction due_eviction(store_memory &memory, const store &in) {
    std::optional<size_limit> limit = limit_to_keep(memory, in);
    if (!limit || !has_pages(in))
        return {};
    std::int64_t all = memory.map.bytes();
    if (all <= limit->bytes)
        return {};
    return choose_eviction(in, *limit, all);
}

// Whether there may be something to evict that was not tried. Of what was, some may have been
// locked, or its removal an error.
bool may_evict_more(const round_progress &round) {
    return !round.expired_are_gone ||
           (round.evict.is_due && !round.evict.is_done() && !round.evict.has_tried_all());
}

void evict_more(store_memory &memory, const store &in) {
    round_progress &round = memory.round;
    want_to_evict(memory, round.expired_are_gone
                              ? choose_further(in, round.evict, memory.map.bytes())
                              : due_eviction(memory, in));
    round.expired_are_gone = true;
}

// Whether what was chosen may be to go no longer. Users may have lifted the limit, or raised it,
// and much may have changed; but a round has its end, however fast a store grows.
bool is_to_be_reconsidered(store_memory &memory, const store &in) {
    constexpr int most_looks = 100;
    const eviction &evict = memory.round.evict;
    bool may_have_changed = is_outdated(evict) && memory.round.looks < most_looks;
    return evict.is_due && (may_have_changed || limit_to_keep(memory, in) != evict.limit);
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
                       "evicted, %lld left because they were locked or could not be removed; took "
                       "%.3f s, in transactions of at most %.1f ms",
                       static_cast<long long>(round.pages), memory.map.pages(),
                       static_cast<long long>(round.removed), static_cast<long long>(round.evicted),
                       static_cast<long long>(round.left),
                       static_cast<double>(took) / microseconds_per_second,
                       static_cast<double>(round.longest) / 1000)));
}

void end_round(store_memory &memory, const store &in) {
    const round_progress &round = memory.round;
    std::int64_t took = monotonic_now() - round.began;
    statistics::record_sweep(memory.table, {.at = GetCurrentTimestamp(),
                                            .took = took,
                                            .pages = round.pages,
                                            .removed = round.removed,
                                            .left = round.left,
                                            .bytes = has_pages(in) ? memory.map.bytes() : -1});
    log_round(memory, get_namespace_name(RelationGetNamespace(in.table)),
              RelationGetRelationName(in.table), took);
    if (!round.has_failed)
        memory.last_error = 0;
    memory.round.under_way = false;
}

// --- A round, as much of it as there is time for ---

void work(store_memory &memory, const store &in, timestamp deadline) {
    if (in.detour == nullptr)
        time_limit::lift();
    else
        deadline = std::min(deadline, monotonic_now() + time_limit::until_late * INT64CONST(1000));
    round_progress &round = memory.round;
    if (!round.under_way || memory.file != pg::file_number_of(in.table))
        begin_round(memory, in);
    if (is_to_be_reconsidered(memory, in))
        look_from_the_beginning(memory, in);
    std::int64_t removed_before = round.removed;
    while (true) {
        if (look(memory, in, deadline))
            return;
        if (!has_pages(in) || !may_evict_more(round))
            break;
        // An error of evicting is not to undo what was removed.
        if (monotonic_now() >= deadline || round.removed > removed_before)
            return;
        evict_more(memory, in);
    }
    end_round(memory, in);
}

}  // namespace

turn advance_round(store_memory &memory, const sweeper_terms &terms, timestamp until) {
    do {
        // The time counts from when the store is open, since nobody has to wait before that.
        bool swept = in_transaction(
            memory, terms, [&](const store &in) { work(memory, in, terms.pace.deadline()); });
        if (!swept)
            return turn::put_off;
        if (!memory.round.under_way)
            return turn::finished;
    } while (monotonic_now() < until);
    return turn::unfinished;
}

const char *store_at_work(const store_memory &memory) {
    if (name_at_work[0] == '\0')
        snprintf(name_at_work, sizeof(name_at_work), "with OID %u of database %u", memory.table,
                 MyDatabaseId);
    return name_at_work;
}

void end_round_by_error(store_memory &memory) {
    memory.round = {};
    set_after(memory, nullptr);
}

}  // namespace kvstore
