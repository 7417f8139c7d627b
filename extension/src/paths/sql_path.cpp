#include "paths/sql_path.hpp"

#include <array>

#include "paths/duplicates.hpp"
#include "paths/plan_cache.hpp"
#include "paths/statement_parts.hpp"
#include "server/clock.hpp"
#include "server/errors.hpp"

namespace kvstore::sql_path {

namespace {

constexpr const char *read_value = "SELECT value, expires FROM %1$s" OF_LIVE_ENTRY;
constexpr const char *read_expiry = "SELECT NULL, expires FROM %1$s" OF_LIVE_ENTRY;
constexpr const char *read_version =
    "SELECT value, expires, tableoid, ctid, xmin FROM %1$s" OF_LIVE_ENTRY;

constexpr const char *read_full_version = "SELECT tableoid, ctid, xmin FROM %1$s" OF_LIVE_ENTRY;

// An upsert on a store with rules, which do not go together with ON CONFLICT.
constexpr const char *lock_row_of_key = "SELECT value, expires FROM %1$s" OF_KEY " FOR UPDATE";
constexpr const char *lock_free_row_of_key = "SELECT FROM %1$s" OF_KEY " FOR UPDATE SKIP LOCKED";
constexpr const char *update_row = "UPDATE %1$s SET value = $2, expires = $3" OF_KEY;
constexpr const char *renew_row = "UPDATE %1$s SET expires = $3" OF_KEY;
constexpr const char *insert_row = "INSERT INTO %1$s (key, value, expires) VALUES ($1, $2, $3)";

// On the whole table, not just on columns.
bool has_privileges(const store &in, AclMode privileges) {
    return pg_class_aclmask(RelationGetRelid(in.table), GetUserId(), privileges, ACLMASK_ALL) ==
           privileges;
}

// Runs a statement on the store, with an expiry that counts from now. Needs SPI to be
// connected.
void run(const store &on, const char *sql, const request &asked, bool read_only = false) {
    timestamp now = current_time();
    timestamp expires = asked.lives.end(now);
    expiry_range good = asked.good_enough(expires, now);
    std::optional<timestamp> stopped_at = stopped_clock();
    std::array<Datum, 7> values{asked.key,
                                asked.value,
                                TimestampTzGetDatum(expires),
                                asked.expected,
                                TimestampTzGetDatum(good.after),
                                TimestampTzGetDatum(good.before),
                                TimestampTzGetDatum(stopped_at.value_or(0))};
    auto null_if = [](bool is_null) { return is_null ? 'n' : ' '; };
    std::array<char, 7> nulls{
        ' ', null_if(asked.value == 0), ' ', null_if(asked.expected == 0), ' ',
        ' ', null_if(!stopped_at)};
    std::array<Oid, 7> types{
        TEXTOID,        value_type(on.kind), TIMESTAMPTZOID, value_type(on.kind),
        TIMESTAMPTZOID, TIMESTAMPTZOID,      TIMESTAMPTZOID};
    int result = execute({on, sql, types, values.data(), nulls.data()}, read_only);
    if (result < 0)
        elog(ERROR, "could not execute \"%s\": %s", sql, SPI_result_code_string(result));
}

// A column of the first row that the last statement returned; 0 if null or none.
Datum column_of_first_row(int number) {
    if (SPI_tuptable == nullptr || SPI_tuptable->numvals == 0)
        return 0;
    bool is_null;
    Datum value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, number, &is_null);
    return is_null ? 0 : value;
}

// Detoasted, in the memory context `where`. 0 stays 0.
Datum copy_of_answer(Datum answer, MemoryContext where) {
    if (answer == 0)
        return 0;
    MemoryContext before = MemoryContextSwitchTo(where);
    Datum copy = copy_of_value(answer);
    MemoryContextSwitchTo(before);
    return copy;
}

Datum answer_of_first_row(MemoryContext where) {
    return copy_of_answer(column_of_first_row(1), where);
}

// The last net: each loop below ends for a reason of its own before.
constexpr int most_tries = 100;

template <class Condition>
bool has_rule(Relation table, Condition condition) {
    for (int i = 0; table->rd_rules != nullptr && i < table->rd_rules->numLocks; i++)
        if (condition(*table->rd_rules->rules[i]))
            return true;
    return false;
}

// ON CONFLICT is an error with them.
bool rules_forbid_upsert(Relation table) {
    return has_rule(table, [](const RewriteRule &rule) {
        return rule.event == CMD_INSERT || rule.event == CMD_UPDATE;
    });
}

bool rules_forbid_returning(Relation table) {
    return has_rule(
        table, [](const RewriteRule &rule) { return rule.event == CMD_DELETE && rule.isInstead; });
}

// --- The clock, and waiting ---
//
// A statement asks the clock before it waits for a row that another transaction has locked,
// and does not ask again when it gets the row as it was. So the row is locked first; what
// needs no privilege to lock, a removal, tells itself whether it came too late.

// What a statement came to that changes what is there, and whether it had the row before: then
// nobody else can have been faster, and what was not done a trigger, a rule or a policy has kept
// from being done.
struct attempted {
    outcome came_to;
    bool had_row = false;
};

attempted update(const store &in, const operation &op, const request &asked, MemoryContext caller) {
    run(in, op.lock_sql, asked);
    if (SPI_processed == 0)
        return {};
    run(in, op.sql, asked);
    return {{SPI_processed > 0, answer_of_first_row(caller)}, true};
}

outcome remove(const store &in, const operation &op, const request &asked, MemoryContext caller) {
    if (rules_forbid_returning(in.table)) {
        run(in, op.sql_under_rules, asked);
        return {SPI_processed > 0, 0};
    }
    run(in, op.sql, asked);
    bool was_live = DatumGetBool(column_of_first_row(2));
    if (!was_live)
        return {};
    outcome done{true, answer_of_first_row(caller)};
    done.expires = DatumGetTimestampTz(column_of_first_row(3));
    return done;
}

// The same, with the row locked by whoever has the right to.
attempted remove_locked(const store &in, const operation &op, const request &asked,
                        MemoryContext caller) {
    bool locked = false;
    if (has_privileges(in, ACL_SELECT | ACL_UPDATE)) {
        run(in, lock_row_of_key, asked);
        locked = SPI_processed > 0;
    }
    return {remove(in, op, asked, caller), locked};
}

// Inserts; whether it did. If that had to wait, for a rival who then gave up, the expiry was
// counted from before: it is set once more, now that the row is ours.
bool run_insertion(const store &in, const char *sql, const request &asked) {
    timestamp began = current_time();
    run(in, sql, asked);
    bool inserted = SPI_processed > 0;
    if (inserted && asked.lives.counts_from_storing() && has_waited_since(began))
        run(in, renew_row, asked);
    return inserted;
}

// The same, again and again where another transaction can be faster.
bool upsert(const store &in, const char *sql, const request &asked) {
    bool stored = false;
    std::optional<rival> last;
    auto insertion = [&] { stored = run_insertion(in, sql, asked); };
    for (int tries = 1; tries < most_tries && has_rival_indexes(in); tries++) {
        CHECK_FOR_INTERRUPTS();
        if (insert_unless_duplicate(in, asked.key, &last, insertion))
            return stored;
    }
    insertion();  // for its own error
    return stored;
}

// One try of a change of what is there. The first is optimistic.
attempted try_once(const store &in, const operation &op, const request &asked, MemoryContext caller,
                   bool first) {
    if (op.does == effect::update)
        return update(in, op, asked, caller);
    return first ? attempted{remove(in, op, asked, caller)} : remove_locked(in, op, asked, caller);
}

// A version of a row. It stays recognizable while the snapshot of the calling statement
// keeps its place from being used again. InvalidOid for the table: any version, if the
// user has no right to see where it is.
struct version_seen {
    Oid table = InvalidOid;
    ItemPointerData tid = {};
    bool is_ours = false;  // this transaction has written it
};

bool same(version_seen one, version_seen other) {
    return one.table == other.table &&
           (!OidIsValid(one.table) || ItemPointerEquals(&one.tid, &other.tid));
}

// What the operation would do about the entry that there is now, and to which version of it.
struct sight {
    decision decided;
    version_seen version;

