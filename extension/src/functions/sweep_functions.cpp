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

// Whether nothing but this call is in the statement that the client has sent: SELECT kv_sweep(..).
// The unnamed portal is never that of a statement within another; but a function that is called
// from there has memory of its own.
bool is_whole_statement(FunctionCallInfo fcinfo) {
    Portal sent = ActivePortal;
    if (sent == nullptr || sent->name[0] != '\0' || sent->queryDesc == nullptr ||
        fcinfo->flinfo->fn_mcxt != sent->queryDesc->estate->es_query_cxt)
        return false;
    const PlannedStmt *statement = sent->queryDesc->plannedstmt;
    Plan *plan = statement->planTree;
    if (!IsA(plan, Result) || outerPlan(plan) != nullptr || statement->subplans != NIL ||
        castNode(Result, plan)->resconstantqual != nullptr || list_length(plan->targetlist) != 1)
        return false;
    Expr *only = linitial_node(TargetEntry, plan->targetlist)->expr;
    if (!IsA(only, FuncExpr))
        return false;
    auto *call = castNode(FuncExpr, only);
    return call->funcid == fcinfo->flinfo->fn_oid &&
           !contain_volatile_functions(reinterpret_cast<Node *>(call->args));
}

// For the error of one entry to be that of its removal, and not of the commit. What else is in a
// transaction may rely on constraints being deferred; so only in one of our own, which then ends
// with the statement, in a pipeline, too.
void check_constraints_if_alone(FunctionCallInfo fcinfo) {
    if (!is_whole_statement(fcinfo) || IsInTransactionBlock(true))
        return;
    PreventInTransactionBlock(true, "kv_sweep()");
    check_constraints_at_once();
}

int64 sweep_as_owner(Relation table, int64 most) {
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
    check_constraints_if_alone(fcinfo);
    int64 removed = acts_as_owner(table) ? sweep_as_owner(table, most) : sweep_at_most(relid, most);
    relation_close(table, NoLock);
    PG_RETURN_INT64(removed);
}

}  // namespace kvstore
