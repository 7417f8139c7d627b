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

-- Writing. A null is an error.

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
COMMENT ON FUNCTION kv_set_ex(text, text, interval, regclass) IS 'stores a value that expires after an interval';

CREATE FUNCTION kv_set_ex(key text, value text, ttl double precision, store regclass DEFAULT 'kv_store')
RETURNS void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_ex_seconds';
COMMENT ON FUNCTION kv_set_ex(text, text, double precision, regclass) IS 'stores a value that expires after a number of seconds';

CREATE FUNCTION kv_set_ex(key text, value text, ttl text, store regclass DEFAULT 'kv_store')
RETURNS void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_ex_text';
COMMENT ON FUNCTION kv_set_ex(text, text, text, regclass) IS 'stores a value that expires after an interval, or a number of seconds, in words';

CREATE FUNCTION kv_set_ex(key text, value bytea, ttl interval, store regclass DEFAULT 'kv_store')
RETURNS void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_ex_bytes_interval';
COMMENT ON FUNCTION kv_set_ex(text, bytea, interval, regclass) IS 'stores a value that expires after an interval';

CREATE FUNCTION kv_set_ex(key text, value bytea, ttl double precision, store regclass DEFAULT 'kv_store')
RETURNS void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_ex_bytes_seconds';
COMMENT ON FUNCTION kv_set_ex(text, bytea, double precision, regclass) IS 'stores a value that expires after a number of seconds';

CREATE FUNCTION kv_set_ex(key text, value bytea, ttl text, store regclass DEFAULT 'kv_store')
RETURNS void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_ex_bytes_text';
COMMENT ON FUNCTION kv_set_ex(text, bytea, text, regclass) IS 'stores a value that expires after an interval, or a number of seconds, in words';

CREATE FUNCTION kv_get_ex(key text, ttl interval, store regclass DEFAULT 'kv_store')
RETURNS text
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_get_ex_interval';
COMMENT ON FUNCTION kv_get_ex(text, interval, regclass) IS 'the live value, its expiry set anew to an interval from now; else null';

CREATE FUNCTION kv_get_ex(key text, ttl double precision, store regclass DEFAULT 'kv_store')
RETURNS text
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_get_ex_seconds';
COMMENT ON FUNCTION kv_get_ex(text, double precision, regclass) IS 'the live value, its expiry set anew to a number of seconds from now; else null';

CREATE FUNCTION kv_get_ex(key text, ttl text, store regclass DEFAULT 'kv_store')
RETURNS text
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_get_ex_text';
COMMENT ON FUNCTION kv_get_ex(text, text, regclass) IS 'the live value, its expiry set anew to an interval, or a number of seconds, in words; else null';

CREATE FUNCTION kv_get_del(key text, store regclass DEFAULT 'kv_store')
RETURNS text
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_get_del(text, regclass) IS 'the live value, removed; else null';

CREATE FUNCTION kv_del(key text, store regclass DEFAULT 'kv_store')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_del(text, regclass) IS 'removes the entry; whether there was a live one';

-- Expiry

CREATE FUNCTION kv_sweep(max_rows bigint DEFAULT NULL, store regclass DEFAULT 'kv_store')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION kv_sweep(bigint, regclass) IS 'removes expired entries now, all or at most so many, but no locked ones; how many';
