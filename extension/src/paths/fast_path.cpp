#include "paths/fast_path.hpp"

#include <array>

#include "server/clock.hpp"
#include "server/errors.hpp"

// After nodeModifyTable.c and heapam_handler.c of PostgreSQL, which make these calls
// in the same order for INSERT .. ON CONFLICT, UPDATE and DELETE.
//
// Whatever an error leaves open here (buffer pins, relations, snapshots, the
// speculative token) belongs to the resource owner and is released by the abort.

namespace kvstore::fast_path {

namespace {

enum class attempt : std::uint8_t {
    done,
    conflict,   // another transaction was faster
    would_wait  // for another transaction, and may not
};

HeapTuple form_tuple(const store &in, Datum key, const entry &from) {
    std::array<Datum, 3> values{key, from.value, TimestampTzGetDatum(from.expires)};
    std::array<bool, 3> nulls{};
    HeapTuple tuple = heap_form_tuple(RelationGetDescr(in.table), values.data(), nulls.data());
    tuple->t_tableOid = RelationGetRelid(in.table);
    return tuple;
}

attempt judge(TM_Result result) {
    switch (result) {
        case TM_Ok:
            return attempt::done;
        case TM_Updated:
        case TM_Deleted:
            if (IsolationUsesXactSnapshot())
                raise_concurrent_change();
            return attempt::conflict;
        case TM_BeingModified:
        case TM_WouldBlock:
            return attempt::would_wait;
        default:
            elog(ERROR, "unexpected result %d of a change to a store", static_cast<int>(result));
    }
}

// heap_update() can do without waiting, but asserts that nobody asks for it. So a server that
// checks assertions first looks whether it would wait, which is not quite the same.
#ifdef USE_ASSERT_CHECKING
constexpr bool asserts_that_updates_wait = true;
#else
constexpr bool asserts_that_updates_wait = false;
#endif

bool is_being_modified(tuple_version &one) {
    LockBuffer(one.buffer, BUFFER_LOCK_SHARE);
    TM_Result result = HeapTupleSatisfiesUpdate(&one.tuple, GetCurrentCommandId(true), one.buffer);
    LockBuffer(one.buffer, BUFFER_LOCK_UNLOCK);
    return result == TM_BeingModified;
}

// Whether of those who have locked or changed a row, by its xmax, nobody but us is under way. (What
// a subtransaction of ours did to a row that we had locked, and then took back, made a MultiXact.)
bool is_ours_alone(TransactionId xmax, std::uint16_t infomask) {
    if ((infomask & HEAP_XMAX_IS_MULTI) == 0)
        return TransactionIdIsCurrentTransactionId(xmax);
    MultiXactMember *members = nullptr;
    int count = GetMultiXactIdMembers(xmax, &members, false, HEAP_XMAX_IS_LOCKED_ONLY(infomask));
    bool ours = count > 0;
    for (int i = 0; i < count; i++)
        ours &= TransactionIdIsCurrentTransactionId(members[i].xid) ||
                !TransactionIdIsInProgress(members[i].xid);
    if (count > 0)
        pfree(members);
    return ours;
}

// Then nobody is waited for; but PostgreSQL says so only to those who would wait.
bool is_locked_by_us(tuple_version &one) {
    LockBuffer(one.buffer, BUFFER_LOCK_SHARE);
    HeapTupleHeader header = one.tuple.t_data;
    TransactionId xmax = HeapTupleHeaderGetRawXmax(header);
    std::uint16_t infomask = header->t_infomask;
    LockBuffer(one.buffer, BUFFER_LOCK_UNLOCK);
    bool is_locked = (infomask & HEAP_XMAX_IS_MULTI) != 0 || HEAP_XMAX_IS_LOCKED_ONLY(infomask);
    return is_locked && (infomask & HEAP_XMAX_INVALID) == 0 && !HEAP_LOCKED_UPGRADED(infomask) &&
           is_ours_alone(xmax, infomask);
}

attempt replace(const store &in, tuple_version &old, const entry &with, bool waits) {
    waits = waits || is_locked_by_us(old);
    if (asserts_that_updates_wait && !waits) {
        if (is_being_modified(old))
            return attempt::would_wait;
        waits = true;
    }
    CheckCmdReplicaIdentity(in.table, CMD_UPDATE);
    // The key as it is stored, perhaps compressed: what looks changed is not HOT.
    Datum key = stored_key(in, old);
    HeapTuple tuple = form_tuple(in, key, with);
    TM_FailureData failure;
    attempt result = judge(
        pg::update_tuple(in.table, old.tid(), tuple, GetCurrentCommandId(true), waits, &failure));
    if (result == attempt::done && !HeapTupleIsHeapOnly(tuple)) {
        bool is_null = false;
        // Finds nothing in the way: other entries of the key are older versions of the row.
        index_insert(in.key_index, &key, &is_null, &tuple->t_self, in.table, UNIQUE_CHECK_YES, true,
                     nullptr);
    }
    heap_freetuple(tuple);
    return result;
}

attempt remove(const store &in, tuple_version &old, bool waits) {
    CheckCmdReplicaIdentity(in.table, CMD_DELETE);
    waits = waits || is_locked_by_us(old);
    TM_FailureData failure;
    return judge(heap_delete(in.table, old.tid(), GetCurrentCommandId(true), InvalidSnapshot, waits,
                             &failure, false));
}

// Locks the version as the change will, which then is certain: as EvalPlanQual does.
attempt lock(const store &in, tuple_version &one, const operation &op, bool waits) {
    HeapTupleData tuple = one.tuple;
    LockTupleMode mode = op.does == effect::removal ? LockTupleExclusive : LockTupleNoKeyExclusive;
    Buffer buffer = InvalidBuffer;
    TM_FailureData failure;
    TM_Result result =
        heap_lock_tuple(in.table, &tuple, GetCurrentCommandId(true), mode,
                        waits ? LockWaitBlock : LockWaitSkip, false, &buffer, &failure);
    ReleaseBuffer(buffer);  // pinned once more
    return judge(result);
}

// Inserts a row for a key that we see none of. Speculatively: if another one turns
// up in the index, ours is taken back as if it had never been there.
attempt insert(const store &in, Datum key, const entry &put) {
    HeapTuple tuple = form_tuple(in, key, put);
    TransactionId self = GetCurrentTransactionId();
    uint32 token = SpeculativeInsertionLockAcquire(self);
    HeapTupleHeaderSetSpeculativeToken(tuple->t_data, token);
    heap_insert(in.table, tuple, GetCurrentCommandId(true), HEAP_INSERT_SPECULATIVE, nullptr);
    bool is_null = false;
    bool alone = index_insert(in.key_index, &key, &is_null, &tuple->t_self, in.table,
                              UNIQUE_CHECK_PARTIAL, false, nullptr);
    if (alone)
        heap_finish_speculative(in.table, &tuple->t_self);
    else
        heap_abort_speculative(in.table, &tuple->t_self);
    SpeculativeInsertionLockRelease(self);
    heap_freetuple(tuple);
    return alone ? attempt::done : attempt::conflict;
}

// Somebody else has the key that insert() did not get: waits until that
// transaction is over, or just until its own speculative insertion is.
attempt await_rival(const store &in, Datum key, bool waits) {
    SnapshotData dirty;
    InitDirtySnapshot(dirty);
    std::optional<tuple_version> rival = find({in, key, &dirty, purpose::reading});
    if (!rival)
        return attempt::conflict;
    ItemPointerData tid = *rival->tid();
    release(rival);  // no pin is held while we wait

    if (!waits && (TransactionIdIsValid(dirty.xmin) || TransactionIdIsValid(dirty.xmax)))
        return attempt::would_wait;
    if (TransactionIdIsValid(dirty.xmin) && dirty.speculativeToken != 0)
        SpeculativeInsertionWait(dirty.xmin, dirty.speculativeToken);
    else if (TransactionIdIsValid(dirty.xmin))
        XactLockTableWait(dirty.xmin, in.table, &tid, XLTW_InsertIndex);
    else if (TransactionIdIsValid(dirty.xmax))
        XactLockTableWait(dirty.xmax, in.table, &tid, XLTW_InsertIndex);
    else if (IsolationUsesXactSnapshot())
        raise_concurrent_change();  // it is committed, and our snapshot will never show it
    return attempt::conflict;
}

attempt carry_out(const store &in, const decision &decided, const request &asked,
                  std::optional<tuple_version> &current) {
    switch (decided.what) {
        case decision::verb::leave:
            return attempt::done;
        case decision::verb::remove:
            return current ? remove(in, *current, asked.waits) : attempt::done;
        case decision::verb::store:
            break;
    }
    if (current)
        return replace(in, *current, decided.stored, asked.waits);
    attempt tried = insert(in, asked.key, decided.stored);
    return tried == attempt::conflict ? await_rival(in, asked.key, asked.waits) : tried;
}

std::optional<entry> live_at(timestamp now, std::optional<entry> present) {
    return present && is_live(present->expires, now) ? present : std::nullopt;
}

decision decide(const operation &op, const request &asked, std::optional<entry> present,
                timestamp now) {
    std::optional<entry> live = live_at(now, present);
    return op.decide(asked, live ? &*live : nullptr, now);
}

// The change has waited for another transaction, which then left the entry as it was, and the
// clock was asked before. Decides again, and puts what was written right: it is ours alone,
// so that nobody is waited for any more.
attempt decide_again(const store &in, const operation &op, const request &asked,
                     std::optional<entry> before, decision *decided) {
    timestamp now = current_time();
    *decided = decide(op, asked, before, now);
    decision righted = *decided;
    if (decided->what == decision::verb::leave) {
        std::optional<entry> live = live_at(now, before);
        righted = live ? decision::store(*live) : decision::remove();
    }
    CommandCounterIncrement();
    PushActiveSnapshot(GetTransactionSnapshot());
    std::optional<tuple_version> written =
        find({in, asked.key, GetActiveSnapshot(), purpose::replacing});
    attempt tried = carry_out(in, righted, asked, written);
    release(written);
    PopActiveSnapshot();
    return tried;
}

// How a try goes about the version that it finds. To decide may take long, where a value is large:
// others would be faster each time.
enum class manner : bool { optimistic, locks_first };

// One try, on the version of the entry that the active snapshot sees.
attempt try_modify(const store &in, const operation &op, const request &asked, manner how,
                   outcome *result) {
    std::optional<tuple_version> current =
        find({in, asked.key, GetActiveSnapshot(), purpose::replacing});
    if (current && how == manner::locks_first) {
        attempt locked = lock(in, *current, op, asked.waits);
        if (locked != attempt::done) {
            release(current);
            return locked;
        }
    }
    std::optional<entry> before = current ? entry_of(in, *current) : std::nullopt;
    timestamp now = current_time();
    decision decided = decide(op, asked, before, now);

    attempt tried = carry_out(in, decided, asked, current);
    if (tried == attempt::done && decided.what != decision::verb::leave && has_waited_since(now))
        tried = decide_again(in, op, asked, before, &decided);
    if (tried == attempt::done) {
        result->applied = decided.what != decision::verb::leave;
        result->answer = decided.answer == 0 ? 0 : copy_of_value(decided.answer);
        result->met = decided.met;
        if (decided.what == decision::verb::remove)
            result->expires = before->expires;
    }
    release(current);
    return tried;
}

}  // namespace

location locate(const store &from, Datum key) {
    return kvstore::locate({from, key, GetActiveSnapshot(), purpose::reading});
}

std::optional<entry> read(const store &from, Datum key, bool want_value) {
    return read(from, key, locate(from, key), want_value);
}

std::optional<entry> read(const store &from, Datum key, const location &where, bool want_value) {
    std::optional<tuple_version> current =
        fetch({from, key, GetActiveSnapshot(), purpose::reading}, where);
    if (!current)
        return std::nullopt;
    std::optional<entry> found = live_at(current_time(), entry_of(from, *current));
    if (found)
        found->value = want_value ? copy_of_value(found->value) : 0;
    release(current);
    return found;
}

std::optional<entry_version> version(const store &from, Datum key) {
    std::optional<tuple_version> current = find({from, key, GetActiveSnapshot(), purpose::reading});
    if (!current)
        return std::nullopt;
    std::optional<entry_version> result;
    if (live_at(current_time(), entry_of(from, *current)))
        result = entry_version{.file = pg::file_number_of(from.table),
                               .page = ItemPointerGetBlockNumber(current->tid()),
                               .line = ItemPointerGetOffsetNumber(current->tid()),
                               .unused = 0,
                               .written_by = HeapTupleHeaderGetRawXmin(current->tuple.t_data),
                               .unused_too = 0};
    release(current);
    return result;
}

// Each further try is due to a change that another transaction has committed, for there are no
// triggers here.
outcome modify(const store &in, const operation &op, const request &asked) {
    outcome result;
    attempt tried = attempt::conflict;
    for (manner how = manner::optimistic; tried == attempt::conflict; how = manner::locks_first) {
        CHECK_FOR_INTERRUPTS();
        // As every SQL statement within a function does: what was written before
        // is visible, and outside of REPEATABLE READ what was committed till now.
        CommandCounterIncrement();
        PushActiveSnapshot(GetTransactionSnapshot());
        tried = try_modify(in, op, asked, how, &result);
        PopActiveSnapshot();
    }
    if (tried == attempt::would_wait)
        result.met = hindrance::would_wait;
    return result;
}

}  // namespace kvstore::fast_path
