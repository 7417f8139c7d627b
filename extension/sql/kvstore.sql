-- kvstore: key-value stores with expiry.
--
-- A store is a table of one of the two types below; the functions work on any of
-- them, on kv_store unless told otherwise.

\echo Use "CREATE EXTENSION kvstore" to load this file. \quit

CREATE TYPE kv_entry AS (key text COLLATE "C", value text, expires timestamptz);
COMMENT ON TYPE kv_entry IS 'row of a store whose values are text';

CREATE TYPE kv_entry_bytea AS (key text COLLATE "C", value bytea, expires timestamptz);
COMMENT ON TYPE kv_entry_bytea IS 'row of a store whose values are bytes';

-- Stores

CREATE FUNCTION kv_create_store(name text, logged boolean DEFAULT false, value_type regtype DEFAULT 'text')
RETURNS regclass
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_create_store(text, boolean, regtype) IS 'creates a store, unlogged unless asked otherwise, owned by the caller';

SELECT kv_create_store('@extschema@.kv_store');
ALTER TABLE kv_store OWNER TO @extowner@;
COMMENT ON TABLE kv_store IS 'the store that the functions kv_* work on by default';

CREATE FUNCTION kv_detour(store regclass DEFAULT 'kv_store')
RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_detour(regclass) IS 'why your writes to the store go through SQL; null if they take the fast path';

-- Reading. A null key gives null.

CREATE FUNCTION kv_get(key text, store regclass DEFAULT 'kv_store')
RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_get(text, regclass) IS 'the live value of the key, else null';

CREATE FUNCTION kv_get_bytes(key text, store regclass DEFAULT 'kv_store')
RETURNS bytea
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_get_bytes(text, regclass) IS 'the live value of the key as bytes, else null';

CREATE FUNCTION kv_mget(keys text[], store regclass DEFAULT 'kv_store')
RETURNS TABLE (key text, value text)
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_mget(text[], regclass) IS 'each key in the order given, with its live value, else null';

CREATE FUNCTION kv_exists(key text, store regclass DEFAULT 'kv_store')
RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_exists(text, regclass) IS 'whether the key has a live entry';

CREATE FUNCTION kv_ttl(key text, store regclass DEFAULT 'kv_store')
RETURNS interval
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_ttl(text, regclass) IS 'time left to the entry; null if it is not live or does not expire';

CREATE FUNCTION kv_expires(key text, store regclass DEFAULT 'kv_store')
RETURNS timestamptz
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_expires(text, regclass) IS 'when the entry expires, infinity if never; null if it is not live';

CREATE FUNCTION kv_scan(prefix text DEFAULT '', after text DEFAULT NULL, max integer DEFAULT 1000, store regclass DEFAULT 'kv_store')
RETURNS TABLE (key text, value text, expires timestamptz)
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_scan(text, text, integer, regclass) IS 'live entries whose keys have that prefix, in key order, from after a key on; at most so many, all if null';

CREATE FUNCTION kv_count(prefix text DEFAULT '', store regclass DEFAULT 'kv_store')
RETURNS bigint
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_count(text, regclass) IS 'how many live entries there are whose keys have that prefix';

-- Storing. A null is an error.

CREATE FUNCTION kv_set(key text, value text, store regclass DEFAULT 'kv_store')
RETURNS void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_set(text, text, regclass) IS 'stores a value without expiry';

CREATE FUNCTION kv_set(key text, value bytea, store regclass DEFAULT 'kv_store')
RETURNS void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_bytes';
COMMENT ON FUNCTION kv_set(text, bytea, regclass) IS 'stores a value without expiry';

CREATE FUNCTION kv_set_ex(key text, value text, ttl interval, store regclass DEFAULT 'kv_store')
RETURNS void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_ex_interval';
COMMENT ON FUNCTION kv_set_ex(text, text, interval, regclass) IS 'stores a value that expires: an interval from now';

