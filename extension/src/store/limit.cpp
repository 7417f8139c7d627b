#include "store/limit.hpp"

#include "store/entry_types.hpp"

namespace kvstore {

namespace {

// kv_limit_trigger(); InvalidOid if there is none.
Oid find_limit_function() {
    oidvector *no_arguments = buildoidvector(nullptr, 0);
    return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, PointerGetDatum(limit_function),
                           PointerGetDatum(no_arguments), ObjectIdGetDatum(extension_schema()));
}

bool is_limit(const Trigger &trigger, Oid function) {
    return trigger.tgfoid == function && trigger.tgnargs == 2 &&
           strcmp(trigger.tgname, limit_trigger) == 0;
}

eviction_order parse_order(const char *order) {
    if (strcmp(order, "soonest") == 0)
        return eviction_order::soonest;
    if (strcmp(order, "oldest") == 0)
        return eviction_order::oldest;
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("\"%s\" is not an order of eviction", order),
                    errhint("It is 'soonest' (to expire) or 'oldest' (written).")));
}

}  // namespace

bool has_limit(Relation store) {
    Oid function = find_limit_function();
    const TriggerDesc *triggers = store->trigdesc;
    for (int i = 0; triggers != nullptr && i < triggers->numtriggers; i++)
        if (is_limit(triggers->triggers[i], function))
            return true;
    return false;
}

std::optional<size_limit> limit_of(Relation store) {
    Oid function = find_limit_function();
    // Any look into the catalogs may rebuild what the relation cache knows of the store, and
    // free its triggers: there is none from here on before the copies are made.
    const TriggerDesc *triggers = store->trigdesc;
    for (int i = 0; triggers != nullptr && i < triggers->numtriggers; i++) {
        const Trigger &each = triggers->triggers[i];
        if (!is_limit(each, function))
            continue;
        const char *size = pstrdup(each.tgargs[0]);
        const char *order = pstrdup(each.tgargs[1]);
        return parse_limit(size, order);
    }
    return std::nullopt;
}

size_limit parse_limit(const char *size, const char *order) {
    int64 bytes = DatumGetInt64(DirectFunctionCall1(pg_size_bytes, CStringGetTextDatum(size)));
    if (bytes <= 0)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("the maximum size must be positive"),
                        errhint("NULL takes the limit away.")));
    return {bytes, parse_order(order)};
}

}  // namespace kvstore
