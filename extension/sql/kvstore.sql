-- kvstore: key-value stores with expiry.
--
-- A store is a table of one of the two types below; the functions work on any of
-- them, on kv_store unless told otherwise.
--
-- This runs as the bootstrap superuser, in a schema where others may have put what they
-- like, and so does what it creates, as whoever uses it. So each name has its schema,
-- operators too, and functions of ours are called with all their arguments, of exactly their
-- types. IN, BETWEEN, NULLIF and CASE x WHEN y look an operator up by its mere name.
--
-- make expands each FUNCTION statement to CREATE FUNCTION and COMMENT, one for each type of
-- what is in capitals: see functions.awk.

\echo Use "CREATE EXTENSION kvstore" to load this file. \quit

CREATE TYPE @extschema@.kv_entry AS (key pg_catalog.text COLLATE pg_catalog."C", value pg_catalog.text, expires pg_catalog.timestamptz);
COMMENT ON TYPE @extschema@.kv_entry IS 'row of a store whose values are text';

CREATE TYPE @extschema@.kv_entry_bytea AS (key pg_catalog.text COLLATE pg_catalog."C", value pg_catalog.bytea, expires pg_catalog.timestamptz);
COMMENT ON TYPE @extschema@.kv_entry_bytea IS 'row of a store whose values are bytes';

-- Stores

FUNCTION kv_create_store(name text, logged boolean DEFAULT false, value_type regtype DEFAULT 'pg_catalog.text') RETURNS regclass VOLATILE
IS 'creates a store, unlogged unless asked otherwise, owned by the caller';

-- kv_store is a table of the extension's owner and no member of the extension: pg_dump dumps
-- it like any other, and where a dump is restored, it is the dump that creates it.
CREATE FUNCTION @extschema@.kv_create_default_store(owner pg_catalog.text)
RETURNS pg_catalog.void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
SELECT @extschema@.kv_create_default_store('@extowner@'::pg_catalog.text);
DROP FUNCTION @extschema@.kv_create_default_store(pg_catalog.text);

FUNCTION kv_detour(store) RETURNS text STABLE STRICT PARALLEL SAFE
IS 'why your writes to the store go through SQL; null if they take the fast path';

-- Reading. A null key gives null.

FUNCTION kv_get(key text, store) RETURNS text STABLE STRICT PARALLEL SAFE
IS 'the live value of the key, else null';

FUNCTION kv_get_bytes(key text, store) RETURNS bytea STABLE STRICT PARALLEL SAFE
IS 'the live value of the key as bytes, else null';

FUNCTION kv_mget(keys text[], store) RETURNS TABLE (key text, value text) STABLE STRICT PARALLEL SAFE
IS 'each key in the order given, with its live value, else null';

FUNCTION kv_mget_bytes(keys text[], store) RETURNS TABLE (key text, value bytea) STABLE STRICT PARALLEL SAFE
IS 'each key in the order given, with its live value as bytes, else null';

FUNCTION kv_exists(key text, store) RETURNS boolean STABLE STRICT PARALLEL SAFE
IS 'whether the key has a live entry';

FUNCTION kv_ttl(key text, store) RETURNS interval STABLE STRICT PARALLEL SAFE
IS 'time left to the entry; null if it is not live or does not expire';

FUNCTION kv_expires(key text, store) RETURNS timestamptz STABLE STRICT PARALLEL SAFE
IS 'when the entry expires, infinity if never; null if it is not live';

FUNCTION kv_scan(prefix text DEFAULT '', after text DEFAULT NULL, max integer DEFAULT 1000, store) RETURNS TABLE (key text, value text, expires timestamptz) STABLE PARALLEL SAFE
IS 'live entries whose keys have that prefix, in key order, from after a key on; at most so many, all if null';

FUNCTION kv_scan_bytes(prefix text DEFAULT '', after text DEFAULT NULL, max integer DEFAULT 1000, store) RETURNS TABLE (key text, value bytea, expires timestamptz) STABLE PARALLEL SAFE
IS 'live entries whose keys have that prefix, values as bytes, in key order, from after a key on; at most so many, all if null';