CREATE FUNCTION kv_set_ex(key text, value text, ttl double precision, store regclass DEFAULT 'kv_store')
RETURNS void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_ex_seconds';
COMMENT ON FUNCTION kv_set_ex(text, text, double precision, regclass) IS 'stores a value that expires: a number of seconds from now';

CREATE FUNCTION kv_set_ex(key text, value text, ttl text, store regclass DEFAULT 'kv_store')
RETURNS void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_ex_text';
COMMENT ON FUNCTION kv_set_ex(text, text, text, regclass) IS 'stores a value that expires: an interval, or a number of seconds, in words';

CREATE FUNCTION kv_set_ex(key text, value bytea, ttl interval, store regclass DEFAULT 'kv_store')
RETURNS void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_ex_bytes_interval';
COMMENT ON FUNCTION kv_set_ex(text, bytea, interval, regclass) IS 'stores a value that expires: an interval from now';

CREATE FUNCTION kv_set_ex(key text, value bytea, ttl double precision, store regclass DEFAULT 'kv_store')
RETURNS void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_ex_bytes_seconds';
COMMENT ON FUNCTION kv_set_ex(text, bytea, double precision, regclass) IS 'stores a value that expires: a number of seconds from now';

CREATE FUNCTION kv_set_ex(key text, value bytea, ttl text, store regclass DEFAULT 'kv_store')
RETURNS void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_ex_bytes_text';
COMMENT ON FUNCTION kv_set_ex(text, bytea, text, regclass) IS 'stores a value that expires: an interval, or a number of seconds, in words';

CREATE FUNCTION kv_set_nx(key text, value text, store regclass DEFAULT 'kv_store')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_set_nx(text, text, regclass) IS 'stores a value without expiry if the key has no live entry; whether it did';

CREATE FUNCTION kv_set_nx(key text, value bytea, store regclass DEFAULT 'kv_store')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_nx_bytes';
COMMENT ON FUNCTION kv_set_nx(text, bytea, regclass) IS 'stores a value without expiry if the key has no live entry; whether it did';

CREATE FUNCTION kv_set_nx(key text, value text, ttl interval, store regclass DEFAULT 'kv_store')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_nx_interval';
COMMENT ON FUNCTION kv_set_nx(text, text, interval, regclass) IS 'stores a value that expires if the key has no live entry; whether it did: an interval from now';

CREATE FUNCTION kv_set_nx(key text, value text, ttl double precision, store regclass DEFAULT 'kv_store')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_nx_seconds';
COMMENT ON FUNCTION kv_set_nx(text, text, double precision, regclass) IS 'stores a value that expires if the key has no live entry; whether it did: a number of seconds from now';

CREATE FUNCTION kv_set_nx(key text, value text, ttl text, store regclass DEFAULT 'kv_store')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_nx_text';
COMMENT ON FUNCTION kv_set_nx(text, text, text, regclass) IS 'stores a value that expires if the key has no live entry; whether it did: an interval, or a number of seconds, in words';

CREATE FUNCTION kv_set_nx(key text, value bytea, ttl interval, store regclass DEFAULT 'kv_store')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_nx_bytes_interval';
COMMENT ON FUNCTION kv_set_nx(text, bytea, interval, regclass) IS 'stores a value that expires if the key has no live entry; whether it did: an interval from now';

CREATE FUNCTION kv_set_nx(key text, value bytea, ttl double precision, store regclass DEFAULT 'kv_store')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_nx_bytes_seconds';
COMMENT ON FUNCTION kv_set_nx(text, bytea, double precision, regclass) IS 'stores a value that expires if the key has no live entry; whether it did: a number of seconds from now';

CREATE FUNCTION kv_set_nx(key text, value bytea, ttl text, store regclass DEFAULT 'kv_store')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_nx_bytes_text';
COMMENT ON FUNCTION kv_set_nx(text, bytea, text, regclass) IS 'stores a value that expires if the key has no live entry; whether it did: an interval, or a number of seconds, in words';

