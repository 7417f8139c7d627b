#include "limit.hpp"

#include "entry_types.hpp"

namespace kvstore {

namespace {

bool is_limit(const Trigger &trigger) {
    if (trigger.tgnargs != 2 || strcmp(trigger.tgname, limit_trigger) != 0)
        return false;
    const char *function = get_func_name(trigger.tgfoid);
    return function != nullptr && strcmp(function, limit_function) == 0 &&
           get_func_namespace(trigger.tgfoid) == extension_schema();
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

std::optional<size_limit> limit_of(Relation store) {
    const TriggerDesc *triggers = store->trigdesc;
    for (int i = 0; triggers != nullptr && i < triggers->numtriggers; i++) {
        const Trigger &each = triggers->triggers[i];
        if (is_limit(each))
            return parse_limit(each.tgargs[0], each.tgargs[1]);
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
