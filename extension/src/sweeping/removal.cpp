#include "sweeping/removal.hpp"

#include <algorithm>
#include <array>

#include "paths/plan_cache.hpp"
#include "paths/statement_parts.hpp"
#include "rules/monotonic.hpp"
#include "server/impatience.hpp"
#include "server/settings.hpp"
#include "server/subtransaction.hpp"
#include "sweeping/time_limit.hpp"

namespace kvstore {

namespace {

#define OF_THESE_KEYS(keys, which) " WHERE key OPERATOR(pg_catalog.=) ANY (" keys ") AND " which
#define EXPIRED HAS_EXPIRED_AT(CLOCK)
// The column ctid takes the privilege SELECT on the whole table.
#define OF_VERSION_OR_EXPIRED "(ctid OPERATOR(pg_catalog.=) ANY ($2) OR " EXPIRED ")"

// Locking a row needs the privilege UPDATE, and a policy for it where row security applies. Who
// lacks that is not to wait for rows either.
#define REMOVE_UNLOCKED(which)        \
    "DELETE FROM %1$s" OF_THESE_KEYS( \
        "ARRAY(SELECT key FROM %1$s" OF_THESE_KEYS("$1", which) " FOR UPDATE SKIP LOCKED)", which)
#define REMOVE_ANY(which) "DELETE FROM %1$s" OF_THESE_KEYS("$1", which)

constexpr const char *remove_unlocked = REMOVE_UNLOCKED(EXPIRED);
constexpr const char *remove_any = REMOVE_ANY(EXPIRED);
constexpr const char *evict_unlocked = REMOVE_UNLOCKED(OF_VERSION_OR_EXPIRED);
constexpr const char *evict_any = REMOVE_ANY(OF_VERSION_OR_EXPIRED);

bool may_lock_rows(Relation table) {
    Oid relid = RelationGetRelid(table);
    return pg_class_aclcheck(relid, GetUserId(), ACL_UPDATE) == ACLCHECK_OK &&
           check_enable_rls(relid, InvalidOid, true) != RLS_ENABLED;
}

ArrayType *keys_of(std::span<doomed_entry> entries) {
    auto *keys = static_cast<Datum *>(palloc(sizeof(Datum) * (entries.size() + 1)));
    for (std::size_t i = 0; i < entries.size(); i++)
        keys[i] = entries[i].key;
    return construct_array(keys, static_cast<int>(entries.size()), TEXTOID, -1, false,
                           TYPALIGN_INT);
}

ArrayType *versions_of(std::span<doomed_entry> entries) {
    auto *versions = static_cast<Datum *>(palloc(sizeof(Datum) * (entries.size() + 1)));
    for (std::size_t i = 0; i < entries.size(); i++)
        versions[i] = PointerGetDatum(&entries[i].version);
    return construct_array(versions, static_cast<int>(entries.size()), TIDOID,
                           sizeof(ItemPointerData), false, TYPALIGN_SHORT);
}

// Whether a rule has something else done instead of every removal: what is counted is that.
bool is_done_otherwise(Relation table) {
    const RuleLock *rules = table->rd_rules;
    for (int i = 0; rules != nullptr && i < rules->numLocks; i++) {
        const RewriteRule *rule = rules->rules[i];
        if (rule->event == CMD_DELETE && rule->isInstead && rule->qual == nullptr)
            return true;
    }
    return false;
}

// Those that are still to go; how many went.
std::int64_t remove_at_once(const store &in, std::span<doomed_entry> entries, bool even_live) {
    static constexpr std::array<Oid, 2> types{TEXTARRAYOID, TIDARRAYOID};
    std::array<Datum, 2> values{PointerGetDatum(keys_of(entries)), 0};
    if (even_live)
        values[1] = PointerGetDatum(versions_of(entries));
    std::size_t parameters = even_live ? 2 : 1;
    bool locks = may_lock_rows(in.table);
    const char *sql =
        even_live ? (locks ? evict_unlocked : evict_any) : (locks ? remove_unlocked : remove_any);
    SPI_connect();
    execute(in, sql, std::span(types).first(parameters), std::span(values).first(parameters));
    auto removed =
        static_cast<std::int64_t>(std::min<std::uint64_t>(SPI_processed, entries.size()));
    SPI_finish();
    return is_done_otherwise(in.table) ? 0 : removed;
}

std::int64_t bytes_of(std::span<const doomed_entry> entries) {
    std::int64_t bytes = 0;
    for (const doomed_entry &each : entries)
        bytes += each.bytes;
    return bytes;
}

// Whether the error can be that of one entry, so that it is worth trying without it.
bool may_be_of_an_entry(int sqlstate) {
    switch (ERRCODE_TO_CATEGORY(sqlstate)) {
        case ERRCODE_INSUFFICIENT_RESOURCES:
        case ERRCODE_OPERATOR_INTERVENTION:  // cancelled, out of time, shutting down
        case ERRCODE_SYSTEM_ERROR:
        case ERRCODE_INTERNAL_ERROR:
        case ERRCODE_TRANSACTION_ROLLBACK:
            return false;
        default:
            return sqlstate != ERRCODE_LOCK_NOT_AVAILABLE;
    }
}

// The error's own, or what PostgreSQL does not say of one that kv_sweep() prevents only where it is
// a transaction of its own.
const char *hint_of(const ErrorData &error) {
    constexpr const char *deferred =
        "cannot fire deferred trigger within security-restricted operation";
    if (error.hint != nullptr || error.message_id == nullptr ||
        strcmp(error.message_id, deferred) != 0)
        return error.hint;
    return "Call kv_sweep() by a SELECT of nothing else, outside of transaction blocks and "
           "functions, or after SET CONSTRAINTS ALL IMMEDIATE, or as the owner of the store.";
}

// Removes entries by key; those whose removal is an error are left, and the others removed.
class patient_removal {
  public:
    patient_removal(const store &in, bool even_live, bool is_of_sweeper, int known_error)
        : in_(in),
          even_live_(even_live),
          is_of_sweeper_(is_of_sweeper),
          known_error_(known_error) {}

