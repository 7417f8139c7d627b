// The SQL functions about stores: creating one, and how it is reached.

#include "arguments.hpp"
#include "entry_types.hpp"
#include "limit.hpp"
#include "sweep.hpp"

namespace kvstore {

namespace {

// Leaves room on each page for new versions of its rows, so that overwrites and
// touches stay on the page and need no new index entry.
constexpr const char *storage_parameters = "fillfactor = 90, vacuum_truncate = off";

value_kind kind_argument(FunctionCallInfo fcinfo, int number) {
    Oid type = DatumGetObjectId(required(fcinfo, number, "value_type"));
    for (value_kind kind : {value_kind::text, value_kind::bytes})
        if (value_type(kind) == type)
            return kind;
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("a store of type %s cannot be created", format_type_be(type)),
                    errhint("The values of a store are text or bytea.")));
}

bool is_temporary(const RangeVar *name) {
    return name->schemaname != nullptr && strcmp(name->schemaname, "pg_temp") == 0;
}

void execute_utility(const char *sql) {
    SPI_connect();
    if (SPI_execute(sql, false, 0) != SPI_OK_UTILITY)
        elog(ERROR, "could not execute \"%s\"", sql);
    SPI_finish();
}

Oid create_store(RangeVar *name, bool logged, value_kind kind) {
    const char *persistence = is_temporary(name) ? "TEMPORARY" : logged ? "" : "UNLOGGED";
    // Where CREATE TABLE would create it, said in full, so that the name below is its own.
    name->schemaname = get_namespace_name(RangeVarGetCreationNamespace(name));
    const char *table = quote_qualified_identifier(name->schemaname, name->relname);
    const char *sql = psprintf(
        "CREATE %s TABLE %s OF %s ("
        " key WITH OPTIONS PRIMARY KEY,"
        " value WITH OPTIONS NOT NULL,"
        " expires WITH OPTIONS NOT NULL DEFAULT 'infinity'"
        ") WITH (%s)",
        persistence, table, format_type_be_qualified(entry_type(kind)), storage_parameters);
    execute_utility(sql);
    return RangeVarGetRelid(name, NoLock, false);
}

void require_privilege(Oid table, AclMode privilege) {
    bool is_missing = false;
    AclResult result = pg_class_aclcheck_ext(table, GetUserId(), privilege, &is_missing);
    if (result != ACLCHECK_OK && !is_missing)
        aclcheck_error(result, OBJECT_TABLE, get_rel_name(table));
}

const char *qualified_name(Oid table) {
    return quote_qualified_identifier(get_namespace_name(get_rel_namespace(table)),
                                      get_rel_name(table));
}

// The sweeper does not come to temporary stores, and goes through pages to evict.
bool may_be_limited(const store &of) {
    return has_pages(of) && of.table->rd_rel->relpersistence != RELPERSISTENCE_TEMP;
}

void create_limit(Oid table, const char *size, const char *order) {
    execute_utility(psprintf(
        "CREATE OR REPLACE TRIGGER %s AFTER TRUNCATE ON %s FOR EACH STATEMENT"
        " EXECUTE FUNCTION %s(%s, %s)",
        limit_trigger, qualified_name(table),
        quote_qualified_identifier(get_namespace_name(extension_schema()), "kv_limit_trigger"),
        quote_literal_cstr(size), quote_literal_cstr(order)));
}

void drop_limit(Oid table) {
    execute_utility(psprintf("DROP TRIGGER %s ON %s", limit_trigger, qualified_name(table)));
}

}  // namespace

KV_SQL_FUNCTION(kv_create_store) {
    text *name = DatumGetTextPP(required(fcinfo, 0, "name"));
    bool logged = DatumGetBool(required(fcinfo, 1, "logged"));
    value_kind kind = kind_argument(fcinfo, 2);
    keep_launcher_running();
    RangeVar *table = makeRangeVarFromNameList(textToQualifiedNameList(name));
    PG_RETURN_OID(create_store(table, logged, kind));
}

KV_SQL_FUNCTION(kv_flush) {
    constexpr intent emptying{"kv_flush()", ACL_TRUNCATE, AccessExclusiveLock};
    Oid table = store_argument(fcinfo);
    require_privilege(table, ACL_TRUNCATE);  // before the lock, which keeps everybody out
    keep_launcher_running();
    close_store(open_store(table, emptying));
    execute_utility(psprintf("TRUNCATE %s", qualified_name(table)));
    PG_RETURN_VOID();
}

KV_SQL_FUNCTION(kv_limit) {
    bool lift = PG_ARGISNULL(0);
    intent limiting{"kv_limit()", ACL_SELECT | ACL_TRIGGER,
                    lift ? AccessExclusiveLock : ShareRowExclusiveLock};
    const char *size = lift ? nullptr : TextDatumGetCString(PG_GETARG_DATUM(0));
    const char *order = TextDatumGetCString(required(fcinfo, 1, "evict"));
    if (!lift)
        parse_limit(size, order);  // is it one?
    Oid table = store_argument(fcinfo);
    require_privilege(table, ACL_TRIGGER);
    keep_launcher_running();
    bool has_limit = with_store(table, limiting, [&](const store &of) {
        if (!lift && !may_be_limited(of))
            raise_unlimitable(of.table);
        return limit_of(of.table).has_value();
    });
    if (!lift)
        create_limit(table, size, order);
    else if (has_limit)
        drop_limit(table);
    PG_RETURN_VOID();
}

// Never does anything: its arguments are the limit.
KV_SQL_FUNCTION(kv_limit_trigger) {
    (void)fcinfo;
    return PointerGetDatum(nullptr);
}

KV_SQL_FUNCTION(kv_detour) {
    constexpr intent looking{"kv_detour()", ACL_SELECT};
    constexpr intent writing{"kv_detour()", ACL_SELECT | ACL_INSERT | ACL_UPDATE | ACL_DELETE};
    return with_store(store_argument(fcinfo), looking, [&](const store &opened) {
        require_privilege(RelationGetRelid(opened.table), ACL_SELECT);
        const char *detour = find_detour(opened, writing);
        if (detour == nullptr)
            PG_RETURN_NULL();
        PG_RETURN_DATUM(CStringGetTextDatum(detour));
    });
}

}  // namespace kvstore
