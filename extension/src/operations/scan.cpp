#include "operations/scan.hpp"

#include <array>
#include <span>

#include "operations/batch.hpp"
#include "paths/plan_cache.hpp"
#include "paths/statement_parts.hpp"
#include "server/clock.hpp"
#include "server/scratch_memory.hpp"
#include "server/utility.hpp"

namespace kvstore {

namespace {

#define OF_LIVE_ENTRIES " WHERE key OPERATOR(pg_catalog.^@) $1 AND" IS_LIVE_AT(CLOCK_OR("$4"))
#define IN_KEY_ORDER                                     \
    " AND ($2 IS NULL OR key OPERATOR(pg_catalog.>) $2)" \
    " ORDER BY key USING OPERATOR(pg_catalog.<) LIMIT $3"

constexpr const char *read_entries =
    "SELECT key, value, expires FROM %1$s" OF_LIVE_ENTRIES IN_KEY_ORDER;
constexpr const char *read_keys = "SELECT key FROM %1$s" OF_LIVE_ENTRIES IN_KEY_ORDER;
constexpr const char *read_random_key_of =
    "SELECT key FROM %1$s TABLESAMPLE pg_catalog.system($1) WHERE" IS_LIVE_AT(
        CLOCK_OR("$2")) " ORDER BY pg_catalog.random() USING OPERATOR(pg_catalog.<) LIMIT 1";
constexpr const char *count_entries = "SELECT pg_catalog.count(*) FROM %1$s" OF_LIVE_ENTRIES;
constexpr const char *count_entries_and_expiring =
    "SELECT pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE expires OPERATOR(pg_catalog.<)"
    " 'infinity'::pg_catalog.timestamptz) FROM %1$s" OF_LIVE_ENTRIES;

// The range of an index is found only for a prefix that the planner knows.
constexpr int planned_anew = CURSOR_OPT_CUSTOM_PLAN | CURSOR_OPT_PARALLEL_OK;

struct arguments {
    std::array<Datum, 4> values;
    std::array<char, 4> nulls;
};

constexpr std::array<Oid, 4> types{TEXTOID, TEXTOID, INT8OID, TIMESTAMPTZOID};

arguments arguments_of(const key_range &range) {
    std::optional<timestamp> stopped_at = stopped_clock();
    return {{range.prefix, range.after, Int64GetDatum(range.most),
             TimestampTzGetDatum(stopped_at.value_or(0))},
            {' ', range.after == 0 ? 'n' : ' ', ' ', stopped_at ? ' ' : 'n'}};
}

Datum column(uint64 row, int number) {
    bool is_null;
    return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, number, &is_null);
}

void execute(const store &on, const char *sql, const key_range &range, bool read_only) {
    arguments given = arguments_of(range);
    int code = kvstore::execute(
        {on, sql, types, given.values.data(), given.nulls.data(), planned_anew}, read_only);
    if (code < 0)
        elog(ERROR, "could not scan: %s", SPI_result_code_string(code));
}

// False at the end.
bool visit_next(Portal cursor, long at_most, detail::visitor visit, void *context,
                scratch_memory &scratch) {
    SPI_cursor_fetch(cursor, true, at_most);
    uint64 fetched = SPI_processed;
    for (uint64 row = 0; row < fetched; row++)
        scratch.use([&] {
            visit(context, column(row, 1), {column(row, 2), DatumGetTimestampTz(column(row, 3))});
        });
    SPI_freetuptable(SPI_tuptable);
    return fetched > 0;
}

// Copies of the keys of a page of entries, as the active snapshot sees them.
std::span<Datum> keys_of(const store &in, const key_range &range, MemoryContext memory) {
    SPI_connect();
    execute(in, read_keys, range, true);
    MemoryContext before = MemoryContextSwitchTo(memory);
    auto *keys = static_cast<Datum *>(palloc(sizeof(Datum) * (SPI_processed + 1)));
    for (uint64 row = 0; row < SPI_processed; row++)
        keys[row] = copy_of_value(column(row, 1));
    MemoryContextSwitchTo(before);
    std::span<Datum> result(keys, SPI_processed);
    SPI_finish();
    return result;
}

}  // namespace

