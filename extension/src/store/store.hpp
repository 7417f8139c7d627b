// A store, opened: the table, its primary key, and how it may be reached.
#pragma once

#include <optional>
#include <type_traits>

#include "server/postgres.hpp"
#include "store/entry_types.hpp"

namespace kvstore {

// What a call is about to do with a store.
struct intent {
    const char *function;             // as the user knows it, for error messages
    AclMode privileges;               // that the equivalent SQL needs on the table
    LOCKMODE stronger_lock = NoLock;  // than SQL takes to read and to write; the privilege, one
                                      // alone, is asked for before it
    bool meets_entries = true;        // or just looks at the table
    bool takes_snapshot = true;       // for a read, where the statement's is too old; or the caller
                                      // takes one for each, once the store is open

    constexpr bool writes() const { return (privileges & ~ACL_SELECT) != 0; }
    constexpr LOCKMODE lock() const {
        return stronger_lock != NoLock ? stronger_lock
               : writes()              ? RowExclusiveLock
                                       : AccessShareLock;
    }
};

// On the fast path the table is worked on through its access methods. Where that
// would bypass anything that SQL does with the table, or allow anything that SQL
// forbids, there is a detour: SQL itself.
struct store {
    Relation table;
    Relation key_index;  // the primary key's, on key alone
    value_kind kind;
    const char *detour = nullptr;  // why not the fast path; nullptr on it
    bool has_snapshot = false;     // its own, the active one, to be read with
};

// Whether columns are computed when a row is read, and not kept in it.
bool has_virtual_columns(Relation table);

// Why calls with that intent do not take the fast path; nullptr if they do.
const char *find_detour(const store &opened, const intent &what);

// Why nobody's writes do, whatever is set and may be done; nullptr if they can.
const char *find_detour_of_anybody(const store &opened);

// Raises 42501 if one of these is missing, as SQL words it, which asks for it though no row be met:
// on the table, or on the columns that it is needed on.
void require_privileges(const store &opened, AclMode privileges);

// Whether open_store() would take `table` for a store.
bool is_store(Relation table);

// Locks the store until the end of the transaction. OID 0 is the default store: whatever table has
// its name then, though it was another one before somebody was waited for. The store's OID.
Oid lock_store(Oid relid, const intent &what);

// Opens the store, OID 0 likewise, and locks it as the equivalent SQL would, until the end of the
// transaction. Errors: 42P01, 42809 if it is not a store, 42501 without USAGE on its
// schema, 25006 for a write where none may be, 0A000 for an unlogged store on a standby
// and a temporary one in a parallel worker. A lack of privileges on the table is a detour:
// SQL tells column privileges and words the error.
store open_store(Oid relid, const intent &what);

// The same for a store given by its OID, or nothing if a lock cannot be had at once.
std::optional<store> open_store_at_once(Oid relid, const intent &what);

void close_store(const store &opened);

// Opens the store, has `use` use it, closes it.
template <class Use>
auto with_store(Oid relid, const intent &what, Use use) {
    store opened = open_store(relid, what);
    if constexpr (std::is_void_v<decltype(use(opened))>) {
        use(opened);
        close_store(opened);
    } else {
        auto result = use(opened);
        close_store(opened);
        return result;
    }
}

}  // namespace kvstore
