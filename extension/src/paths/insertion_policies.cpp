#include "paths/insertion_policies.hpp"

#include <array>

#include "paths/plan_cache.hpp"

namespace kvstore {

namespace {

constexpr const char *insertion = "INSERT INTO %1$s (key, value, expires) VALUES ($1, NULL, NULL)";

// The row that the insertion would store.
TupleTableSlot *row_of(EState *run, Relation into, Datum key) {
    TupleTableSlot *row = ExecInitExtraTupleSlot(run, RelationGetDescr(into), &TTSOpsVirtual);
    ExecClearTuple(row);
    for (int i = 0; i < row->tts_tupleDescriptor->natts; i++)
        row->tts_isnull[i] = i != 0;
    row->tts_values[0] = key;
    return ExecStoreVirtualTuple(row);
}

// As ExecWithCheckOptions(), but for a condition that is null, as it is with a constraint.
bool are_met(const ModifyTableState *insertion, Datum key) {
    const ResultRelInfo *into = insertion->resultRelInfo;
    EState *run = insertion->ps.state;
    ExprContext *context = GetPerTupleExprContext(run);
    context->ecxt_scantuple = row_of(run, into->ri_RelationDesc, key);
    bool met = true;
    ListCell *each;
    foreach (each, into->ri_WithCheckOptions) {
        auto *option = lfirst_node(WithCheckOption, each);
        if (option->kind != WCO_RLS_INSERT_CHECK)
            continue;
        Expr *condition = make_ands_explicit(reinterpret_cast<List *>(option->qual));
        auto *parent = const_cast<PlanState *>(&insertion->ps);
        met &= ExecCheck(ExecInitExpr(condition, parent), context);
    }
    return met;
}

bool is_insertion_into(const PlanState *planned, Oid table) {
    return IsA(planned, ModifyTableState) &&
           reinterpret_cast<const ModifyTableState *>(planned)->operation == CMD_INSERT &&
           RelationGetRelid(reinterpret_cast<const ModifyTableState *>(planned)
                                ->resultRelInfo->ri_RelationDesc) == table;
}

// The statement is begun and ended, but not run in between. Nothing if it is not what inserts into
// the table.
std::optional<bool> are_met(PlannedStmt *planned, Oid table, ParamListInfo parameters, Datum key) {
    QueryDesc *query = CreateQueryDesc(planned, insertion, GetActiveSnapshot(), InvalidSnapshot,
                                       None_Receiver, parameters, nullptr, 0);
    standard_ExecutorStart(query, EXEC_FLAG_SKIP_TRIGGERS);
    std::optional<bool> met;
    if (is_insertion_into(query->planstate, table))
        met = are_met(reinterpret_cast<ModifyTableState *>(query->planstate), key);
    standard_ExecutorFinish(query);
    standard_ExecutorEnd(query);
    FreeQueryDesc(query);
    return met;
}

}  // namespace

// Where a rule has another statement in the insertion's place, there is none that is admitted.
bool policies_admit(const store &to, Datum key) {
    SPI_connect();
    CommandCounterIncrement();
    PushActiveSnapshot(GetTransactionSnapshot());
    constexpr std::array<Oid, 1> types{TEXTOID};
    planned_statement all = plan({to, insertion, types, &key});
    bool met = false;
    ListCell *each;
    foreach (each, all.plan->stmt_list) {
        auto *one = lfirst_node(PlannedStmt, each);
        if (one->commandType != CMD_UTILITY)
            met = are_met(one, RelationGetRelid(to.table), all.parameters, key).value_or(met);
    }
    ReleaseCachedPlan(all.plan, CurrentResourceOwner);
    PopActiveSnapshot();
    SPI_finish();
    return met;
}

}  // namespace kvstore
