// Acting as the owner of a table, for work that may run what that role has planted there: triggers,
// functions of indexes, policies.
#pragma once

#include "server/postgres.hpp"

namespace kvstore {

struct owner_identity {
    Oid user;
    int security_context;
    int settings_level;
};

// As autovacuum does, in a security-restricted operation: whatever code of the owner does, it
// does with those rights, and cannot get at those of the session. Settings that it changes are
// as before afterwards. An error undoes all of that, with the (sub)transaction.
owner_identity become_owner(Relation table);
void become_again(const owner_identity &before);

// For the rest of the transaction: what is deferred to its end cannot be done as another user.
void check_constraints_at_once();

}  // namespace kvstore
