#include "sweeping/subscription.hpp"

namespace kvstore {

namespace {

bool is_filled(Oid table) {
    CatCList *found = SearchSysCacheList1(SUBSCRIPTIONRELMAP, ObjectIdGetDatum(table));
    bool any = found->n_members > 0;
    ReleaseSysCacheList(found);
    return any;
}

}  // namespace

bool is_subscribed(Relation table) {
    Oid relid = RelationGetRelid(table);
    if (is_filled(relid))
        return true;
    if (!table->rd_rel->relhassubclass)
        return false;
    ListCell *each;
    foreach (each, find_all_inheritors(relid, NoLock, nullptr))
        if (is_filled(lfirst_oid(each)))
            return true;
    return false;
}

}  // namespace kvstore