void detail::scan(const store &from, const key_range &range, visitor visit, void *context) {
    constexpr long at_once = 50;
    SPI_connect();
    arguments given = arguments_of(range);
    scratch_memory scratch;
    Portal cursor = open_cursor(
        {from, read_entries, types, given.values.data(), given.nulls.data(), planned_anew});
    while (visit_next(cursor, at_once, visit, context, scratch)) {
    }
    SPI_cursor_close(cursor);
    SPI_finish();
}

std::int64_t count(const store &from, Datum prefix) {
    SPI_connect();
    execute(from, count_entries, {.prefix = prefix}, true);
    std::int64_t result = DatumGetInt64(column(0, 1));
    SPI_finish();
    return result;
}

entry_counts count_all(const store &from) {
    SPI_connect();
    execute(from, count_entries_and_expiring, {.prefix = PointerGetDatum(cstring_to_text(""))},
            true);
    entry_counts result{DatumGetInt64(column(0, 1)), DatumGetInt64(column(0, 2))};
    SPI_finish();
    return result;
}

namespace {

// Of that part of the pages.
Datum random_key_of(const store &from, double percent) {
    constexpr std::array<Oid, 2> types{FLOAT4OID, TIMESTAMPTZOID};
    MemoryContext memory = CurrentMemoryContext;
    std::optional<timestamp> stopped_at = stopped_clock();
    std::array<Datum, 2> values{Float4GetDatum(static_cast<float4>(percent)),
                                TimestampTzGetDatum(stopped_at.value_or(0))};
    std::array<char, 2> nulls{' ', stopped_at ? ' ' : 'n'};
    Datum key = 0;
    SPI_connect();
    if (kvstore::execute({from, read_random_key_of, types, values.data(), nulls.data()}, true) < 0)
        elog(ERROR, "could not sample a store");
    if (SPI_processed > 0) {
        Datum found = column(0, 1);
        MemoryContext before = MemoryContextSwitchTo(memory);
        key = copy_of_value(found);
        MemoryContextSwitchTo(before);
    }
    SPI_finish();
    return key;
}

}  // namespace

// A few pages mostly have one, however large the store is.
Datum random_key(const store &from) {
    constexpr double pages = 16;
    bool has_pages = from.table->rd_rel->relkind == RELKIND_RELATION;
    double size = has_pages ? RelationGetNumberOfBlocks(from.table) : 0;
    Datum found = size > pages ? random_key_of(from, 100 * pages / size) : 0;
    return found != 0 ? found : random_key_of(from, 100);
}

// Page by page: neither keys nor locks are taken out of order, and memory is bounded. All pages are
// of one snapshot: what triggers store meanwhile, under that prefix too, is left.
std::int64_t remove_prefix(const store &in, Datum prefix) {
    constexpr std::int64_t at_once = 1000;
    scratch_memory scratch;
    key_range page{.prefix = prefix, .most = at_once};
    std::int64_t removed = 0;
    std::size_t found = 0;
    require_privilege(RelationGetRelid(in.table), ACL_DELETE);  // though there be no entry
    CommandCounterIncrement();
    PushActiveSnapshot(GetTransactionSnapshot());
    do {
        MemoryContext memory = CurrentMemoryContext;
        scratch.use([&] {
            std::span<Datum> keys = keys_of(in, page, CurrentMemoryContext);
            found = keys.size();
            if (found == 0)
                return;
            removed += remove_all(in, keys);
            MemoryContext before = MemoryContextSwitchTo(memory);
            page.after = copy_of_value(keys.back());
            MemoryContextSwitchTo(before);
        });
    } while (found > 0);
    PopActiveSnapshot();
    scratch.free();
    return removed;
}

}  // namespace kvstore
