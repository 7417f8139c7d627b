#include "server/utility.hpp"

namespace kvstore {

const char *qualified_name(Oid table) {
    return quote_qualified_identifier(get_namespace_name(get_rel_namespace(table)),
                                      get_rel_name(table));
}

void require_privilege(Oid table, AclMode privilege) {
    bool is_missing = false;
    AclResult result = pg_class_aclcheck_ext(table, GetUserId(), privilege, &is_missing);
    if (result != ACLCHECK_OK && !is_missing)
        aclcheck_error(result, OBJECT_TABLE, get_rel_name(table));
}

void execute_utility(const char *sql) {
    SPI_connect();
    if (SPI_execute(sql, false, 0) < 0)
        elog(ERROR, "could not execute \"%s\"", sql);
    SPI_finish();
}

}  // namespace kvstore