    bool leaves() const { return decided.what == decision::verb::leave; }
};

sight look(const store &in, const operation &op, const request &asked) {
    bool sees_versions = has_privileges(in, ACL_SELECT);
    run(in, sees_versions ? read_version : read_value, asked);
    entry present{column_of_first_row(1), DatumGetTimestampTz(column_of_first_row(2))};
    const entry *live = present.value == 0 ? nullptr : &present;
    sight seen{op.decide(asked, live, current_time()), {}};
    Datum tid = live != nullptr && sees_versions ? column_of_first_row(4) : 0;
    if (tid != 0)
        seen.version = {
            DatumGetObjectId(column_of_first_row(3)),
            *reinterpret_cast<ItemPointer>(DatumGetPointer(tid)),
            TransactionIdIsCurrentTransactionId(DatumGetTransactionId(column_of_first_row(5)))};
    return seen;
}

// Whether an upsert leaves a live entry as it is, whatever its value. It may do so only
// for those who have the right to more.
bool spares_live_entry(const store &in, const operation &op, const request &asked) {
    entry any{asked.value, never_expires};
    return op.sql != nullptr && op.does == effect::upsert &&
           has_privileges(in, op.what.privileges) &&
           op.decide(asked, &any, current_time()).what == decision::verb::leave;
}

// Whether a statement that did nothing has seen the version that is there now, or what that was
// made of: then a trigger, a rule or a policy spoke against it. Else a transaction may have removed
// the entry and stored it again while the statement waited for it, which then saw neither.
//
// What this transaction has written, the store's triggers perhaps, nobody else can have touched. An
// update has come upon nothing that it could lock, so no trigger was fired, and time has gone on:
// an expiry that was good enough for the statement may not be so any more. So it is tried once more
// even in a snapshot in which nothing changes.
bool was_spoken_against(const operation &op, version_seen now,
                        const std::optional<version_seen> &last) {
    if (op.does == effect::removal && (now.is_ours || IsolationUsesXactSnapshot()))
        return true;
    return last && (IsolationUsesXactSnapshot() || same(now, *last));
}

// The operation as its one SQL statement.
outcome modify_at_once(const store &in, const operation &op, const request &asked,
                       MemoryContext caller) {
    // ON CONFLICT has not read the row in its way as far as SERIALIZABLE knows. And if a row
    // of our snapshot is gone, it inserts another, and we would see both: here that is 40001.
    if (op.does == effect::upsert && IsolationUsesXactSnapshot())
        run(in, lock_row_of_key, asked);
    if (op.does == effect::upsert)
        return {upsert(in, op.sql, asked), 0};
    std::optional<version_seen> last;
    for (int tries = 1; tries <= most_tries; tries++) {
        CHECK_FOR_INTERRUPTS();
        attempted tried = try_once(in, op, asked, caller, tries == 1);
        if (tried.came_to.applied)
            return tried.came_to;
        sight now = look(in, op, asked);
        if (now.leaves())
            return {false, copy_of_answer(now.decided.answer, caller), now.decided.met};
        if (tried.had_row || was_spoken_against(op, now.version, last))
            return tried.came_to;
        last = now.version;
    }
    raise_changed_again_and_again();
}

// suppressed: by a trigger or a rule; conflict: another transaction was faster.
enum class change_result : std::uint8_t { done, suppressed, conflict };

change_result insert(const store &in, const request &asked) {
    run(in, insert_row, asked);
    return SPI_processed == 0 ? change_result::suppressed : change_result::done;
}

change_result update(const store &in, const request &asked) {
    run(in, update_row, asked);
    return SPI_processed == 0 ? change_result::suppressed : change_result::done;
}

change_result insert_unless_there(const store &in, const request &asked,
                                  std::optional<rival> *last) {
    change_result result = change_result::conflict;
    insert_unless_duplicate(in, asked.key, last, [&] { result = insert(in, asked); });
    return result;
}

// As run_insertion() does: after waiting for a rival the expiry is set once more, and what is
// answered tells that one.
decision count_from_insertion(const store &in, const operation &op, const request &asked,
                              const decision &before, timestamp began) {
    if (!asked.lives.counts_from_storing() || !has_waited_since(began))
        return before;
    decision decided = op.decide(asked, nullptr, current_time());
    run(in, renew_row, {.key = asked.key, .lives = lifetime::until(decided.stored.expires)});
    return decided;
}

// What modify_step_by_step() decides about, with the row locked if there is one, and when.
struct locked_entry {
    bool found;
    bool live;
    entry current;
    timestamp now;
};

locked_entry lock(const store &in, const request &asked) {
    run(in, lock_row_of_key, asked);
    entry current{column_of_first_row(1), DatumGetTimestampTz(column_of_first_row(2))};
    bool found = SPI_processed > 0;
    timestamp now = current_time();
    bool live = found && current.value != 0 && is_live(current.expires, now);
    return {found, live, current, now};
}

// The operation in steps, with the row locked in between: for those that no single
// statement does, and for upserts on stores with rules.
outcome modify_step_by_step(const store &in, const operation &op, const request &asked,
                            MemoryContext caller) {
    std::optional<rival> last;
    for (int tries = 1;; tries++) {
        CHECK_FOR_INTERRUPTS();
        locked_entry held = lock(in, asked);
        decision decided = op.decide(asked, held.live ? &held.current : nullptr, held.now);
        if (decided.what == decision::verb::leave)
            return {false, copy_of_answer(decided.answer, caller), decided.met};
        request change{asked.key, decided.stored.value, lifetime::until(decided.stored.expires)};
        change_result stored = held.found           ? update(in, change)
                               : tries < most_tries ? insert_unless_there(in, change, &last)
                                                    : insert(in, change);  // for its own error
        if (stored == change_result::conflict)
            continue;
        if (stored == change_result::done && !held.found)
            decided = count_from_insertion(in, op, asked, decided, held.now);
        return {stored == change_result::done, copy_of_answer(decided.answer, caller), decided.met};
    }
}

// The outcome of an operation that leaves the entry as it is, and needs no lock to find out.
std::optional<outcome> leave_unlocked(const store &in, const operation &op, const request &asked,
                                      MemoryContext caller) {
    // An UPDATE does not wait for who is changing a row that it does not match, but upserts do.
    if (spares_live_entry(in, op, asked)) {
        run(in, read_expiry, asked);
        if (SPI_processed > 0)
            return outcome{};
    }
    if (op.mostly_leaves) {
        sight now = look(in, op, asked);
        if (now.leaves())
            return outcome{false, copy_of_answer(now.decided.answer, caller), now.decided.met};
    }
    return std::nullopt;
}

}  // namespace

