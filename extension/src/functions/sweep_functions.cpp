// The SQL functions about sweeping.

#include "functions/arguments.hpp"
#include "sweeping/owner.hpp"
#include "sweeping/sweep.hpp"

namespace kvstore {

namespace {

// Whether the caller has all rights of the table's owner, and other rights besides, which
// what the owner has planted there is not to get.
bool acts_as_owner(Relation table) {
    Oid owner = table->rd_rel->relowner;
    return owner != GetUserId() && has_privs_of_role(GetUserId(), owner);
}

int64 sweep_at_most(Oid relid, int64 most) {
    return with_store(relid, sweeping,
                      [&](const store &in) { return sweep(in, {.most_rows = most}).removed; });
}

// What a part of the transaction did before, or is to do yet, may rely on constraints being
// deferred. Whether a function has called us, SPI knows: it is connected then, but says so only in
// passing.
bool is_transaction_of_its_own() {
    bool in_function = SPI_unregister_relation("") != SPI_ERROR_UNCONNECTED;
    return !IsInTransactionBlock(!in_function);
}

int64 sweep_as_owner(Relation table, int64 most) {
    if (is_transaction_of_its_own())
        check_constraints_at_once();
    owner_identity before = become_owner(table);
    int64 removed = sweep_at_most(RelationGetRelid(table), most);
    become_again(before);
    return removed;
}

}  // namespace

KV_SQL_FUNCTION(kv_sweep) {
    int64 most =
        most_argument(fcinfo, 0, "max_rows", "Without it, all expired entries are removed.");
    keep_launcher_running();
    Oid relid = lock_store(store_argument(fcinfo), sweeping);
    Relation table = pg::open_locked_relation(relid);
    if (table == nullptr)
        raise_no_such_table(relid);
    int64 removed = acts_as_owner(table) ? sweep_as_owner(table, most) : sweep_at_most(relid, most);
    relation_close(table, NoLock);
    PG_RETURN_INT64(removed);
}

}  // namespace kvstore