FUNCTION kv_count(prefix text DEFAULT '', store) RETURNS bigint STABLE STRICT PARALLEL SAFE
IS 'how many live entries there are whose keys have that prefix';

-- Storing. A null is an error.

FUNCTION kv_set(key text, value VALUE, store) RETURNS void VOLATILE
IS 'stores a value without expiry';

FUNCTION kv_set_ex(key text, value VALUE, ttl TTL, store) RETURNS void VOLATILE
IS 'stores a value that expires';

FUNCTION kv_set_keepttl(key text, value VALUE, store) RETURNS void VOLATILE
IS 'stores a value and keeps the expiry of a live entry; without one it does not expire';

FUNCTION kv_set_nx(key text, value VALUE [, ttl TTL], store) RETURNS boolean VOLATILE
IS 'stores a value {that expires|without expiry} if the key has no live entry; whether it did';

FUNCTION kv_set_xx(key text, value VALUE [, ttl TTL], store) RETURNS boolean VOLATILE
IS 'stores a value {that expires|without expiry} if the key has a live entry; whether it did';

FUNCTION kv_get_set(key text, value VALUE, store) RETURNS VALUE VOLATILE
IS 'stores a value without expiry; the live value that it replaced, else null';

FUNCTION kv_cas(key text, expected VALUE, value VALUE [, ttl TTL], store) RETURNS boolean VOLATILE
IS 'stores a value{ that expires|, keeping the expiry}, if the live value is the expected one, or if there is none and null is expected; whether it did';

FUNCTION kv_incr(key text, by BY [, ttl TTL], store) RETURNS bigint VOLATILE
IS 'adds to a counter, which starts at 0{ and then expires|}, and keeps its expiry; the sum';

FUNCTION kv_incr_float(key text, by REAL [, ttl TTL], store) RETURNS numeric VOLATILE
IS 'adds to a number, which starts at 0{ and then expires|}, and keeps its expiry; the sum, as INCRBYFLOAT of Redis reckons';

FUNCTION kv_append(key text, value VALUE, store) RETURNS bigint VOLATILE
IS 'adds to the end of a value, which starts empty, and keeps its expiry; the length in bytes';

FUNCTION kv_rate_limit(key text, max bigint, period TTL, cost bigint DEFAULT 1, OUT allowed boolean, OUT count bigint, OUT remaining bigint, OUT resets timestamptz, store) VOLATILE
IS 'whether a call is allowed, of which there may be so many in a period, which begins with the first; counts it if it is';

FUNCTION kv_mset(keys text[], "values" text[] [, ttl TTL], store) RETURNS bigint VOLATILE
IS 'stores each value under the key at its position, {to expire|without expiry}; the number of distinct keys';

FUNCTION kv_mset_bytes(keys text[], "values" bytea[] [, ttl TTL], store) RETURNS bigint VOLATILE
IS 'stores each value under the key at its position, {to expire|without expiry}; the number of distinct keys';

FUNCTION kv_mset_nx(keys text[], "values" text[] [, ttl TTL], store) RETURNS boolean VOLATILE
IS 'stores each value under the key at its position, {to expire|without expiry}, if no key has a live entry; whether it did';

FUNCTION kv_mset_nx_bytes(keys text[], "values" bytea[] [, ttl TTL], store) RETURNS boolean VOLATILE
IS 'stores each value under the key at its position, {to expire|without expiry}, if no key has a live entry; whether it did';

-- Bringing an entry to another key or another store

FUNCTION kv_rename(key text, new_key text, to_store regclass DEFAULT NULL, store) RETURNS boolean VOLATILE
IS 'gives the live entry another key, or brings it to another store, whatever is there; whether there was one';

FUNCTION kv_rename_nx(key text, new_key text, to_store regclass DEFAULT NULL, store) RETURNS boolean VOLATILE
IS 'gives the live entry another key, or brings it to another store, if no live entry is there; whether it did';