outcome modify(const store &in, const operation &op, const request &asked) {
    MemoryContext caller = CurrentMemoryContext;
    SPI_connect();
    std::optional<outcome> result = leave_unlocked(in, op, asked, caller);
    if (!result) {
        bool by_steps =
            op.sql == nullptr || (op.does == effect::upsert && rules_forbid_upsert(in.table));
        result = by_steps ? modify_step_by_step(in, op, asked, caller)
                          : modify_at_once(in, op, asked, caller);
    }
    SPI_finish();
    return *result;
}

std::optional<entry> read(const store &from, Datum key, bool want_value) {
    MemoryContext caller = CurrentMemoryContext;
    SPI_connect();
    run(from, want_value ? read_value : read_expiry, {.key = key}, true);
    std::optional<entry> found;
    if (SPI_processed > 0)
        found = entry{answer_of_first_row(caller), DatumGetTimestampTz(column_of_first_row(2))};
    if (want_value && found && found->value == 0)  // NOT NULL .. NOT VALID
        found.reset();
    SPI_finish();
    return found;
}

std::optional<entry_version> version(const store &from, Datum key) {
    SPI_connect();
    run(from, read_full_version, {.key = key}, true);
    std::optional<entry_version> result;
    if (SPI_processed > 0) {
        auto *tid = reinterpret_cast<ItemPointer>(DatumGetPointer(column_of_first_row(2)));
        result = entry_version{.file = DatumGetObjectId(column_of_first_row(1)),
                               .page = ItemPointerGetBlockNumber(tid),
                               .line = ItemPointerGetOffsetNumber(tid),
                               .unused = 0,
                               .written_by = DatumGetTransactionId(column_of_first_row(3)),
                               .unused_too = 0};
    }
    SPI_finish();
    return result;
}

bool lock_row(const store &in, Datum key, row_lock how) {
    SPI_connect();
    run(in, how == row_lock::waits ? lock_row_of_key : lock_free_row_of_key, {.key = key});
    bool locked = SPI_processed > 0;
    SPI_finish();
    return locked;
}

}  // namespace kvstore::sql_path
