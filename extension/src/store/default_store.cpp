#include "store/default_store.hpp"

#include "server/errors.hpp"
#include "store/entry_types.hpp"

namespace kvstore {

namespace {

Oid known = InvalidOid;  // until it is looked up

// It was dropped, renamed or moved.
void forget_table(Datum, Oid table) {
    if (!OidIsValid(table) || table == known)
        known = InvalidOid;
}

// The extension, whose types say where it is, may have come to another schema.
void forget(Datum, int, uint32) {
    known = InvalidOid;
}

void listen_once() {
    static bool listening = false;
    if (listening)
        return;
    CacheRegisterRelcacheCallback(forget_table, 0);
    CacheRegisterSyscacheCallback(TYPEOID, forget, 0);
    listening = true;
}

Oid look_up() {
    Oid schema = extension_schema();
    Oid found = get_relname_relid(default_store_name, schema);
    if (!OidIsValid(found))
        raise_no_default_store(
            quote_qualified_identifier(get_namespace_name(schema), default_store_name));
    return found;
}

Oid look_up_unless_known() {
    if (!OidIsValid(known))
        known = look_up();
    return known;
}

}  // namespace

Oid default_store() {
    listen_once();
    AcceptInvalidationMessages();  // as SQL does when it looks a name up
    return look_up_unless_known();
}

bool is_default_store(Oid table) {
    return look_up_unless_known() == table;
}

}  // namespace kvstore
