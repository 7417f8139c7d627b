#include "operations.hpp"

#include "fast_path.hpp"
#include "sql_path.hpp"

namespace kvstore {

namespace {

#define OF_LIVE_ENTRY                      \
    " WHERE key OPERATOR(pg_catalog.=) $1" \
    " AND expires OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp()"

constexpr AclMode to_store = ACL_SELECT | ACL_INSERT | ACL_UPDATE;
constexpr AclMode to_change = ACL_SELECT | ACL_UPDATE;
constexpr AclMode to_remove = ACL_SELECT | ACL_DELETE;

decision store_it(const request &asked, const entry *) {
    return decision::store({asked.value, asked.expires});
}

constexpr const char *store_it_sql =
    "INSERT INTO %1$s (key, value, expires) VALUES ($1, $2, $3)"
    " ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, expires = EXCLUDED.expires";

decision touch(const request &asked, const entry *live) {
    if (live == nullptr)
        return decision::leave();
    return decision::store({live->value, asked.expires}, live->value);
}

decision take(const request &, const entry *live) {
    return live == nullptr ? decision::leave() : decision::remove(live->value);
}

decision remove(const request &, const entry *live) {
    return live == nullptr ? decision::leave() : decision::remove();
}

}  // namespace

namespace operations {

const operation set = {{"kv_set()", to_store}, store_it, store_it_sql};
const operation set_ex = {{"kv_set_ex()", to_store}, store_it, store_it_sql};
const operation get_ex = {{"kv_get_ex()", to_change},
                          touch,
                          "UPDATE %1$s SET expires = $3" OF_LIVE_ENTRY " RETURNING value"};
const operation get_del = {
    {"kv_get_del()", to_remove}, take, "DELETE FROM %1$s" OF_LIVE_ENTRY " RETURNING value"};
const operation del = {{"kv_del()", to_remove}, remove, "DELETE FROM %1$s" OF_LIVE_ENTRY};

}  // namespace operations

outcome perform(const operation &op, const store &in, const request &asked) {
    return in.detour == nullptr ? fast_path::modify(in, op, asked)
                                : sql_path::modify(in, op, asked);
}

std::optional<entry> read(const store &from, Datum key, bool want_value) {
    return from.detour == nullptr ? fast_path::read(from, key, want_value)
                                  : sql_path::read(from, key, want_value);
}

}  // namespace kvstore
