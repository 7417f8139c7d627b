#include "operations/operations.hpp"

#include "operations/operation_parts.hpp"
#include "paths/fast_path.hpp"
#include "paths/sql_path.hpp"
#include "server/errors.hpp"
#include "store/statistics.hpp"

namespace kvstore {

namespace {

Datum as_varlena(const rate &answer) {
    auto *result = static_cast<bytea *>(palloc(VARHDRSZ + sizeof(rate)));
    SET_VARSIZE(result, VARHDRSZ + sizeof(rate));
    memcpy(VARDATA(result), &answer, sizeof(rate));
    return PointerGetDatum(result);
}

// --- Decisions ---

decision store_it(const request &asked, const entry *, timestamp now) {
    return decision::store({asked.value, asked.lives.end(now)});
}

decision store_keeping_expiry(const request &asked, const entry *live, timestamp now) {
    return decision::store({asked.value, kept_or_asked(asked, live, now)});
}

decision store_if_absent(const request &asked, const entry *live, timestamp now) {
    return live != nullptr ? decision::leave() : store_it(asked, live, now);
}

decision store_if_present(const request &asked, const entry *live, timestamp now) {
    return live == nullptr ? decision::leave() : store_it(asked, live, now);
}

decision swap(const request &asked, const entry *live, timestamp now) {
    return decision::store({asked.value, asked.lives.end(now)}, live == nullptr ? 0 : live->value);
}

decision store_if_expected(const request &asked, const entry *live, timestamp now) {
    return is_expected(asked, live) ? store_it(asked, live, now) : decision::leave();
}

decision replace_value_if_expected(const request &asked, const entry *live, timestamp) {
    return is_expected(asked, live) ? decision::store({asked.value, live->expires})
                                    : decision::leave();
}

decision add(const request &asked, const entry *live, timestamp now) {
    std::optional<int64> sum = sum_of(live == nullptr ? 0 : counter_of(live->value), asked.by);
    if (!sum)
        raise_counter_overflow(asked.by);
    Datum value = digits_of(*sum);
    return decision::store({value, kept_or_asked(asked, live, now)}, value);
}

decision add_to_end(const request &asked, const entry *live, timestamp now) {
    Datum value = joined(live == nullptr ? 0 : live->value, asked.value);
    auto length = static_cast<int64>(VARSIZE_ANY_EXHDR(DatumGetPointer(value)));
    return decision::store({value, kept_or_asked(asked, live, now)}, digits_of(length));
}

// How much of a limit is used up, counted in a period that begins with the first call.
decision count_if_allowed(const request &asked, const entry *live, timestamp now) {
    rate answer{.count = live == nullptr ? 0 : counter_of(live->value)};
    std::optional<int64> sum = sum_of(answer.count, asked.by);
    answer.allowed = sum && *sum <= asked.most;
    if (answer.allowed)
        answer.count = *sum;
    bool ends = live != nullptr && live->expires != never_expires;
    if (ends)
        answer.resets = live->expires;
    // A counter that does not expire is given an end when it refuses, too: it would for ever.
    bool writes = asked.by > 0 && (answer.allowed || (live != nullptr && !ends));
    if (!writes)
        return decision::leave(as_varlena(answer));
    if (!ends)
        answer.resets = asked.lives.end(now);
    return decision::store({digits_of(answer.count), answer.resets}, as_varlena(answer));
}

decision touch(const request &asked, const entry *live, timestamp now) {
    return live == nullptr ? decision::leave()
                           : decision::store({live->value, asked.lives.end(now)});
}

decision read_and_touch(const request &asked, const entry *live, timestamp now) {
    return live == nullptr ? decision::leave()
                           : decision::store({live->value, asked.lives.end(now)}, live->value);
}

decision read_and_touch_unless_good(const request &asked, const entry *live, timestamp now) {
    if (live != nullptr && asked.good_enough(asked.lives.end(now), now).contains(live->expires))
        return decision::leave(live->value);
    return read_and_touch(asked, live, now);
}

decision lift_expiry(const request &asked, const entry *live, timestamp now) {
    bool expires = live != nullptr && live->expires != never_expires;
    return expires ? touch(asked, live, now) : decision::leave();
}

decision remove(const request &, const entry *live, timestamp) {
    return live == nullptr ? decision::leave() : decision::remove();
}

decision remove_if_expected(const request &asked, const entry *live, timestamp) {
    return is_expected(asked, live) ? decision::remove() : decision::leave();
}

std::optional<entry> look_up(const store &from, Datum key, bool want_value) {
    return from.detour == nullptr ? fast_path::read(from, key, want_value)
                                  : sql_path::read(from, key, want_value);
}

void count(const store &in, const counted_as &counts, const outcome &done) {
    Oid table = RelationGetRelid(in.table);
    if (counts.read)
        count_read(in, done.answer != 0);
    if (counts.set && done.applied)
        statistics::count(table, counter::sets);
    if (counts.removed && done.applied)
        statistics::count(table, counter::deletes);
}

}  // namespace

namespace operations {

const operation set = {
    .what = {"kv_set()", to_store},
    .does = effect::upsert,
    .counts = a_set,
    .decide = store_it,
    .sql = UPSERT_INTO("%1$s"),
};
const operation set_keepttl = {
    .what = {"kv_set_keepttl()", to_store},
    .does = effect::upsert,
    .counts = a_set,
    .decide = store_keeping_expiry,
    .sql = UPSERT_KEEPING_EXPIRY,
};
const operation set_nx = {
    .what = {"kv_set_nx()", to_store},
    .does = effect::upsert,
    .counts = a_set,
    .decide = store_if_absent,
    .sql = UPSERT_INTO("%1$s AS present") IF_EXPIRED,
};
const operation set_xx = {
    .what = {"kv_set_xx()", to_change},
    .does = effect::update,
    .counts = a_set,
    .decide = store_if_present,
    CHANGE("value = $2, expires = $3", OF_LIVE_ENTRY),
};
const operation get_set = {
    .what = {"kv_get_set()", to_store},
    .does = effect::upsert,
    .counts = a_read_and_set,
    .decide = swap,
};
const operation cas = {
    .what = {"kv_cas()", to_change},
    .does = effect::update,
    .counts = a_set,
    .decide = store_if_expected,
    CHANGE("value = $2, expires = $3", OF_LIVE_ENTRY IF_EXPECTED),
};
const operation cas_keep = {
    .what = {"kv_cas()", to_change},
    .does = effect::update,
    .counts = a_set,
    .decide = replace_value_if_expected,
    CHANGE("value = $2", OF_LIVE_ENTRY IF_EXPECTED),
};
const operation incr = {
    .what = {"kv_incr()", to_store},
    .does = effect::upsert,
    .counts = a_set,
    .decide = add,
};
const operation append = {
    .what = {"kv_append()", to_store},
    .does = effect::upsert,
    .counts = a_set,
    .decide = add_to_end,
};
const operation rate_limit = {
    .what = {"kv_rate_limit()", to_store},
    .does = effect::upsert,
    .counts = a_set,
    .decide = count_if_allowed,
    .mostly_leaves = true,
};

const operation expire = {
    .what = {"kv_expire()", to_change},
    .does = effect::update,
    .counts = nothing,
    .decide = touch,
    CHANGE("expires = $3", OF_LIVE_ENTRY),
};
const operation get_ex = {
    .what = {"kv_get_ex()", to_change},
    .does = effect::update,
    .counts = a_read,
    .decide = read_and_touch,
    CHANGE("expires = $3", OF_LIVE_ENTRY, " RETURNING value"),
};
const operation get_ex_unless_good = {
    .what = {"kv_get_ex()", to_change},
    .does = effect::update,
    .counts = a_read,
    .decide = read_and_touch_unless_good,
    CHANGE("expires = $3", OF_LIVE_ENTRY IF_NOT_GOOD_ENOUGH, " RETURNING value"),
};
const operation persist = {
    .what = {"kv_persist()", to_change},
    .does = effect::update,
    .counts = nothing,
    .decide = lift_expiry,
    CHANGE("expires = $3", OF_LIVE_ENTRY IF_IT_EXPIRES),
};

const operation del = {
    .what = {"kv_del()", to_remove},
    .does = effect::removal,
    .counts = a_removal,
    .decide = remove,
    REMOVAL(OF_LIVE_ENTRY, "NULL"),
};
const operation get_del = {
    .what = {"kv_get_del()", to_remove},
    .does = effect::removal,
    .counts = a_read_and_removal,
    .decide = remove_and_answer,
    REMOVAL(OF_LIVE_ENTRY, "value"),
};
const operation del_if = {
    .what = {"kv_del_if()", to_remove},
    .does = effect::removal,
    .counts = a_removal,
    .decide = remove_if_expected,
    REMOVAL(OF_LIVE_ENTRY IF_EXPECTED, "NULL"),
};

}  // namespace operations

int64 counter_of(Datum value) {
    if (toast_raw_datum_size(value) > longest_integer + VARHDRSZ)
        raise_not_an_integer();
    std::optional<int64> counter = parse_integer(detoasted_bytes_of(value));
    if (!counter)
        raise_not_an_integer();
    return *counter;
}

rate rate_of(Datum answer) {
    rate result;
    memcpy(&result, VARDATA_ANY(DatumGetPointer(answer)), sizeof(rate));
    return result;
}

outcome perform(const operation &op, const store &in, const request &asked) {
    outcome done =
        in.detour == nullptr ? fast_path::modify(in, op, asked) : sql_path::modify(in, op, asked);
    count(in, op.counts, done);
    return done;
}

void count_read(const store &from, bool found) {
    statistics::count(RelationGetRelid(from.table), found ? counter::hits : counter::misses);
}

std::optional<entry> read(const store &from, Datum key, bool want_value) {
    std::optional<entry> found = look_up(from, key, want_value);
    count_read(from, found.has_value());
    return found;
}

std::optional<entry> read_anew(const store &from, Datum key, bool want_value) {
    CommandCounterIncrement();
    PushActiveSnapshot(GetTransactionSnapshot());
    std::optional<entry> found = look_up(from, key, want_value);
    PopActiveSnapshot();
    return found;
}

bool was_stored_since_snapshot(const store &in, Datum key) {
    CommandCounterIncrement();
    PushActiveSnapshot(GetLatestSnapshot());
    std::optional<entry> now = look_up(in, key, true);
    PopActiveSnapshot();
    if (!now)
        return false;
    std::optional<entry> seen = read_anew(in, key, true);
    return !seen || !equal(*seen, *now);
}

std::optional<entry_version> version_of(const store &from, Datum key) {
    return from.detour == nullptr ? fast_path::version(from, key) : sql_path::version(from, key);
}

bool lock_row(const store &in, Datum key, row_lock how) {
    return sql_path::lock_row(in, key, how);
}

}  // namespace kvstore
