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

#define STILL_TO_GO " AND ($2 OR " HAS_EXPIRED_AT(CLOCK) ")"
#define OF_THESE_KEYS(keys) " WHERE key OPERATOR(pg_catalog.=) ANY (" keys ")" STILL_TO_GO

// Locking a row needs the privilege UPDATE, and a policy for it where row security applies. Who
// lacks that is not to wait for rows either.
constexpr const char *remove_unlocked = "DELETE FROM %1$s" OF_THESE_KEYS(
    "ARRAY(SELECT key FROM %1$s" OF_THESE_KEYS("$1") " FOR UPDATE SKIP LOCKED)");
constexpr const char *remove_any = "DELETE FROM %1$s" OF_THESE_KEYS("$1");

bool may_lock_rows(Relation table) {
    Oid relid = RelationGetRelid(table);
    return pg_class_aclcheck(relid, GetUserId(), ACL_UPDATE) == ACLCHECK_OK &&
           check_enable_rls(relid, InvalidOid, true) != RLS_ENABLED;
}

// Those that are still to go, `even_live` or not; how many went.
std::int64_t remove_at_once(const store &in, std::span<Datum> keys, bool even_live) {
    static constexpr std::array<Oid, 2> types{TEXTARRAYOID, BOOLOID};
    ArrayType *array = construct_array(keys.data(), static_cast<int>(keys.size()), TEXTOID, -1,
                                       false, TYPALIGN_INT);
    std::array<Datum, 2> values{PointerGetDatum(array), BoolGetDatum(even_live)};
    SPI_connect();
    execute(in, may_lock_rows(in.table) ? remove_unlocked : remove_any, types, values);
    auto removed = static_cast<std::int64_t>(SPI_processed);
    SPI_finish();
    return removed;
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

    // How many went. If the whole is an error, the halves are tried, and so on; which bounds the
    // work, so that many bad entries may keep some good ones waiting. It begins somewhere, so
    // that they are others the next time.
    std::int64_t remove(std::span<Datum> keys) {
        if (keys.empty())
            return remove_at_once(in_, keys, even_live_);
        std::rotate(keys.begin(), keys.begin() + first_of(keys.size()), keys.end());
        return remove_part(keys);
    }

    int error() const { return error_; }  // the SQLSTATE of the first one, 0 for none

  private:
    static constexpr int most_failures = 50;

    // Different in each transaction.
    static std::ptrdiff_t first_of(std::size_t count) {
        return static_cast<std::ptrdiff_t>(static_cast<std::uint64_t>(monotonic_now()) % count);
    }

    std::int64_t remove_part(std::span<Datum> keys) {
        std::int64_t removed = 0;
        if (failures_ >= most_failures || try_to_remove(keys, removed))
            return removed;
        if (keys.size() <= 1)
            return 0;
        std::size_t half = keys.size() / 2;
        removed = remove_part(keys.first(half));
        return removed + remove_part(keys.subspan(half));
    }

    bool try_to_remove(std::span<Datum> keys, std::int64_t &removed) {
        ErrorData *error;
        bool is_impatient = is_of_sweeper_ || !may_lock_rows(in_.table);
        auto work = [&] {
            int level = is_impatient ? begin_impatience() : 0;
            removed = remove_at_once(in_, keys, even_live_);
            if (is_impatient)
                end_impatience(level);
            return true;
        };
        if (in_subtransaction(work, &error))
            return true;
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

std::int64_t remove_by_key(const store &in, std::span<Datum> keys, std::int64_t bytes,
                           bool even_live, const sweep_part &part, sweep_result &result) {
    // Before any row is locked.
    if (result.pace.empty == statement_pace::wanted)
        result.pace.empty = time_of_empty(in);
    timestamp begin = monotonic_now();
    time_limit::allow_for(bytes);
    patient_removal removal(in, even_live, part.has_deadline(),
                            result.error != 0 ? sweep_part::any_error : part.known_error);
    std::int64_t removed = removal.remove(keys);
    if (result.error == 0)
        result.error = removal.error();
    if (part.has_deadline() && !keys.empty())
        adapt(result.pace, keys.size(), monotonic_now() - begin);
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
