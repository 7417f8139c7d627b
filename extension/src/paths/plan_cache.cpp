#include "paths/plan_cache.hpp"

namespace kvstore {

namespace {

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

SPIPlanPtr prepare(const plan_key &key, std::span<const Oid> types, int options) {
    const char *name =
        quote_qualified_identifier(NameStr(key.schema_name), NameStr(key.table_name));
    SPIPlanPtr plan = SPI_prepare_cursor(psprintf(key.sql, name), static_cast<int>(types.size()),
                                         const_cast<Oid *>(types.data()), options);
    if (plan == nullptr)
        elog(ERROR, "could not prepare \"%s\": %s", key.sql, SPI_result_code_string(SPI_result));
    SPI_keepplan(plan);
    return plan;
}

}  // namespace

SPIPlanPtr cached_plan(const store &on, const char *sql, std::span<const Oid> types, int options) {
    if (plans == nullptr)
        create_cache();
    plan_key key = key_of(on, sql);
    bool found;
    auto *slot = static_cast<cached *>(hash_search(plans, &key, HASH_ENTER, &found));
    if (!found)
        slot->plan = nullptr;
    if (slot->plan == nullptr)
        slot->plan = prepare(key, types, options);
    return slot->plan;
}

}  // namespace kvstore
