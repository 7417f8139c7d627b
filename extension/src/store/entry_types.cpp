#include "store/entry_types.hpp"

#include <array>

namespace kvstore {

namespace {

struct known_type {
    const char *name;
    value_kind kind;
    Oid oid;      // InvalidOid until it is looked up
    uint32 hash;  // of its syscache entry
};

std::array<known_type, 2> known_types{{
    {"kv_entry", value_kind::text, InvalidOid, 0},
    {"kv_entry_bytea", value_kind::bytes, InvalidOid, 0},
}};

// Forgets what DROP EXTENSION or ALTER TYPE may have changed.
void forget_type(Datum, int, uint32 hash) {
    for (known_type &known : known_types)
        if (hash == 0 || hash == known.hash)
            known.oid = InvalidOid;
}

bool belongs_to_extension(Oid type) {
    Oid extension = get_extension_oid("kvstore", true);
    return OidIsValid(extension) && getExtensionOfObject(TypeRelationId, type) == extension;
}

// The extension's type of that name, in whichever schema it is.
Oid find_type(const char *name) {
    Oid found = InvalidOid;
    CatCList *types = SearchSysCacheList1(TYPENAMENSP, CStringGetDatum(name));
    for (int i = 0; i < types->n_members && !OidIsValid(found); i++) {
        Oid type = reinterpret_cast<Form_pg_type>(GETSTRUCT(&types->members[i]->tuple))->oid;
        if (belongs_to_extension(type))
            found = type;
    }
    ReleaseSysCacheList(types);
    return found;
}

void look_up(known_type &known) {
    static bool listening = false;
    if (!listening) {
        CacheRegisterSyscacheCallback(TYPEOID, forget_type, 0);
        listening = true;
    }
    Oid oid = find_type(known.name);
    if (OidIsValid(oid)) {
        known.hash = GetSysCacheHashValue1(TYPEOID, ObjectIdGetDatum(oid));
        known.oid = oid;
    }
}

}  // namespace

std::optional<value_kind> kind_of_entry_type(Oid type) {
    if (!OidIsValid(type))
        return std::nullopt;
    for (const known_type &known : known_types)
        if (known.oid == type)
            return known.kind;
    for (known_type &known : known_types) {
        if (!OidIsValid(known.oid))
            look_up(known);
        if (known.oid == type)
            return known.kind;
    }
    return std::nullopt;
}

Oid entry_type(value_kind kind) {
    for (known_type &known : known_types)
        if (known.kind == kind) {
            if (!OidIsValid(known.oid))
                look_up(known);
            return known.oid;
        }
    return InvalidOid;
}

Oid extension_schema() {
    HeapTuple type = SearchSysCache1(TYPEOID, ObjectIdGetDatum(entry_type(value_kind::text)));
    if (!HeapTupleIsValid(type))
        elog(ERROR, "kvstore is not installed in this database");
    Oid schema = reinterpret_cast<Form_pg_type>(GETSTRUCT(type))->typnamespace;
    ReleaseSysCache(type);
    return schema;
}

}  // namespace kvstore
