// The SQL functions about leases: the right to compute what others wait for, or to do what only
// one should. It ends when it is given back, or in time.
//
// Leases are entries of a store of their own, kv_leases, where no scan, count or limit of another
// meets them. Who may hold a lease is who may insert into the store that it is about, and under row
// security who may insert an entry of that key.

#include "functions/arguments.hpp"
#include "functions/ttl_argument.hpp"
#include "operations/operations.hpp"
#include "paths/insertion_policies.hpp"
#include "server/utility.hpp"
#include "store/leases.hpp"

namespace kvstore {

namespace {

using operations::del_if;
using operations::set_nx;

// Keys of every length, of all stores: the store's OID and a digest.
Datum lease_key(Oid store, Datum key) {
    Datum digest = DirectFunctionCall1(sha256_bytea, key);
    Datum digits = DirectFunctionCall2(binary_encode, digest, CStringGetTextDatum("hex"));
    return CStringGetTextDatum(psprintf("%u:%s", store, TextDatumGetCString(digits)));
}

void require_leasable(const store &in, Datum key) {
    Oid table = RelationGetRelid(in.table);
    require_privilege(table, ACL_INSERT);
    if (check_enable_rls(table, InvalidOid, true) == RLS_ENABLED && !policies_admit(in, key))
        ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                        errmsg("lease violates row-level security policy for table \"%s\"",
                               RelationGetRelationName(in.table))));
}

// The store that the lease is about, if the caller may have one of that key there.
Oid leasable_store_argument(FunctionCallInfo fcinfo, const intent &what, Datum key) {
    return with_store(store_argument(fcinfo), what, [&](const store &about) {
        require_leasable(about, key);
        return RelationGetRelid(about.table);
    });
}

// Carries the operation out on the lease of the first argument, with the second for a token.
bool perform_on_lease(FunctionCallInfo fcinfo, const operation &op, const lifetime &lives) {
    keep_launcher_running();
    Datum key = key_argument(fcinfo);
    Datum token = value_argument(fcinfo, 1, "token");
    Oid about = leasable_store_argument(fcinfo, op.what, key);
    request asked{.key = lease_key(about, key), .value = token, .lives = lives, .expected = token};

    store leases = *open_leases(op.what);
    bool applied = perform(op, leases, asked).applied;
    close_store(leases);
    return applied;
}

template <class Ttl>
Datum kv_lease_as(FunctionCallInfo fcinfo) {
    PG_RETURN_BOOL(
        perform_on_lease(fcinfo, set_nx.called("kv_lease()"), ttl_argument<Ttl>(fcinfo, 2)));
}

}  // namespace

KV_SQL_FUNCTION_FOR_EACH_TTL(kv_lease, kv_lease_as)

KV_SQL_FUNCTION(kv_release) {
    PG_RETURN_BOOL(perform_on_lease(fcinfo, del_if.called("kv_release()"), {}));
}

}  // namespace kvstore
