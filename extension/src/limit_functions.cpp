// The SQL functions that limit the size of a store.

#include "arguments.hpp"
#include "limit.hpp"
#include "sweep.hpp"
#include "utility.hpp"

namespace kvstore {

namespace {

const char *in_our_schema(const char *name) {
    return quote_qualified_identifier(get_namespace_name(extension_schema()), name);
}

// --- The trigger that is the limit ---

void create_limit(Oid table, const char *size, const char *order) {
    execute_utility(
        psprintf("CREATE OR REPLACE TRIGGER %s AFTER TRUNCATE ON %s FOR EACH STATEMENT"
                 " EXECUTE FUNCTION %s(%s, %s)",
                 limit_trigger, qualified_name(table), in_our_schema(limit_function),
                 quote_literal_cstr(size), quote_literal_cstr(order)));
}

void drop_limit(Oid table) {
    execute_utility(psprintf("DROP TRIGGER %s ON %s", limit_trigger, qualified_name(table)));
}

// --- The extension's own store: its limit goes through a table that pg_dump dumps, and
// --- is applied by the trigger of that table.

bool belongs_to_extension(Oid table) {
    return getExtensionOfObject(RelationRelationId, table) == get_extension_oid("kvstore", false);
}

void keep_limit(const char *size, const char *order) {
    const char *kept = in_our_schema("kv_store_limit");
    execute_utility(psprintf("DELETE FROM %s", kept));
    if (size != nullptr)
        execute_utility(psprintf("INSERT INTO %s VALUES (%s, %s)", kept, quote_literal_cstr(size),
                                 quote_literal_cstr(order)));
}

// --- A store ---

// The sweeper does not come to temporary stores, and goes through pages to evict.
bool may_be_limited(const store &of) {
    return has_pages(of) && of.table->rd_rel->relpersistence != RELPERSISTENCE_TEMP;
}

// Whether it has a limit. Leaves it locked as setting one and lifting one do.
bool lock_for_limit(Oid table, bool is_to_be_limited) {
    constexpr intent limiting{"kv_limit()", ACL_SELECT | ACL_TRIGGER, AccessExclusiveLock};
    require_privilege(table, ACL_TRIGGER);  // before the lock, which keeps everybody out
    return with_store(table, limiting, [&](const store &of) {
        if (is_to_be_limited && !may_be_limited(of))
            raise_unlimitable(of.table);
        return limit_of(of.table).has_value();
    });
}

void limit(Oid table, const char *size, const char *order) {
    bool has_limit = lock_for_limit(table, size != nullptr);
    if (size != nullptr)
        create_limit(table, size, order);
    else if (has_limit)
        drop_limit(table);
}

}  // namespace

// A NULL for the size lifts the limit.
KV_SQL_FUNCTION(kv_limit) {
    const char *size = PG_ARGISNULL(0) ? nullptr : TextDatumGetCString(PG_GETARG_DATUM(0));
    const char *order = TextDatumGetCString(required(fcinfo, 1, "evict"));
    Oid table = store_argument(fcinfo);
    if (size != nullptr)
        parse_limit(size, order);  // is it one?
    keep_launcher_running();
    if (!belongs_to_extension(table)) {
        limit(table, size, order);
    } else {
        lock_for_limit(table, size != nullptr);
        keep_limit(size, order);
    }
    PG_RETURN_VOID();
}

// Never does anything: its arguments are the limit.
KV_SQL_FUNCTION(kv_limit_trigger) {
    (void)fcinfo;
    return PointerGetDatum(nullptr);
}

// A row of kv_store_limit has come or gone.
KV_SQL_FUNCTION(kv_store_limit_trigger) {
    if (!CALLED_AS_TRIGGER(fcinfo))
        elog(ERROR, "kv_store_limit_trigger() is a trigger function");
    auto *data = reinterpret_cast<TriggerData *>(fcinfo->context);
    TupleDesc columns = RelationGetDescr(data->tg_relation);
    bool has_come = TRIGGER_FIRED_BY_INSERT(data->tg_event);
    const char *size = has_come ? SPI_getvalue(data->tg_trigtuple, columns, 1) : nullptr;
    const char *order = has_come ? SPI_getvalue(data->tg_trigtuple, columns, 2) : nullptr;
    limit(get_relname_relid("kv_store", extension_schema()), size, order);
    return PointerGetDatum(data->tg_trigtuple);
}

}  // namespace kvstore
