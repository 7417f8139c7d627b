// The SQL functions on many keys at once.

#include <span>

#include "functions/result_rows.hpp"
#include "functions/ttl_argument.hpp"
#include "operations/batch.hpp"
#include "operations/operations.hpp"
#include "server/scratch_memory.hpp"

namespace kvstore {

namespace {

struct varlena_array {
    Datum *elements;
    bool *nulls;
    int count;
};

// The elements are of text or bytea, which are alike.
varlena_array array_argument(FunctionCallInfo fcinfo, int number, const char *name) {
    varlena_array result;
    ArrayType *array = DatumGetArrayTypeP(required(fcinfo, number, name));
    deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_INT, &result.elements,
                      &result.nulls, &result.count);
    return result;
}

void refuse_nulls(const varlena_array &array, const char *what) {
    for (int i = 0; i < array.count; i++)
        if (array.nulls[i])
            raise_null(what);
}

// The first argument, of a function that writes.
varlena_array keys_argument(FunctionCallInfo fcinfo) {
    varlena_array keys = array_argument(fcinfo, 0, "keys");
    refuse_nulls(keys, "a key");
    for (int i = 0; i < keys.count; i++)
        keys.elements[i] = checked_key(keys.elements[i]);
    return keys;
}

// The first two arguments.
std::span<pair> pairs_argument(FunctionCallInfo fcinfo) {
    varlena_array keys = keys_argument(fcinfo);
    varlena_array values = array_argument(fcinfo, 1, "values");
    refuse_nulls(values, "a value");
    if (keys.count != values.count)
        ereport(ERROR,
                (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
                 errmsg("keys and values differ in number: %d and %d", keys.count, values.count),
                 errhint("Each key of the first array belongs to the value at its position in the "
                         "second.")));
    auto *pairs = static_cast<pair *>(palloc(sizeof(pair) * (keys.count + 1)));
    for (int i = 0; i < keys.count; i++)
        pairs[i] = {keys.elements[i], values.elements[i], i};
    return {pairs, static_cast<std::size_t>(keys.count)};
}

// Has `store_them` store the pairs of the first two arguments.
template <class Ttl, class Store>
auto store_pairs(FunctionCallInfo fcinfo, const char *function, value_kind given,
                 Store store_them) {
    std::span<pair> pairs = pairs_argument(fcinfo);
    lifetime lives = ttl_argument<Ttl>(fcinfo, 2);
    intent storing = operations::set.called(function).what;
    return with_store_argument(fcinfo, storing, [&](const store &in) {
        for (const pair &each : pairs)
            require_admitted(in, each.value, given);
        return store_them(in, pairs, lives);
    });
}

template <class Ttl = no_ttl>
Datum kv_mset_as(FunctionCallInfo fcinfo, value_kind given) {
    const char *function = given == value_kind::text ? "kv_mset()" : "kv_mset_bytes()";
    PG_RETURN_INT64(store_pairs<Ttl>(fcinfo, function, given, store_all));
}

template <class Ttl = no_ttl>
Datum kv_mset_nx_as(FunctionCallInfo fcinfo, value_kind given) {
    const char *function = given == value_kind::text ? "kv_mset_nx()" : "kv_mset_nx_bytes()";
    PG_RETURN_BOOL(store_pairs<Ttl>(fcinfo, function, given, store_all_if_absent));
}

// NULLs stand as empty keys, which are not to be read.
std::span<Datum> keys_or_empty(const varlena_array &keys) {
    Datum empty = CStringGetTextDatum("");
    for (int i = 0; i < keys.count; i++)
        keys.elements[i] = keys.nulls[i] ? empty : checked_key(keys.elements[i]);
    return {keys.elements, static_cast<std::size_t>(keys.count)};
}

// In the order in which they were asked for, which spares keeping the values.
Datum kv_mget_as(FunctionCallInfo fcinfo, value_kind wanted) {
    constexpr intent reading{"kv_mget()", ACL_SELECT};
    varlena_array array = array_argument(fcinfo, 0, "keys");
    std::span<Datum> keys = keys_or_empty(array);
    result_rows<2> rows(fcinfo);
    with_store_argument(fcinfo, reading, [&](const store &from) {
        batch_reader reader(from, keys);
        scratch_memory scratch;
        for (std::size_t i = 0; i < keys.size(); i++)
            scratch.use([&] {
                CHECK_FOR_INTERRUPTS();
                std::optional<entry> found;
                if (!array.nulls[i])
                    found = reader.read(i);
                Datum value = 0;
                if (found)
                    value = value_result(fcinfo, found->value, from.kind, wanted);
                rows.add({keys[i], value}, {array.nulls[i], !found});
            });
        scratch.free();
    });
    return 0;
}

}  // namespace

KV_SQL_FUNCTION(kv_mset) {
    return kv_mset_as<>(fcinfo, value_kind::text);
}
KV_SQL_FUNCTION(kv_mset_bytes) {
    return kv_mset_as<>(fcinfo, value_kind::bytes);
}
KV_SQL_FUNCTION_FOR_EACH_TTL(kv_mset, kv_mset_as, value_kind::text)
KV_SQL_FUNCTION_FOR_EACH_TTL(kv_mset_bytes, kv_mset_as, value_kind::bytes)

KV_SQL_FUNCTION(kv_mset_nx) {
    return kv_mset_nx_as<>(fcinfo, value_kind::text);
}
KV_SQL_FUNCTION(kv_mset_nx_bytes) {
    return kv_mset_nx_as<>(fcinfo, value_kind::bytes);
}
KV_SQL_FUNCTION_FOR_EACH_TTL(kv_mset_nx, kv_mset_nx_as, value_kind::text)
KV_SQL_FUNCTION_FOR_EACH_TTL(kv_mset_nx_bytes, kv_mset_nx_as, value_kind::bytes)

KV_SQL_FUNCTION(kv_mdel) {
    varlena_array keys = keys_argument(fcinfo);
    intent removing = operations::del.called("kv_mdel()").what;
    PG_RETURN_INT64(with_store_argument(fcinfo, removing, [&](const store &in) {
        return remove_all(in, {keys.elements, static_cast<std::size_t>(keys.count)});
    }));
}

KV_SQL_FUNCTION(kv_mget) {
    return kv_mget_as(fcinfo, value_kind::text);
}
KV_SQL_FUNCTION(kv_mget_bytes) {
    return kv_mget_as(fcinfo, value_kind::bytes);
}

}  // namespace kvstore
