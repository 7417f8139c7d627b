#include "sweeping/sweep.hpp"

#include "store/statistics.hpp"
#include "sweeping/key_sweep.hpp"
#include "sweeping/page_sweep.hpp"

namespace kvstore {

bool has_pages(const store &in) {
    return in.table->rd_rel->relkind == RELKIND_RELATION &&
           in.table->rd_rel->relam == HEAP_TABLE_AM_OID && !pg::has_children(in.table) &&
           !has_virtual_columns(in.table) && !RELATION_IS_OTHER_TEMP(in.table);
}

sweep_result sweep(const store &in, const sweep_part &part) {
    if (in.detour == nullptr)
        CheckCmdReplicaIdentity(in.table, CMD_DELETE);
    sweep_result result = has_pages(in) ? sweep_pages(in, part) : sweep_keys(in, part);
    if (result.removed > 0)
        statistics::count(RelationGetRelid(in.table), counter::swept, result.removed);
    if (result.evicted > 0)
        statistics::count(RelationGetRelid(in.table), counter::evicted, result.evicted);
    return result;
}

}  // namespace kvstore