CREATE FUNCTION kv_set_xx(key text, value text, store regclass DEFAULT 'kv_store')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_set_xx(text, text, regclass) IS 'stores a value without expiry if the key has a live entry; whether it did';

CREATE FUNCTION kv_set_xx(key text, value bytea, store regclass DEFAULT 'kv_store')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_xx_bytes';
COMMENT ON FUNCTION kv_set_xx(text, bytea, regclass) IS 'stores a value without expiry if the key has a live entry; whether it did';

CREATE FUNCTION kv_set_xx(key text, value text, ttl interval, store regclass DEFAULT 'kv_store')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_xx_interval';
COMMENT ON FUNCTION kv_set_xx(text, text, interval, regclass) IS 'stores a value that expires if the key has a live entry; whether it did: an interval from now';

CREATE FUNCTION kv_set_xx(key text, value text, ttl double precision, store regclass DEFAULT 'kv_store')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_xx_seconds';
COMMENT ON FUNCTION kv_set_xx(text, text, double precision, regclass) IS 'stores a value that expires if the key has a live entry; whether it did: a number of seconds from now';

CREATE FUNCTION kv_set_xx(key text, value text, ttl text, store regclass DEFAULT 'kv_store')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_xx_text';
COMMENT ON FUNCTION kv_set_xx(text, text, text, regclass) IS 'stores a value that expires if the key has a live entry; whether it did: an interval, or a number of seconds, in words';

CREATE FUNCTION kv_set_xx(key text, value bytea, ttl interval, store regclass DEFAULT 'kv_store')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_xx_bytes_interval';
COMMENT ON FUNCTION kv_set_xx(text, bytea, interval, regclass) IS 'stores a value that expires if the key has a live entry; whether it did: an interval from now';

CREATE FUNCTION kv_set_xx(key text, value bytea, ttl double precision, store regclass DEFAULT 'kv_store')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_xx_bytes_seconds';
COMMENT ON FUNCTION kv_set_xx(text, bytea, double precision, regclass) IS 'stores a value that expires if the key has a live entry; whether it did: a number of seconds from now';

CREATE FUNCTION kv_set_xx(key text, value bytea, ttl text, store regclass DEFAULT 'kv_store')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_xx_bytes_text';
COMMENT ON FUNCTION kv_set_xx(text, bytea, text, regclass) IS 'stores a value that expires if the key has a live entry; whether it did: an interval, or a number of seconds, in words';

CREATE FUNCTION kv_get_set(key text, value text, store regclass DEFAULT 'kv_store')
RETURNS text
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_get_set(text, text, regclass) IS 'stores a value without expiry; the live value that it replaced, else null';

CREATE FUNCTION kv_cas(key text, expected text, value text, store regclass DEFAULT 'kv_store')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_cas(text, text, text, regclass) IS 'stores a value, keeping the expiry, if the live value is the expected one, or if there is none and null is expected; whether it did';

CREATE FUNCTION kv_cas(key text, expected text, value text, ttl interval, store regclass DEFAULT 'kv_store')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_cas_interval';
COMMENT ON FUNCTION kv_cas(text, text, text, interval, regclass) IS 'stores a value that expires if the live value is the expected one, or if there is none and null is expected; whether it did: an interval from now';

CREATE FUNCTION kv_cas(key text, expected text, value text, ttl double precision, store regclass DEFAULT 'kv_store')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_cas_seconds';
COMMENT ON FUNCTION kv_cas(text, text, text, double precision, regclass) IS 'stores a value that expires if the live value is the expected one, or if there is none and null is expected; whether it did: a number of seconds from now';

CREATE FUNCTION kv_cas(key text, expected text, value text, ttl text, store regclass DEFAULT 'kv_store')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_cas_text';
COMMENT ON FUNCTION kv_cas(text, text, text, text, regclass) IS 'stores a value that expires if the live value is the expected one, or if there is none and null is expected; whether it did: an interval, or a number of seconds, in words';