    // What went. If the whole is an error, the halves are tried, and so on; which bounds the
    // work, so that many bad entries may keep some good ones waiting. It begins somewhere, so
    // that they are others the next time.
    removed_entries remove(std::span<doomed_entry> entries) {
        if (entries.empty())
            return {.count = remove_at_once(in_, entries, even_live_)};
        std::rotate(entries.begin(), entries.begin() + first_of(entries.size()), entries.end());
        remove_part(entries);
        return removed_;
    }

    int error() const { return error_; }  // the SQLSTATE of the first one, 0 for none

  private:
    static constexpr int most_failures = 50;

    // Different in each transaction.
    static std::ptrdiff_t first_of(std::size_t count) {
        return static_cast<std::ptrdiff_t>(static_cast<std::uint64_t>(monotonic_now()) % count);
    }

    void remove_part(std::span<doomed_entry> entries) {
        if (failures_ >= most_failures || try_to_remove(entries) || entries.size() <= 1)
            return;
        std::size_t half = entries.size() / 2;
        remove_part(entries.first(half));
        remove_part(entries.subspan(half));
    }

    // Which of them went the statement does not tell.
    void count(std::span<const doomed_entry> entries, std::int64_t removed) {
        removed_.count += removed;
        removed_.bytes += bytes_of(entries) * removed / static_cast<std::int64_t>(entries.size());
    }

    bool try_to_remove(std::span<doomed_entry> entries) {
        std::int64_t removed = 0;
        ErrorData *error;
        bool is_impatient = is_of_sweeper_ || !may_lock_rows(in_.table);
        auto work = [&] {
            int level = is_impatient ? begin_impatience() : 0;
            removed = remove_at_once(in_, entries, even_live_);
            if (is_impatient)
                end_impatience(level);
            return true;
        };
        if (in_subtransaction(work, &error)) {
            count(entries, removed);
            return true;
        }
        bool is_busy = is_impatient && error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE;
        if (is_busy && !is_of_sweeper_)
            return false;
        if (!is_busy && !may_be_of_an_entry(error->sqlerrcode))
            ReThrowError(error);
        if (failures_++ == 0)
            remove_at_once(in_, {}, even_live_);  // an error, too, unless an entry's
        if (!is_busy)
            tell(*error);
        return false;
    }

