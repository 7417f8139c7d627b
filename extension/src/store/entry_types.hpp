// The extension's two composite types, kv_entry and kv_entry_bytea: a table of
// one of them is a store, and which one says how its values are kept.
#pragma once

#include <cstdint>
#include <optional>

#include "server/postgres.hpp"

namespace kvstore {

enum class value_kind : std::uint8_t { text, bytes };

// The type of the column `value`.
constexpr Oid value_type(value_kind kind) {
    return kind == value_kind::text ? TEXTOID : BYTEAOID;
}

// How tables of composite type `type` keep their values; nothing if the type is
// not the extension's.
std::optional<value_kind> kind_of_entry_type(Oid type);

// The composite type of stores of `kind`; InvalidOid if the extension is not
// installed in this database.
Oid entry_type(value_kind kind);

// The schema that the extension was created in.
Oid extension_schema();

}  // namespace kvstore
