#include "sweeping/owner.hpp"

namespace kvstore {

owner_identity become_owner(Relation table) {
    owner_identity before;
    GetUserIdAndSecContext(&before.user, &before.security_context);
    SetUserIdAndSecContext(table->rd_rel->relowner,
                           before.security_context | SECURITY_RESTRICTED_OPERATION);
    before.settings_level = NewGUCNestLevel();
    return before;
}

void check_constraints_at_once() {
    ConstraintsSetStmt *all = makeNode(ConstraintsSetStmt);
    AfterTriggerSetState(all);
}

void become_again(const owner_identity &before) {
    AtEOXact_GUC(false, before.settings_level);
    SetUserIdAndSecContext(before.user, before.security_context);
}

}  // namespace kvstore
