#include "store/leases.hpp"

namespace kvstore {

namespace {

constexpr const char *table_name = "kv_leases";

Oid find_leases() {
    Oid schema = extension_schema();
    Oid found = get_relname_relid(table_name, schema);
    if (!OidIsValid(found))
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_TABLE),
                 errmsg("relation \"%s\" does not exist",
                        quote_qualified_identifier(get_namespace_name(schema), table_name))));
    return found;
}

}  // namespace

std::optional<store> open_leases(const intent &what, bool waits) {
    Oid table = find_leases();
    std::optional<store> leases = waits ? open_store(table, what) : open_store_at_once(table, what);
    if (!leases)
        return std::nullopt;
    if (const char *why = find_detour_of_anybody(*leases))
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("table \"%s\" cannot keep leases", table_name),
                        errdetail_internal("Only SQL could write to it: %s.", why),
                        errhint("Leave it as CREATE EXTENSION made it.")));
    leases->detour = nullptr;
    return leases;
}

}  // namespace kvstore
