// The SQL functions about stores: creating one, and how it is reached.

#include "functions/arguments.hpp"
#include "server/utility.hpp"
#include "store/default_store.hpp"
#include "store/entry_types.hpp"

namespace kvstore {

namespace {

// Leaves room on each page for new versions of its rows, so that overwrites and
// touches stay on the page and need no new index entry.
constexpr const char *storage_parameters =
    "fillfactor = 80, vacuum_truncate = off, toast.vacuum_truncate = off";

value_kind kind_argument(FunctionCallInfo fcinfo, int number) {
    Oid type = DatumGetObjectId(required(fcinfo, number, "value_type"));
    for (value_kind kind : {value_kind::text, value_kind::bytes})
        if (value_type(kind) == type)
            return kind;
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("a store of type %s cannot be created",
                           format_type_extended(type, -1, FORMAT_TYPE_ALLOW_INVALID)),
                    errhint("The values of a store are text or bytea.")));
}

// To regclass, by which stores are named.
bool reads_as_oid(const char *name) {
    return strcmp(name, "-") == 0 || (*name != '\0' && name[strspn(name, "0123456789")] == '\0');
}

RangeVar *name_argument(FunctionCallInfo fcinfo, int number) {
    text *name = DatumGetTextPP(required(fcinfo, number, "name"));
    if (reads_as_oid(text_to_cstring(name)))
        raise_reads_as_oid(text_to_cstring(name));
    return makeRangeVarFromNameList(textToQualifiedNameList(name));
}

Oid create_store(RangeVar *name, bool logged, value_kind kind) {
    // Where CREATE TABLE would create it, said in full, so that the name below is its own.
    Oid schema = RangeVarGetCreationNamespace(name);
    name->schemaname = get_namespace_name(schema);
    const char *persistence = isTempNamespace(schema) ? "TEMPORARY" : logged ? "" : "UNLOGGED";
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

const char *why_nothing_can_be_written(Relation table) {
    if (RecoveryInProgress())
        return "nothing can be written on a standby";
    if (XactReadOnly && table->rd_rel->relpersistence != RELPERSISTENCE_TEMP)
        return "nothing can be written in a read-only transaction";
    return nullptr;
}

}  // namespace

KV_SQL_FUNCTION(kv_create_store) {
    RangeVar *name = name_argument(fcinfo, 0);
    bool logged = DatumGetBool(required(fcinfo, 1, "logged"));
    value_kind kind = kind_argument(fcinfo, 2);
    keep_launcher_running();
    PG_RETURN_OID(create_store(name, logged, kind));
}

// Called by the script of CREATE EXTENSION, and not there afterwards. A dump that is restored
// brings kv_store itself, whatever became of it: pg_dump and pg_restore turn
// check_function_bodies off, as nobody else has reason to.
KV_SQL_FUNCTION(kv_create_default_store) {
    const char *owner = TextDatumGetCString(required(fcinfo, 0, "owner"));  // as SQL writes it
    if (!creating_extension)
        elog(ERROR, "kv_create_default_store() is for CREATE EXTENSION");
    if (!pg::function_bodies_were_checked())
        PG_RETURN_VOID();
    char *schema = get_namespace_name(extension_schema());
    Oid table = create_store(makeRangeVar(schema, pstrdup(default_store_name), -1), false,
                             value_kind::text);
    const char *name = qualified_name(table);
    execute_utility(psprintf("ALTER EXTENSION kvstore DROP TABLE %s", name));
    execute_utility(psprintf("ALTER TABLE %s OWNER TO %s", name, owner));
    execute_utility(psprintf(
        "COMMENT ON TABLE %s IS 'the store that the functions kv_* work on by default'", name));
    PG_RETURN_VOID();
}

KV_SQL_FUNCTION(kv_flush) {
    constexpr intent emptying{"kv_flush()", ACL_TRUNCATE, AccessExclusiveLock};
    Oid table = with_store_argument(fcinfo, emptying,
                                    [](const store &of) { return RelationGetRelid(of.table); });
    execute_utility(psprintf("TRUNCATE %s", qualified_name(table)));
    PG_RETURN_VOID();
}

KV_SQL_FUNCTION(kv_detour) {
    constexpr intent looking{
        .function = "kv_detour()", .privileges = ACL_SELECT, .meets_entries = false};
    constexpr intent writing{"kv_detour()", ACL_SELECT | ACL_INSERT | ACL_UPDATE | ACL_DELETE};
    return with_store(store_argument(fcinfo), looking, [&](const store &opened) {
        require_privilege(RelationGetRelid(opened.table), ACL_SELECT);
        const char *detour = why_nothing_can_be_written(opened.table);
        if (detour == nullptr)
            detour = find_detour(opened, writing);
        if (detour == nullptr)
            PG_RETURN_NULL();
        PG_RETURN_DATUM(CStringGetTextDatum(detour));
    });
}

}  // namespace kvstore
