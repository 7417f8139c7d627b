#include "paths/plan_cache.hpp"

#include <algorithm>
#include <array>

#include "server/errors.hpp"

namespace kvstore {

namespace {

constexpr int most_parameters = 7;

// All that a plan's text and parameters are made of. PostgreSQL plans anew when a
// table changes; it cannot know that a name in the text is another table's by now.
struct plan_key {
    const char *sql;
    Oid table;
    Oid value_type;
    NameData schema_name;
    NameData table_name;
};

struct cached {
    plan_key key;
    SPIPlanPtr plan;  // nullptr if it could not be prepared yet
    std::array<Oid, most_parameters> types;
    int type_count;
};

constexpr long most_plans = 512;

HTAB *plans = nullptr;

// Only between transactions is no plan in use: a trigger may call us from within one.
void forget_all_if_many(XactEvent event, void *) {
    if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE)
        return;
    if (hash_get_num_entries(plans) <= most_plans)
        return;
    HASH_SEQ_STATUS all;
    hash_seq_init(&all, plans);
    while (auto *each = static_cast<cached *>(hash_seq_search(&all))) {
        if (each->plan != nullptr)
            SPI_freeplan(each->plan);
        hash_search(plans, &each->key, HASH_REMOVE, nullptr);
    }
}

void create_cache() {
    HASHCTL how = {};
    how.keysize = sizeof(plan_key);
    how.entrysize = sizeof(cached);
    how.hcxt = CacheMemoryContext;
    plans = hash_create("kvstore plans", 64, &how, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
    RegisterXactCallback(forget_all_if_many, nullptr);
}

plan_key key_of(const store &on, const char *sql) {
    plan_key key;
    memset(&key, 0, sizeof(key));  // the padding is hashed, too
    key.sql = sql;
    key.table = RelationGetRelid(on.table);
    key.value_type = value_type(on.kind);
    namestrcpy(&key.schema_name, get_namespace_name(RelationGetNamespace(on.table)));
    namestrcpy(&key.table_name, RelationGetRelationName(on.table));
    return key;
}

// --- The table that is meant ---
//
// A schema can be renamed while we hold a lock on the table, and its name given to another. So each
// time a statement is analyzed, its tables are compared with the one that it was made for.

struct pinned {
    const cached *plan;
    ParseParamRefHook find_parameter;  // PostgreSQL's, and its state
    void *parameters;
};

void require_table(const ParseState *state, const plan_key &key) {
    for (; state != nullptr; state = state->parentParseState) {
        ListCell *each;
        foreach (each, state->p_rtable) {
            auto *entry = lfirst_node(RangeTblEntry, each);
            if (entry->rtekind == RTE_RELATION && entry->relid != key.table)
                raise_no_such_table(key.table);
        }
    }
}

Node *require_table_of_column(ParseState *state, ColumnRef *) {
    require_table(state, static_cast<pinned *>(state->p_ref_hook_state)->plan->key);
    return nullptr;
}

Node *require_table_of_parameter(ParseState *state, ParamRef *parameter) {
    auto *pin = static_cast<pinned *>(state->p_ref_hook_state);
    require_table(state, pin->plan->key);
    state->p_ref_hook_state = pin->parameters;
    Node *found = pin->find_parameter(state, parameter);
    state->p_ref_hook_state = pin;
    return found;
}

void pin_table(ParseState *state, void *argument) {
    auto *plan = static_cast<cached *>(argument);
    setup_parse_fixed_parameters(state, plan->types.data(), plan->type_count);
    auto *pin = static_cast<pinned *>(palloc(sizeof(pinned)));
    *pin = {plan, state->p_paramref_hook, state->p_ref_hook_state};
    state->p_ref_hook_state = pin;
    state->p_paramref_hook = require_table_of_parameter;
    state->p_pre_columnref_hook = require_table_of_column;
}

// --- A plan ---

SPIPlanPtr prepare(cached *slot, int options) {
    const plan_key &key = slot->key;
    const char *name =
        quote_qualified_identifier(NameStr(key.schema_name), NameStr(key.table_name));
    SPIPlanPtr plan = SPI_prepare_params(psprintf(key.sql, name), pin_table, slot, options);
    if (plan == nullptr)
        elog(ERROR, "could not prepare \"%s\": %s", key.sql, SPI_result_code_string(SPI_result));
    SPI_keepplan(plan);
    return plan;
}

SPIPlanPtr plan_of(const statement &what) {
    if (plans == nullptr)
        create_cache();
    plan_key key = key_of(what.on, what.sql);
    bool found;
    auto *slot = static_cast<cached *>(hash_search(plans, &key, HASH_ENTER, &found));
    if (!found)
        slot->plan = nullptr;
    if (slot->plan == nullptr) {
        slot->type_count = static_cast<int>(what.types.size());
        std::copy(what.types.begin(), what.types.end(), slot->types.begin());
        slot->plan = prepare(slot, what.options);
    }
    return slot->plan;
}

ParamListInfo parameters_of(const statement &what) {
    auto count = static_cast<int>(what.types.size());
    ParamListInfo list = makeParamList(count);
    for (int i = 0; i < count; i++) {
        ParamExternData &each = list->params[i];
        each.value = what.values[i];
        each.isnull = what.nulls != nullptr && what.nulls[i] == 'n';
        each.pflags = PARAM_FLAG_CONST;
        each.ptype = what.types[i];
    }
    return list;
}

}  // namespace

int execute(const statement &what, bool read_only) {
    return SPI_execute_plan_with_paramlist(plan_of(what), parameters_of(what), read_only, 0);
}

Portal open_cursor(const statement &what) {
    return SPI_cursor_open_with_paramlist(nullptr, plan_of(what), parameters_of(what), true);
}

planned_statement plan(const statement &what) {
    CachedPlan *found = SPI_plan_get_cached_plan(plan_of(what));
    if (found == nullptr)
        elog(ERROR, "could not plan \"%s\"", what.sql);
    return {found, parameters_of(what)};
}

}  // namespace kvstore
