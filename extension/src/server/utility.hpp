// Commands that SQL has for tables, as a whole.
#pragma once

#include "server/postgres.hpp"

namespace kvstore {

// The table's name as SQL writes it, with its schema.
const char *qualified_name(Oid table);

// Raises 42501 as SQL words it.
void require_privilege(Oid table, AclMode privilege);

// Runs a command that returns nothing.
void execute_utility(const char *sql);

}  // namespace kvstore
