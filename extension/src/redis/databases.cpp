#include "redis/databases.hpp"

#include "rules/redis_stores.hpp"
#include "server/settings.hpp"
#include "store/entry_types.hpp"

namespace kvstore::redis {

int number_of_databases() {
    return static_cast<int>(count_names(settings::redis_stores));
}

std::optional<const char *> name_of_database(int n) {
    std::optional<std::string_view> name =
        nth_name(settings::redis_stores, static_cast<std::size_t>(n));
    if (!name)
        return std::nullopt;
    return pnstrdup(name->data(), name->size());
}

namespace {

// nullptr if it is no name.
RangeVar *parse(const char *name) {
    List *parts = NIL;
    if (!SplitIdentifierString(pstrdup(name), '.', &parts) || parts == NIL ||
        list_length(parts) > 2)
        return nullptr;
    List *names = NIL;
    ListCell *each;
    foreach (each, parts)
        names = lappend(names, makeString(static_cast<char *>(lfirst(each))));
    return makeRangeVarFromNameList(names);
}

}  // namespace

Oid find_store(const char *name) {
    RangeVar *parsed = parse(name);
    return parsed == nullptr ? InvalidOid : RangeVarGetRelid(parsed, NoLock, true);
}

Oid find_and_lock_store(const char *name, LOCKMODE lock, bool waits,
                        RangeVarGetRelidCallback before_lock) {
    RangeVar *parsed = parse(name);
    uint32 flags = waits ? RVR_MISSING_OK : RVR_MISSING_OK | RVR_SKIP_LOCKED;
    return parsed == nullptr ? InvalidOid
                             : RangeVarGetRelidExtended(parsed, lock, flags, before_lock, nullptr);
}

bool is_of_entry_type(Oid table) {
    HeapTuple row = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
    if (!HeapTupleIsValid(row))
        return false;
    Oid type = reinterpret_cast<Form_pg_class>(GETSTRUCT(row))->reloftype;
    ReleaseSysCache(row);
    return kind_of_entry_type(type).has_value();
}

}  // namespace kvstore::redis