FUNCTION kv_copy(key text, new_key text, replace boolean DEFAULT false, to_store regclass DEFAULT NULL, store) RETURNS boolean VOLATILE
IS 'copies the live entry to another key or another store, if no live entry is there or it may be replaced; whether it did';

-- Changing when an entry expires

FUNCTION kv_get_ex(key text, ttl TTL, slack TTL DEFAULT NULL, store) RETURNS text VOLATILE
IS 'the live value, its expiry set anew unless it is as good as that already, give or take the slack; else null';

FUNCTION kv_get_ex_bytes(key text, ttl TTL, slack TTL DEFAULT NULL, store) RETURNS bytea VOLATILE
IS 'the live value as bytes, its expiry set anew unless it is as good as that already, give or take the slack; else null';

FUNCTION kv_expire(key text, ttl TTL, condition text DEFAULT NULL, store) RETURNS boolean VOLATILE
IS 'sets the expiry of the live entry anew, if it has none (nx), one (xx), an earlier (gt) or a later one (lt); whether it did';

FUNCTION kv_expire_at(key text, expires timestamptz, condition text DEFAULT NULL, store) RETURNS boolean VOLATILE
IS 'sets when the live entry expires, on a condition as kv_expire(), or removes it if that time has come; whether it did';

FUNCTION kv_persist(key text, store) RETURNS boolean VOLATILE
IS 'makes the live entry one that does not expire; whether it was one that did';

-- Removing

FUNCTION kv_get_del(key text, store) RETURNS text VOLATILE
IS 'the live value, removed; else null';

FUNCTION kv_get_del_bytes(key text, store) RETURNS bytea VOLATILE
IS 'the live value as bytes, removed; else null';

FUNCTION kv_del(key text, store) RETURNS boolean VOLATILE
IS 'removes the entry; whether there was a live one';

FUNCTION kv_del_if(key text, expected VALUE, store) RETURNS boolean VOLATILE
IS 'removes the live entry if its value is the expected one; whether it did';

FUNCTION kv_mdel(keys text[], store) RETURNS bigint VOLATILE
IS 'removes the entries of all these keys; how many were live';

FUNCTION kv_del_prefix(prefix text, store) RETURNS bigint VOLATILE
IS 'removes the entries whose keys have that prefix; how many were live';

FUNCTION kv_flush(store) RETURNS void VOLATILE
IS 'empties the store';

FUNCTION kv_invalidate() RETURNS trigger VOLATILE
IS 'removes the keys made of the changed row: (format with a %s for each column, columns .., store if not kv_store)';

-- Leases, of keys that need not be live. They are kept in a store of the extension's own, which
-- only these functions reach. It is the extension's owner's, as whom it is swept: whoever creates a trusted
-- extension, the script runs as the bootstrap superuser, who is not to be acted as.

CREATE UNLOGGED TABLE @extschema@.kv_leases OF @extschema@.kv_entry (
    key WITH OPTIONS PRIMARY KEY,
    value WITH OPTIONS NOT NULL,
    expires WITH OPTIONS NOT NULL DEFAULT 'infinity'
) WITH (fillfactor = 80, vacuum_truncate = off, toast.vacuum_truncate = off);
ALTER TABLE @extschema@.kv_leases OWNER TO @extowner@;
COMMENT ON TABLE @extschema@.kv_leases IS 'the leases that are held, see kv_lease, and where the SCANs of Redis clients stand';

FUNCTION kv_lease(key text, token text, ttl TTL, store) RETURNS boolean VOLATILE
IS 'takes the lease of a key, if nobody holds it; whether it did';

FUNCTION kv_release(key text, token text, store) RETURNS boolean VOLATILE
IS 'gives back the lease of a key, if it is held with this token; whether it was';

-- Redis

FUNCTION kv_redis(command text) RETURNS text VOLATILE STRICT
IS 'carries out a command of Redis, on the store that kvstore.redis_stores names first; the reply as redis-cli prints it';

FUNCTION kv_redis_batch(batch bytea) RETURNS bytea VOLATILE STRICT
IS 'carries out commands of many clients of Redis, for kvstore-redis';

