// What the definitions of operations are made of.
#pragma once

#include "paths/operation.hpp"
#include "paths/statement_parts.hpp"
#include "rules/integer.hpp"
#include "server/errors.hpp"

namespace kvstore {

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

// --- Expiry ---

// What keeps the expiry of a live entry: without one, for as long as was asked.
inline timestamp kept_or_asked(const request &asked, const entry *live, timestamp now) {
    return live == nullptr ? asked.lives.end(now) : live->expires;
}

// The decision of what removes the live entry, and answers its value.
inline decision remove_and_answer(const request &, const entry *live, timestamp) {
    return live == nullptr ? decision::leave() : decision::remove(live->value);
}

// --- Values ---

inline bool equal(Datum a, Datum b) {
    return toast_raw_datum_size(a) == toast_raw_datum_size(b) &&
           detoasted_bytes_of(a) == detoasted_bytes_of(b);
}

inline bool equal(const entry &a, const entry &b) {
    return a.expires == b.expires && equal(a.value, b.value);
}

inline Datum digits_of(int64 number) {
    integer_text digits(number);
    return PointerGetDatum(
        cstring_to_text_with_len(digits.view().data(), static_cast<int>(digits.view().size())));
}

inline bool is_expected(const request &asked, const entry *live) {
    return live != nullptr && equal(live->value, asked.expected);
}

// The one behind the other; the first may be 0. They fit into a value.
inline Datum joined(Datum first, Datum second) {
    struct varlena *head = first == 0 ? nullptr : PG_DETOAST_DATUM_PACKED(first);
    struct varlena *tail = PG_DETOAST_DATUM_PACKED(second);
    std::size_t before = head == nullptr ? 0 : VARSIZE_ANY_EXHDR(head);
    std::size_t size = VARHDRSZ + before + VARSIZE_ANY_EXHDR(tail);
    if (size > MaxAllocSize)
        raise_value_too_long(size - VARHDRSZ);
    auto *result = static_cast<struct varlena *>(palloc(size));
    SET_VARSIZE(result, size);
    if (head != nullptr)
        memcpy(VARDATA(result), VARDATA_ANY(head), before);
    memcpy(VARDATA(result) + before, VARDATA_ANY(tail), VARSIZE_ANY_EXHDR(tail));
    return PointerGetDatum(result);
}

// --- Statements ---

#define IF_EXPECTED " AND value OPERATOR(pg_catalog.=) $4"
#define UNLESS_EXPECTED " AND value OPERATOR(pg_catalog.<>) $4"
#define IF_SAME_EXPIRY " AND expires OPERATOR(pg_catalog.=) $3"
#define IF_IT_DOES_NOT_EXPIRE \
    " AND expires OPERATOR(pg_catalog.=) 'infinity'::pg_catalog.timestamptz"
#define IF_IT_EXPIRES " AND expires OPERATOR(pg_catalog.<) 'infinity'::pg_catalog.timestamptz"
#define IF_IT_EXPIRES_SOONER " AND expires OPERATOR(pg_catalog.<) $3"
#define IF_IT_EXPIRES_LATER " AND expires OPERATOR(pg_catalog.>) $3"
#define IF_NOT_GOOD_ENOUGH                        \
    " AND (expires OPERATOR(pg_catalog.<=) $5 OR" \
    " expires OPERATOR(pg_catalog.>=) $6)"

#define UPSERT_INTO(table)                       \
    "INSERT INTO " table                         \
    " (key, value, expires) VALUES ($1, $2, $3)" \
    " ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, expires = EXCLUDED.expires"
#define IF_EXPIRED " WHERE present." HAS_EXPIRED

#define UPSERT_KEEPING_EXPIRY                                               \
    "INSERT INTO %1$s AS present (key, value, expires) VALUES ($1, $2, $3)" \
    " ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, expires ="    \
    " CASE WHEN present." HAS_EXPIRED " THEN EXCLUDED.expires ELSE present.expires END"

// A change of the entry that `which` tells, with the lock that comes before it.
#define CHANGE(set, which, ...)                      \
    .sql = "UPDATE %1$s SET " set which __VA_ARGS__, \
    .lock_sql = "SELECT FROM %1$s" which " FOR NO KEY UPDATE"

// A removal, which answers a value, whether the entry was live till then, and its expiry; and the
// same for stores with rules that RETURNING does not go with.
#define REMOVAL(which, answer)                                                    \
    .sql = "DELETE FROM %1$s" which " RETURNING " answer "," IS_LIVE ", expires", \
    .sql_under_rules = "DELETE FROM %1$s" which

}  // namespace kvstore
