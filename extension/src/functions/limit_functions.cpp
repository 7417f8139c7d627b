// The SQL functions that limit the size of a store.

#include "functions/arguments.hpp"
#include "server/utility.hpp"
#include "store/limit.hpp"
#include "sweeping/sweep.hpp"

namespace kvstore {

namespace {

const char *in_our_schema(const char *name) {
    return quote_qualified_identifier(get_namespace_name(extension_schema()), name);
}

struct limitable {
    Oid table;
    bool has_limit;
};

// --- The trigger that is the limit ---

// Another trigger of that name stays, and is an error.
void create_limit(const limitable &on, const char *size, const char *order) {
    execute_utility(psprintf(
        "CREATE %s TRIGGER %s AFTER TRUNCATE ON %s FOR EACH STATEMENT"
        " EXECUTE FUNCTION %s(%s, %s)",
        on.has_limit ? "OR REPLACE" : "", limit_trigger, qualified_name(on.table),
        in_our_schema(limit_function), quote_literal_cstr(size), quote_literal_cstr(order)));
}

void drop_limit(Oid table) {
    execute_utility(psprintf("DROP TRIGGER %s ON %s", limit_trigger, qualified_name(table)));
}

// --- A store ---

// The sweeper does not come to temporary stores, and goes through pages to evict.
bool may_be_limited(const store &of) {
    return has_pages(of) && of.table->rd_rel->relpersistence != RELPERSISTENCE_TEMP;
}

// Leaves it locked as setting a limit and lifting one do.
limitable lock_for_limit(Oid relid, bool is_to_be_limited) {
    constexpr intent limiting{"kv_limit()", ACL_TRIGGER, AccessExclusiveLock};
    return with_store(relid, limiting, [&](const store &of) {
        if (is_to_be_limited && !may_be_limited(of))
            raise_unlimitable(of.table);
        return limitable{RelationGetRelid(of.table), has_limit(of.table)};
    });
}

void limit(Oid relid, const char *size, const char *order) {
    limitable locked = lock_for_limit(relid, size != nullptr);
    if (size != nullptr)
        create_limit(locked, size, order);
    else if (locked.has_limit)
        drop_limit(locked.table);
}

// Elsewhere it would be no limit, and a row trigger that does nothing keeps the row from being
// written.
void require_trigger_of_limit(FunctionCallInfo fcinfo) {
    constexpr const char *hint = "kv_limit() creates the trigger that it is for.";
    if (!CALLED_AS_TRIGGER(fcinfo))
        raise_trigger_protocol("kv_limit_trigger() is a trigger function", hint);
    auto *data = reinterpret_cast<TriggerData *>(fcinfo->context);
    if (!TRIGGER_FIRED_BY_TRUNCATE(data->tg_event) || !TRIGGER_FIRED_AFTER(data->tg_event) ||
        !TRIGGER_FIRED_FOR_STATEMENT(data->tg_event))
        raise_trigger_protocol("kv_limit_trigger() must be fired AFTER TRUNCATE", hint);
    if (data->tg_trigger->tgnargs != 2)
        raise_trigger_protocol("kv_limit_trigger() needs a size and an order", hint);
}

}  // namespace

// A NULL for the size lifts the limit.
KV_SQL_FUNCTION(kv_limit) {
    const char *size = PG_ARGISNULL(0) ? nullptr : TextDatumGetCString(PG_GETARG_DATUM(0));
    const char *order = TextDatumGetCString(required(fcinfo, 1, "evict"));
    Oid relid = store_argument(fcinfo);
    if (size != nullptr)
        parse_limit(size, order);  // is it one?
    keep_launcher_running();
    limit(relid, size, order);
    PG_RETURN_VOID();
}

// Does nothing: its arguments are the limit.
KV_SQL_FUNCTION(kv_limit_trigger) {
    require_trigger_of_limit(fcinfo);
    return PointerGetDatum(nullptr);
}

}  // namespace kvstore