-- Expiry

FUNCTION kv_sweep(max_rows integer DEFAULT NULL, store) RETURNS bigint VOLATILE
IS 'removes expired entries now, all or at most so many, but no locked ones; how many';

FUNCTION kv_limit(max_size text, evict text DEFAULT 'soonest', store) RETURNS void VOLATILE
IS 'has the sweeper evict entries when they take more than a size such as 100 MB, the soonest to expire or the oldest written first; null lifts the limit';

FUNCTION kv_limit_trigger() RETURNS trigger VOLATILE
IS 'keeps what kv_limit() was told, and does nothing';

FUNCTION kv_schedule_sweep(schedule text DEFAULT '* * * * *', store) RETURNS bigint VOLATILE
IS 'has pg_cron sweep the store on a schedule; the id of the job';

FUNCTION kv_unschedule_sweep(store) RETURNS boolean VOLATILE
IS 'ends what kv_schedule_sweep() began; whether there was such a job';

-- Insight

FUNCTION kv_sizes(store regclass, OUT entries_estimated bigint, OUT live_tuples bigint, OUT dead_tuples bigint,
    OUT table_bytes bigint, OUT index_bytes bigint, OUT toast_bytes bigint) VOLATILE STRICT PARALLEL SAFE
IS 'how much room a store takes, told without waiting; nulls while it is locked';

FUNCTION kv_counters(store regclass, OUT hits bigint, OUT misses bigint, OUT sets bigint, OUT deletes bigint,
    OUT expired_removed bigint, OUT evicted bigint, OUT last_sweep timestamptz, OUT last_sweep_took interval,
    OUT last_sweep_pages bigint, OUT last_sweep_removed bigint, OUT last_sweep_left bigint, OUT entry_bytes bigint) VOLATILE STRICT PARALLEL SAFE
IS 'what was done with a store; nulls where nothing is counted';

FUNCTION kv_stats_reset() RETURNS void VOLATILE
IS 'sets the counters of all stores of this database to zero';
REVOKE ALL ON FUNCTION @extschema@.kv_stats_reset() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.kv_stats_reset() TO @extowner@;

CREATE VIEW @extschema@.kv_stats AS
SELECT s.oid::pg_catalog.regclass AS store, sizes.*, limits.max_size, counters.*
FROM pg_catalog.pg_class s,
    LATERAL @extschema@.kv_sizes(s.oid::pg_catalog.regclass) sizes,
    LATERAL (
        SELECT pg_catalog.max(pg_catalog.split_part(pg_catalog.encode(tgargs, 'escape'::pg_catalog.text), '\000'::pg_catalog.text, 1)) AS max_size
        FROM pg_catalog.pg_trigger
        WHERE tgrelid OPERATOR(pg_catalog.=) s.oid
            AND tgname OPERATOR(pg_catalog.=) 'kv_limit'::pg_catalog.name
            AND tgnargs OPERATOR(pg_catalog.=) 2::pg_catalog.int2
            AND tgfoid OPERATOR(pg_catalog.=) '@extschema@.kv_limit_trigger()'::pg_catalog.regprocedure::pg_catalog.oid) limits,
    LATERAL @extschema@.kv_counters(s.oid::pg_catalog.regclass) counters
WHERE s.reloftype OPERATOR(pg_catalog.=) ANY (ARRAY[
        '@extschema@.kv_entry'::pg_catalog.regtype::pg_catalog.oid,
        '@extschema@.kv_entry_bytea'::pg_catalog.regtype::pg_catalog.oid])
    AND s.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r'::pg_catalog."char", 'p'::pg_catalog."char"])
    AND s.oid OPERATOR(pg_catalog.<>) '@extschema@.kv_leases'::pg_catalog.regclass::pg_catalog.oid;
COMMENT ON VIEW @extschema@.kv_stats IS 'each store of this database: its size, and what was done with it';
GRANT SELECT ON @extschema@.kv_stats TO PUBLIC;
