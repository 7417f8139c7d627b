#include "store/sizes.hpp"

namespace kvstore {

namespace {

using counted_by_statistics = Datum (*)(FunctionCallInfo);

// Calls `look` with the relation. False if it cannot be locked at once, or is gone.
template <class Look>
bool look_at_once(Oid relid, Look look) {
    Relation opened = pg::open_at_once(relid, AccessShareLock);
    if (opened == nullptr)
        return false;
    bool is_complete = look(opened);
    relation_close(opened, AccessShareLock);
    return is_complete;
}

std::int64_t bytes_of_fork(Relation of, int fork) {
    auto number = static_cast<ForkNumber>(fork);
    if (!RELKIND_HAS_STORAGE(of->rd_rel->relkind) || !smgrexists(RelationGetSmgr(of), number))
        return 0;
    return static_cast<std::int64_t>(smgrnblocks(RelationGetSmgr(of), number)) * BLCKSZ;
}

std::int64_t bytes_of(Relation of) {
    std::int64_t bytes = 0;
    for (int fork = MAIN_FORKNUM; fork <= MAX_FORKNUM; fork++)
        bytes += bytes_of_fork(of, fork);
    return bytes;
}

bool add_indexes(std::int64_t &bytes, Relation table) {
    bool is_complete = true;
    ListCell *each;
    foreach (each, RelationGetIndexList(table))
        is_complete = is_complete && look_at_once(lfirst_oid(each), [&](Relation index) {
                          bytes += bytes_of(index);
                          return true;
                      });
    return is_complete;
}

// The TOAST table, with its index.
bool add_toast(std::int64_t &bytes, Relation table) {
    Oid toast = table->rd_rel->reltoastrelid;
    return !OidIsValid(toast) || look_at_once(toast, [&](Relation opened) {
        bytes += bytes_of(opened);
        return add_indexes(bytes, opened);
    });
}

std::int64_t count_of(counted_by_statistics function, Relation table) {
    return DatumGetInt64(DirectFunctionCall1(function, ObjectIdGetDatum(RelationGetRelid(table))));
}

// As the planner does: so many on a page as there were when it was last counted.
double estimated_rows(Relation table, std::int64_t live_tuples) {
    const FormData_pg_class *counted = table->rd_rel;
    if (counted->relpages <= 0)
        return static_cast<double>(live_tuples);
    double pages = static_cast<double>(bytes_of_fork(table, MAIN_FORKNUM)) / BLCKSZ;
    return counted->reltuples / counted->relpages * pages;
}

bool add(table_sizes &to, Relation table) {
    if (table->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
        return true;
    std::int64_t live_tuples = count_of(pg_stat_get_live_tuples, table);
    to.rows += estimated_rows(table, live_tuples);
    to.live_tuples += live_tuples;
    to.dead_tuples += count_of(pg_stat_get_dead_tuples, table);
    to.table_bytes += bytes_of(table);
    return add_indexes(to.index_bytes, table) && add_toast(to.toast_bytes, table);
}

List *parts_of(Oid table) {
    return get_rel_relkind(table) == RELKIND_PARTITIONED_TABLE
               ? find_all_inheritors(table, NoLock, nullptr)
               : list_make1_oid(table);
}

}  // namespace

std::optional<table_sizes> sizes_of(Oid table) {
    table_sizes sizes;
    ListCell *each;
    foreach (each, parts_of(table))
        if (!look_at_once(lfirst_oid(each), [&](Relation part) { return add(sizes, part); }))
            return std::nullopt;
    return sizes;
}

}  // namespace kvstore
