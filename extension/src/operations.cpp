#include "operations.hpp"

#include "errors.hpp"
#include "fast_path.hpp"
#include "integer.hpp"
#include "sql_path.hpp"
#include "statistics.hpp"

namespace kvstore {

namespace {

// --- Privileges that the equivalent SQL needs ---

constexpr AclMode to_store = ACL_SELECT | ACL_INSERT | ACL_UPDATE;
constexpr AclMode to_change = ACL_SELECT | ACL_UPDATE;
constexpr AclMode to_remove = ACL_SELECT | ACL_DELETE;

// --- What the statistics count ---

constexpr counted_as a_set{.set = true};
constexpr counted_as a_read{.read = true};
constexpr counted_as a_removal{.removed = true};
constexpr counted_as a_read_and_set{.read = true, .set = true};
constexpr counted_as a_read_and_removal{.read = true, .removed = true};
constexpr counted_as nothing{};

// --- Values ---

bool equal(Datum a, Datum b) {
    if (toast_raw_datum_size(a) != toast_raw_datum_size(b))
        return false;
    struct varlena *left = PG_DETOAST_DATUM_PACKED(a);
    struct varlena *right = PG_DETOAST_DATUM_PACKED(b);
    return memcmp(VARDATA_ANY(left), VARDATA_ANY(right), VARSIZE_ANY_EXHDR(left)) == 0;
}

bool is_expected(const request &asked, const entry *live) {
    return live != nullptr && equal(live->value, asked.expected);
}

// --- Decisions ---

decision store_it(const request &asked, const entry *) {
    return decision::store({asked.value, asked.expires});
}

decision store_if_absent(const request &asked, const entry *live) {
    return live != nullptr ? decision::leave() : store_it(asked, live);
}

decision store_if_present(const request &asked, const entry *live) {
    return live == nullptr ? decision::leave() : store_it(asked, live);
}

decision swap(const request &asked, const entry *live) {
    return decision::store({asked.value, asked.expires}, live == nullptr ? 0 : live->value);
}

decision store_if_expected(const request &asked, const entry *live) {
    return is_expected(asked, live) ? store_it(asked, live) : decision::leave();
}

decision replace_value_if_expected(const request &asked, const entry *live) {
    return is_expected(asked, live) ? decision::store({asked.value, live->expires})
                                    : decision::leave();
}

decision add(const request &asked, const entry *live) {
    std::optional<int64> sum = sum_of(live == nullptr ? 0 : counter_of(live->value), asked.by);
    if (!sum)
        raise_counter_overflow(asked.by);
    integer_text digits(*sum);
    Datum value = PointerGetDatum(
        cstring_to_text_with_len(digits.view().data(), static_cast<int>(digits.view().size())));
    return decision::store({value, live == nullptr ? asked.expires : live->expires}, value);
}

decision touch(const request &asked, const entry *live) {
    return live == nullptr ? decision::leave() : decision::store({live->value, asked.expires});
}

decision read_and_touch(const request &asked, const entry *live) {
    return live == nullptr ? decision::leave()
                           : decision::store({live->value, asked.expires}, live->value);
}

decision lift_expiry(const request &asked, const entry *live) {
    bool expires = live != nullptr && live->expires != never_expires;
    return expires ? touch(asked, live) : decision::leave();
}

decision remove(const request &, const entry *live) {
    return live == nullptr ? decision::leave() : decision::remove();
}

decision take(const request &, const entry *live) {
    return live == nullptr ? decision::leave() : decision::remove(live->value);
}

decision remove_if_expected(const request &asked, const entry *live) {
    return is_expected(asked, live) ? decision::remove() : decision::leave();
}

void count(const store &in, const counted_as &counts, const outcome &done) {
    Oid table = RelationGetRelid(in.table);
    if (counts.read)
        count_read(in, done.value != 0);
    if (counts.set && done.applied)
        statistics::count(table, counter::sets);
    if (counts.removed && done.applied)
        statistics::count(table, counter::deletes);
}

// --- The same in SQL ---

#define OF_LIVE_ENTRY                      \
    " WHERE key OPERATOR(pg_catalog.=) $1" \
    " AND expires OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp()"
#define IF_EXPECTED " AND value OPERATOR(pg_catalog.=) $4"
#define UPSERT_INTO(table)                       \
    "INSERT INTO " table                         \
    " (key, value, expires) VALUES ($1, $2, $3)" \
    " ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, expires = EXCLUDED.expires"
#define IF_EXPIRED " WHERE present.expires OPERATOR(pg_catalog.<=) pg_catalog.clock_timestamp()"

}  // namespace

namespace operations {

const operation set = {{"kv_set()", to_store}, a_set, store_it, UPSERT_INTO("%1$s")};
const operation set_nx = {
    {"kv_set_nx()", to_store}, a_set, store_if_absent, UPSERT_INTO("%1$s AS present") IF_EXPIRED};
const operation set_xx = {{"kv_set_xx()", to_change},
                          a_set,
                          store_if_present,
                          "UPDATE %1$s SET value = $2, expires = $3" OF_LIVE_ENTRY};
const operation get_set = {{"kv_get_set()", to_store}, a_read_and_set, swap, nullptr};
const operation cas = {{"kv_cas()", to_change},
                       a_set,
                       store_if_expected,
                       "UPDATE %1$s SET value = $2, expires = $3" OF_LIVE_ENTRY IF_EXPECTED};
const operation cas_keep = {{"kv_cas()", to_change},
                            a_set,
                            replace_value_if_expected,
                            "UPDATE %1$s SET value = $2" OF_LIVE_ENTRY IF_EXPECTED};
const operation incr = {{"kv_incr()", to_store}, a_set, add, nullptr};

const operation expire = {
    {"kv_expire()", to_change}, nothing, touch, "UPDATE %1$s SET expires = $3" OF_LIVE_ENTRY};
const operation get_ex = {{"kv_get_ex()", to_change},
                          a_read,
                          read_and_touch,
                          "UPDATE %1$s SET expires = $3" OF_LIVE_ENTRY " RETURNING value"};
const operation persist = {{"kv_persist()", to_change},
                           nothing,
                           lift_expiry,
                           "UPDATE %1$s SET expires = $3" OF_LIVE_ENTRY
                           " AND expires OPERATOR(pg_catalog.<) $3"};

const operation del = {
    {"kv_del()", to_remove}, a_removal, remove, "DELETE FROM %1$s" OF_LIVE_ENTRY};
const operation get_del = {{"kv_get_del()", to_remove},
                           a_read_and_removal,
                           take,
                           "DELETE FROM %1$s" OF_LIVE_ENTRY " RETURNING value"};
const operation del_if = {{"kv_del_if()", to_remove},
                          a_removal,
                          remove_if_expected,
                          "DELETE FROM %1$s" OF_LIVE_ENTRY IF_EXPECTED};

}  // namespace operations

int64 counter_of(Datum value) {
    if (toast_raw_datum_size(value) > longest_integer + VARHDRSZ)
        raise_not_an_integer();
    struct varlena *bytes = PG_DETOAST_DATUM_PACKED(value);
    std::optional<int64> counter = parse_integer({VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)});
    if (!counter)
        raise_not_an_integer();
    return *counter;
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
    std::optional<entry> found = from.detour == nullptr ? fast_path::read(from, key, want_value)
                                                        : sql_path::read(from, key, want_value);
    count_read(from, found.has_value());
    return found;
}

}  // namespace kvstore