CREATE FUNCTION kv_incr(key text, by bigint DEFAULT 1, store regclass DEFAULT 'kv_store')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_incr(text, bigint, regclass) IS 'adds to a counter, which starts at 0, and keeps its expiry; the sum';

CREATE FUNCTION kv_incr(key text, by bigint, ttl interval, store regclass DEFAULT 'kv_store')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_incr_interval';
COMMENT ON FUNCTION kv_incr(text, bigint, interval, regclass) IS 'adds to a counter, which starts at 0 and then expires, and keeps its expiry later; the sum: an interval from now';

CREATE FUNCTION kv_incr(key text, by bigint, ttl double precision, store regclass DEFAULT 'kv_store')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_incr_seconds';
COMMENT ON FUNCTION kv_incr(text, bigint, double precision, regclass) IS 'adds to a counter, which starts at 0 and then expires, and keeps its expiry later; the sum: a number of seconds from now';

CREATE FUNCTION kv_incr(key text, by bigint, ttl text, store regclass DEFAULT 'kv_store')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_incr_text';
COMMENT ON FUNCTION kv_incr(text, bigint, text, regclass) IS 'adds to a counter, which starts at 0 and then expires, and keeps its expiry later; the sum: an interval, or a number of seconds, in words';

CREATE FUNCTION kv_mset(keys text[], "values" text[], store regclass DEFAULT 'kv_store')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_mset(text[], text[], regclass) IS 'stores each value under the key at its position, without expiry; the number of distinct keys';

CREATE FUNCTION kv_mset(keys text[], "values" text[], ttl interval, store regclass DEFAULT 'kv_store')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_mset_interval';
COMMENT ON FUNCTION kv_mset(text[], text[], interval, regclass) IS 'stores each value under the key at its position, to expire; the number of distinct keys: an interval from now';

CREATE FUNCTION kv_mset(keys text[], "values" text[], ttl double precision, store regclass DEFAULT 'kv_store')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_mset_seconds';
COMMENT ON FUNCTION kv_mset(text[], text[], double precision, regclass) IS 'stores each value under the key at its position, to expire; the number of distinct keys: a number of seconds from now';

CREATE FUNCTION kv_mset(keys text[], "values" text[], ttl text, store regclass DEFAULT 'kv_store')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_mset_text';
COMMENT ON FUNCTION kv_mset(text[], text[], text, regclass) IS 'stores each value under the key at its position, to expire; the number of distinct keys: an interval, or a number of seconds, in words';

-- Changing when an entry expires

CREATE FUNCTION kv_get_ex(key text, ttl interval, store regclass DEFAULT 'kv_store')
RETURNS text
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_get_ex_interval';
COMMENT ON FUNCTION kv_get_ex(text, interval, regclass) IS 'the live value, its expiry set anew, else null: an interval from now';

CREATE FUNCTION kv_get_ex(key text, ttl double precision, store regclass DEFAULT 'kv_store')
RETURNS text
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_get_ex_seconds';
COMMENT ON FUNCTION kv_get_ex(text, double precision, regclass) IS 'the live value, its expiry set anew, else null: a number of seconds from now';

CREATE FUNCTION kv_get_ex(key text, ttl text, store regclass DEFAULT 'kv_store')
RETURNS text
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_get_ex_text';
COMMENT ON FUNCTION kv_get_ex(text, text, regclass) IS 'the live value, its expiry set anew, else null: an interval, or a number of seconds, in words';

CREATE FUNCTION kv_get_ex_bytes(key text, ttl interval, store regclass DEFAULT 'kv_store')
RETURNS bytea
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_get_ex_bytes_interval';
COMMENT ON FUNCTION kv_get_ex_bytes(text, interval, regclass) IS 'the live value, its expiry set anew, else null: an interval from now';

CREATE FUNCTION kv_get_ex_bytes(key text, ttl double precision, store regclass DEFAULT 'kv_store')
RETURNS bytea
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_get_ex_bytes_seconds';
COMMENT ON FUNCTION kv_get_ex_bytes(text, double precision, regclass) IS 'the live value, its expiry set anew, else null: a number of seconds from now';

