// The SQL functions that bring an entry to another key or another store.

#include "functions/arguments.hpp"
#include "operations/conditional.hpp"
#include "operations/moving.hpp"
#include "operations/operations.hpp"
#include "server/subtransaction.hpp"

namespace kvstore {

namespace {

// Argument `number`; a NULL stands for the store that the entry comes from.
Oid destination_argument(FunctionCallInfo fcinfo, int number, Oid from) {
    return PG_ARGISNULL(number) ? from : PG_GETARG_OID(number);
}

// From the first argument in the last one's store to the second in the last but one's.
bool bring_argument(FunctionCallInfo fcinfo, const char *function, bool removes, bool replaces) {
    Datum key = key_argument(fcinfo);
    Datum new_key = checked_key(required(fcinfo, 1, "new_key"));
    Oid from = store_argument(fcinfo);
    Oid to = destination_argument(fcinfo, PG_NARGS() - 2, from);
    intent arriving = operations::set.called(function).what;
    intent leaving =
        removes ? operations::del_same.called(function).what
                : intent{.function = function, .privileges = ACL_SELECT, .takes_snapshot = false};
    keep_launcher_running();
    return with_store(to, arriving, [&](const store &destination) {
        return with_store(from, leaving, [&](const store &source) {
            require_privileges(destination, arriving.privileges);  // though there be no entry
            require_privileges(source, leaving.privileges);
            route way{{&source, key}, {&destination, new_key}, removes, replaces};
            return in_subtransaction([&] { return bring(way) == arrival::done; });
        });
    });
}

}  // namespace

KV_SQL_FUNCTION(kv_rename) {
    PG_RETURN_BOOL(bring_argument(fcinfo, "kv_rename()", true, true));
}

KV_SQL_FUNCTION(kv_rename_nx) {
    PG_RETURN_BOOL(bring_argument(fcinfo, "kv_rename_nx()", true, false));
}

KV_SQL_FUNCTION(kv_copy) {
    bool replaces = DatumGetBool(required(fcinfo, 2, "replace"));
    PG_RETURN_BOOL(bring_argument(fcinfo, "kv_copy()", false, replaces));
}

}  // namespace kvstore
