// The SQL functions that have pg_cron sweep a store: for servers on which no background
// worker may run.

#include <array>

#include "functions/arguments.hpp"
#include "server/utility.hpp"
#include "sweeping/sweep.hpp"

namespace kvstore {

namespace {

// pg_cron is in one database of the server, perhaps not in this one.
void require_pg_cron() {
    if (OidIsValid(get_extension_oid("pg_cron", true)))
        return;
    const char *home = GetConfigOption("cron.database_name", true, false);
    const char *here = get_database_name(MyDatabaseId);
    if (home == nullptr)
        ereport(
            ERROR,
            (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("pg_cron is not installed"),
             errhint("Add pg_cron to shared_preload_libraries, restart, and CREATE EXTENSION "
                     "pg_cron. kvstore's own sweeper needs neither.")));
    if (strcmp(home, here) == 0)
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("extension pg_cron is not in database \"%s\"", here),
                        errhint("CREATE EXTENSION pg_cron.")));
    ereport(ERROR,
            (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
             errmsg("extension pg_cron is not in database \"%s\"", here),
             errhint("pg_cron belongs in database \"%s\". There, cron.schedule_in_database() can "
                     "have kv_sweep() run in this one.",
                     home)));
}

Datum job_name(const store &of) {
    return CStringGetTextDatum(
        psprintf("kvstore sweep of %s", qualified_name(RelationGetRelid(of.table))));
}

Datum sweep_command(const store &of) {
    const char *schema = get_namespace_name(extension_schema());
    // With all arguments of their types: no other function of that name is meant.
    return CStringGetTextDatum(
        psprintf("SELECT %s(NULL::pg_catalog.int4, %s::pg_catalog.regclass)",
                 quote_qualified_identifier(schema, "kv_sweep"),
                 quote_literal_cstr(qualified_name(RelationGetRelid(of.table)))));
}

// The one value of the one row that a statement gives; 0 if it gives none.
template <std::size_t count>
Datum execute(const char *sql, std::array<Datum, count> values) {
    std::array<Oid, count> types;
    types.fill(TEXTOID);
    int code = SPI_execute_with_args(sql, count, types.data(), values.data(), nullptr, false, 0);
    if (code < 0)
        elog(ERROR, "could not execute \"%s\": %s", sql, SPI_result_code_string(code));
    bool is_null;
    return SPI_processed == 0
               ? 0
               : SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);
}

}  // namespace

// A job of that name is replaced.
KV_SQL_FUNCTION(kv_schedule_sweep) {
    Datum schedule = required(fcinfo, 0, "schedule");
    PG_RETURN_INT64(with_store_argument(fcinfo, sweeping, [&](const store &of) {
        require_pg_cron();
        SPI_connect();
        int64 job = DatumGetInt64(execute<3>("SELECT cron.schedule($1, $2, $3)",
                                             {job_name(of), schedule, sweep_command(of)}));
        SPI_finish();
        return job;
    }));
}

KV_SQL_FUNCTION(kv_unschedule_sweep) {
    PG_RETURN_BOOL(with_store_argument(fcinfo, sweeping, [&](const store &of) {
        require_pg_cron();
        SPI_connect();
        Datum removed = execute<1>(
            "SELECT cron.unschedule(jobid) FROM cron.job"
            " WHERE jobname OPERATOR(pg_catalog.=) $1"
            " AND username OPERATOR(pg_catalog.=) CURRENT_USER",
            {job_name(of)});
        SPI_finish();
        return removed != 0;
    }));
}

}  // namespace kvstore