CREATE FUNCTION kv_get_ex_bytes(key text, ttl text, store regclass DEFAULT 'kv_store')
RETURNS bytea
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_get_ex_bytes_text';
COMMENT ON FUNCTION kv_get_ex_bytes(text, text, regclass) IS 'the live value, its expiry set anew, else null: an interval, or a number of seconds, in words';

CREATE FUNCTION kv_expire(key text, ttl interval, store regclass DEFAULT 'kv_store')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_expire_interval';
COMMENT ON FUNCTION kv_expire(text, interval, regclass) IS 'sets the expiry of the live entry anew; whether there was one: an interval from now';

CREATE FUNCTION kv_expire(key text, ttl double precision, store regclass DEFAULT 'kv_store')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_expire_seconds';
COMMENT ON FUNCTION kv_expire(text, double precision, regclass) IS 'sets the expiry of the live entry anew; whether there was one: a number of seconds from now';

CREATE FUNCTION kv_expire(key text, ttl text, store regclass DEFAULT 'kv_store')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_expire_text';
COMMENT ON FUNCTION kv_expire(text, text, regclass) IS 'sets the expiry of the live entry anew; whether there was one: an interval, or a number of seconds, in words';

CREATE FUNCTION kv_expire_at(key text, expires timestamptz, store regclass DEFAULT 'kv_store')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_expire_at(text, timestamptz, regclass) IS 'sets when the live entry expires, or removes it if that time has come; whether there was one';

CREATE FUNCTION kv_persist(key text, store regclass DEFAULT 'kv_store')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_persist(text, regclass) IS 'makes the live entry one that does not expire; whether it was one that did';

-- Removing

CREATE FUNCTION kv_get_del(key text, store regclass DEFAULT 'kv_store')
RETURNS text
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_get_del(text, regclass) IS 'the live value, removed; else null';

CREATE FUNCTION kv_get_del_bytes(key text, store regclass DEFAULT 'kv_store')
RETURNS bytea
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_get_del_bytes(text, regclass) IS 'the live value as bytes, removed; else null';

CREATE FUNCTION kv_del(key text, store regclass DEFAULT 'kv_store')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_del(text, regclass) IS 'removes the entry; whether there was a live one';

CREATE FUNCTION kv_del_if(key text, expected text, store regclass DEFAULT 'kv_store')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_del_if(text, text, regclass) IS 'removes the live entry if its value is the expected one; whether it did';

CREATE FUNCTION kv_mdel(keys text[], store regclass DEFAULT 'kv_store')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_mdel(text[], regclass) IS 'removes the entries of all these keys; how many were live';

CREATE FUNCTION kv_del_prefix(prefix text, store regclass DEFAULT 'kv_store')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_del_prefix(text, regclass) IS 'removes the entries whose keys have that prefix; how many were live';

CREATE FUNCTION kv_flush(store regclass DEFAULT 'kv_store')
RETURNS void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_flush(regclass) IS 'empties the store';

CREATE FUNCTION kv_invalidate()
RETURNS trigger
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_invalidate() IS 'removes the keys made of the changed row: (format with a %s for each column, columns .., store if not kv_store)';

-- Expiry

CREATE FUNCTION kv_sweep(max_rows bigint DEFAULT NULL, store regclass DEFAULT 'kv_store')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_sweep(bigint, regclass) IS 'removes expired entries now, all or at most so many, but no locked ones; how many';

CREATE FUNCTION kv_limit(max_size text, evict text DEFAULT 'soonest', store regclass DEFAULT 'kv_store')
RETURNS void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_limit(text, text, regclass) IS 'has the sweeper evict entries when they take more than a size such as 100 MB, the soonest to expire or the oldest written first; null lifts the limit';

CREATE FUNCTION kv_limit_trigger()
RETURNS trigger
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_limit_trigger() IS 'keeps what kv_limit() was told, and does nothing';