    void tell(const ErrorData &error) {
        bool is_first = error_ == 0;
        if (is_first)
            error_ = error.sqlerrcode;
        if (!is_first || known_error_ == sweep_part::any_error || known_error_ == error_)
            return;
        const char *hint = hint_of(error);
        ereport(WARNING, (errcode(error.sqlerrcode),
                          errmsg("could not remove an entry of store \"%s\": %s",
                                 RelationGetRelationName(in_.table),
                                 error.message != nullptr ? error.message : ""),
                          error.detail != nullptr ? errdetail_internal("%s", error.detail) : 0,
                          hint != nullptr ? errhint("%s", hint) : 0,
                          error.context != nullptr ? errcontext("%s", error.context) : 0));
    }

    const store &in_;
    bool even_live_;
    bool is_of_sweeper_;  // which waits for nothing that triggers and foreign keys look at either
    int known_error_;
    int failures_ = 0;
    removed_entries removed_;
    int error_ = 0;
};

}  // namespace

bool remove_unless_busy(Relation table, ItemPointer tid) {
    TM_FailureData failure;
    return table_tuple_delete(table, tid, GetCurrentCommandId(true), InvalidSnapshot,
                              InvalidSnapshot, false, &failure, false) == TM_Ok;
}

// --- How much at once ---

namespace {

constexpr std::int64_t most_bytes_at_once = std::int64_t{4} << 20;
// In microseconds. What triggers take, nobody knows before.
constexpr timestamp longest_statement = 10000;
constexpr timestamp late = time_limit::until_late * INT64CONST(1000);
// Two that take so long are over before the limit.
constexpr timestamp half_of_the_limit = time_limit::until_cancelled * INT64CONST(400);

timestamp time_of_empty(const store &in) {
    timestamp begin = monotonic_now();
    remove_at_once(in, {}, false);
    return monotonic_now() - begin;
}

// What a statement takes by itself, because of many partitions or a trigger of its own, does not
// become less with fewer keys. So what counts is what the keys take; and if that is less than the
// statement itself, more keys make nobody wait much longer, and waste less.
void adapt(statement_pace &pace, std::size_t keys, timestamp took) {
    timestamp longest = std::max(
        longest_statement, std::min<timestamp>(settings::sweep_budget * INT64CONST(1000), late));
    if (pace.knows_empty()) {
        pace.empty = std::min(pace.empty, took);
        longest = std::max(longest, std::min(pace.empty, late));
        took -= pace.empty;
    } else if (took >= longest / 2 && took < half_of_the_limit) {
        // This one, which may have had to be planned, tells little.
        pace.empty = statement_pace::wanted;
        return;
    }
    if (took > longest)
        pace.keys = std::max(1, static_cast<int>(keys / 2));
    else if (took < longest / 2 && keys >= static_cast<std::size_t>(pace.keys))
        pace.keys = std::min(pace.keys * 2, sweep_part::most_keys_at_once);
}

}  // namespace

bool is_enough_at_once(std::int64_t keys, std::int64_t bytes, const sweep_result &result) {
    return keys >= result.pace.keys || bytes >= most_bytes_at_once;
}

removed_entries remove_by_key(const store &in, std::span<doomed_entry> entries, bool even_live,
                              const sweep_part &part, sweep_result &result) {
    // Before any row is locked.
    if (result.pace.empty == statement_pace::wanted)
        result.pace.empty = time_of_empty(in);
    timestamp begin = monotonic_now();
    time_limit::allow_for(bytes_of(entries));
    patient_removal removal(in, even_live, part.has_deadline(),
                            result.error != 0 ? sweep_part::any_error : part.known_error);
    removed_entries removed = removal.remove(entries);
    if (result.error == 0)
        result.error = removal.error();
    if (part.has_deadline() && !entries.empty())
        adapt(result.pace, entries.size(), monotonic_now() - begin);
    return removed;
}

// By a plan for any parameters: to plan for each, many times over with many partitions, takes
// longer than is gained by it.
void execute(const store &in, const char *sql, std::span<const Oid> types,
             std::span<Datum> values) {
    int code = execute({in, sql, types, values.data(), nullptr, CURSOR_OPT_GENERIC_PLAN}, false);
    if (code < 0)
        elog(ERROR, "could not sweep: %s", SPI_result_code_string(code));
}

}  // namespace kvstore