-- pg_dump does not dump triggers of what belongs to an extension. This table carries the
-- limit of kv_store from one database to another.
CREATE TABLE kv_store_limit (max_size text NOT NULL, evict text NOT NULL);
ALTER TABLE kv_store_limit OWNER TO @extowner@;
COMMENT ON TABLE kv_store_limit IS 'the limit of kv_store, for pg_dump; kv_limit() sets it';
SELECT pg_extension_config_dump('kv_store_limit', '');

CREATE FUNCTION kv_store_limit_trigger()
RETURNS trigger
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_store_limit_trigger() IS 'gives kv_store the limit that stands in kv_store_limit';

CREATE TRIGGER apply AFTER INSERT OR DELETE ON kv_store_limit
    FOR EACH ROW EXECUTE FUNCTION kv_store_limit_trigger();

CREATE FUNCTION kv_schedule_sweep(schedule text DEFAULT '* * * * *', store regclass DEFAULT 'kv_store')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_schedule_sweep(text, regclass) IS 'has pg_cron sweep the store on a schedule; the id of the job';

CREATE FUNCTION kv_unschedule_sweep(store regclass DEFAULT 'kv_store')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_unschedule_sweep(regclass) IS 'ends what kv_schedule_sweep() began; whether there was such a job';

-- Insight

CREATE FUNCTION kv_counters(store regclass, OUT hits bigint, OUT misses bigint, OUT sets bigint, OUT deletes bigint,
    OUT expired_removed bigint, OUT evicted bigint, OUT last_sweep timestamptz, OUT last_sweep_took interval,
    OUT last_sweep_pages bigint, OUT last_sweep_removed bigint, OUT last_sweep_left bigint, OUT entry_bytes bigint)
LANGUAGE c VOLATILE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_counters(regclass) IS 'what was done with a store; nulls where nothing is counted';

CREATE FUNCTION kv_stats_reset()
RETURNS void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_stats_reset() IS 'sets the counters of all stores of this database to zero';
REVOKE ALL ON FUNCTION kv_stats_reset() FROM PUBLIC;

CREATE VIEW kv_stats AS
SELECT s.oid::regclass AS store, size.*, limits.max_size, counters.*
FROM pg_class s,
    LATERAL (
        SELECT sum(CASE WHEN t.relpages > 0
                       THEN t.reltuples / t.relpages * pg_relation_size(t.oid) / current_setting('block_size')::int
                       ELSE pg_stat_get_live_tuples(t.oid)
                   END)::bigint AS entries_estimated,
            sum(pg_stat_get_live_tuples(t.oid))::bigint AS live_tuples,
            sum(pg_stat_get_dead_tuples(t.oid))::bigint AS dead_tuples,
            sum(pg_table_size(t.oid) - coalesce(pg_total_relation_size(nullif(t.reltoastrelid, 0)), 0))::bigint AS table_bytes,
            sum(pg_indexes_size(t.oid))::bigint AS index_bytes,
            sum(coalesce(pg_total_relation_size(nullif(t.reltoastrelid, 0)), 0))::bigint AS toast_bytes
        FROM (SELECT s.oid WHERE s.relkind = 'r'
              UNION ALL
              SELECT relid FROM pg_partition_tree(s.oid) WHERE s.relkind = 'p' AND isleaf) part
        JOIN pg_class t ON t.oid = part.oid) size,
    LATERAL (
        SELECT max(split_part(encode(tgargs, 'escape'), '\000', 1)) AS max_size
        FROM pg_trigger WHERE tgrelid = s.oid AND tgfoid = 'kv_limit_trigger()'::regprocedure) limits,
    LATERAL kv_counters(s.oid) counters
WHERE s.reloftype IN ('kv_entry'::regtype, 'kv_entry_bytea'::regtype) AND s.relkind IN ('r', 'p');
COMMENT ON VIEW kv_stats IS 'each store of this database: its size, and what was done with it';
GRANT SELECT ON kv_stats TO PUBLIC;
