-- kvstore: key-value stores with expiry.
--
-- A store is a table of one of the two types below; the functions work on any of
-- them, on kv_store unless told otherwise.
--
-- This runs as the bootstrap superuser, in a schema where others may have put what they
-- like, and so does what it creates, as whoever uses it. So each name has its schema,
-- operators too, and functions of ours are called with all their arguments, of exactly their
-- types. IN, BETWEEN, NULLIF and CASE x WHEN y look an operator up by its mere name.

\echo Use "CREATE EXTENSION kvstore" to load this file. \quit

CREATE TYPE @extschema@.kv_entry AS (key pg_catalog.text COLLATE pg_catalog."C", value pg_catalog.text, expires pg_catalog.timestamptz);
COMMENT ON TYPE @extschema@.kv_entry IS 'row of a store whose values are text';

CREATE TYPE @extschema@.kv_entry_bytea AS (key pg_catalog.text COLLATE pg_catalog."C", value pg_catalog.bytea, expires pg_catalog.timestamptz);
COMMENT ON TYPE @extschema@.kv_entry_bytea IS 'row of a store whose values are bytes';

-- Stores

CREATE FUNCTION @extschema@.kv_create_store(name pg_catalog.text, logged boolean DEFAULT false, value_type pg_catalog.regtype DEFAULT 'pg_catalog.text')
RETURNS pg_catalog.regclass
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_create_store(pg_catalog.text, boolean, pg_catalog.regtype) IS 'creates a store, unlogged unless asked otherwise, owned by the caller';

-- kv_store is a table of the extension's owner and no member of the extension: pg_dump dumps
-- it like any other, and where a dump is restored, it is the dump that creates it.
CREATE FUNCTION @extschema@.kv_create_default_store(owner pg_catalog.text)
RETURNS pg_catalog.void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
SELECT @extschema@.kv_create_default_store('@extowner@'::pg_catalog.text);
DROP FUNCTION @extschema@.kv_create_default_store(pg_catalog.text);

CREATE FUNCTION @extschema@.kv_detour(store pg_catalog.regclass DEFAULT '-')
RETURNS pg_catalog.text
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_detour(pg_catalog.regclass) IS 'why your writes to the store go through SQL; null if they take the fast path';

-- Reading. A null key gives null.

CREATE FUNCTION @extschema@.kv_get(key pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS pg_catalog.text
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_get(pg_catalog.text, pg_catalog.regclass) IS 'the live value of the key, else null';

CREATE FUNCTION @extschema@.kv_get_bytes(key pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS pg_catalog.bytea
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_get_bytes(pg_catalog.text, pg_catalog.regclass) IS 'the live value of the key as bytes, else null';

CREATE FUNCTION @extschema@.kv_mget(keys pg_catalog.text[], store pg_catalog.regclass DEFAULT '-')
RETURNS TABLE (key pg_catalog.text, value pg_catalog.text)
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_mget(pg_catalog.text[], pg_catalog.regclass) IS 'each key in the order given, with its live value, else null';

CREATE FUNCTION @extschema@.kv_exists(key pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_exists(pg_catalog.text, pg_catalog.regclass) IS 'whether the key has a live entry';

CREATE FUNCTION @extschema@.kv_ttl(key pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS interval
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_ttl(pg_catalog.text, pg_catalog.regclass) IS 'time left to the entry; null if it is not live or does not expire';

CREATE FUNCTION @extschema@.kv_expires(key pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS pg_catalog.timestamptz
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_expires(pg_catalog.text, pg_catalog.regclass) IS 'when the entry expires, infinity if never; null if it is not live';

CREATE FUNCTION @extschema@.kv_scan(prefix pg_catalog.text DEFAULT '', after pg_catalog.text DEFAULT NULL, max integer DEFAULT 1000, store pg_catalog.regclass DEFAULT '-')
RETURNS TABLE (key pg_catalog.text, value pg_catalog.text, expires pg_catalog.timestamptz)
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_scan(pg_catalog.text, pg_catalog.text, integer, pg_catalog.regclass) IS 'live entries whose keys have that prefix, in key order, from after a key on; at most so many, all if null';

CREATE FUNCTION @extschema@.kv_count(prefix pg_catalog.text DEFAULT '', store pg_catalog.regclass DEFAULT '-')
RETURNS bigint
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_count(pg_catalog.text, pg_catalog.regclass) IS 'how many live entries there are whose keys have that prefix';

-- Storing. A null is an error.

CREATE FUNCTION @extschema@.kv_set(key pg_catalog.text, value pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS pg_catalog.void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_set(pg_catalog.text, pg_catalog.text, pg_catalog.regclass) IS 'stores a value without expiry';

CREATE FUNCTION @extschema@.kv_set(key pg_catalog.text, value pg_catalog.bytea, store pg_catalog.regclass DEFAULT '-')
RETURNS pg_catalog.void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_bytes';
COMMENT ON FUNCTION @extschema@.kv_set(pg_catalog.text, pg_catalog.bytea, pg_catalog.regclass) IS 'stores a value without expiry';

CREATE FUNCTION @extschema@.kv_set_ex(key pg_catalog.text, value pg_catalog.text, ttl interval, store pg_catalog.regclass DEFAULT '-')
RETURNS pg_catalog.void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_ex_interval';
COMMENT ON FUNCTION @extschema@.kv_set_ex(pg_catalog.text, pg_catalog.text, interval, pg_catalog.regclass) IS 'stores a value that expires: an interval from now';

CREATE FUNCTION @extschema@.kv_set_ex(key pg_catalog.text, value pg_catalog.text, ttl double precision, store pg_catalog.regclass DEFAULT '-')
RETURNS pg_catalog.void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_ex_seconds';
COMMENT ON FUNCTION @extschema@.kv_set_ex(pg_catalog.text, pg_catalog.text, double precision, pg_catalog.regclass) IS 'stores a value that expires: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_set_ex(key pg_catalog.text, value pg_catalog.text, ttl integer, store pg_catalog.regclass DEFAULT '-')
RETURNS pg_catalog.void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_ex_integer';
COMMENT ON FUNCTION @extschema@.kv_set_ex(pg_catalog.text, pg_catalog.text, integer, pg_catalog.regclass) IS 'stores a value that expires: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_set_ex(key pg_catalog.text, value pg_catalog.text, ttl pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS pg_catalog.void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_ex_text';
COMMENT ON FUNCTION @extschema@.kv_set_ex(pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.regclass) IS 'stores a value that expires: an interval, or a number of seconds, in words';

CREATE FUNCTION @extschema@.kv_set_ex(key pg_catalog.text, value pg_catalog.bytea, ttl interval, store pg_catalog.regclass DEFAULT '-')
RETURNS pg_catalog.void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_ex_bytes_interval';
COMMENT ON FUNCTION @extschema@.kv_set_ex(pg_catalog.text, pg_catalog.bytea, interval, pg_catalog.regclass) IS 'stores a value that expires: an interval from now';

CREATE FUNCTION @extschema@.kv_set_ex(key pg_catalog.text, value pg_catalog.bytea, ttl double precision, store pg_catalog.regclass DEFAULT '-')
RETURNS pg_catalog.void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_ex_bytes_seconds';
COMMENT ON FUNCTION @extschema@.kv_set_ex(pg_catalog.text, pg_catalog.bytea, double precision, pg_catalog.regclass) IS 'stores a value that expires: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_set_ex(key pg_catalog.text, value pg_catalog.bytea, ttl integer, store pg_catalog.regclass DEFAULT '-')
RETURNS pg_catalog.void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_ex_bytes_integer';
COMMENT ON FUNCTION @extschema@.kv_set_ex(pg_catalog.text, pg_catalog.bytea, integer, pg_catalog.regclass) IS 'stores a value that expires: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_set_ex(key pg_catalog.text, value pg_catalog.bytea, ttl pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS pg_catalog.void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_ex_bytes_text';
COMMENT ON FUNCTION @extschema@.kv_set_ex(pg_catalog.text, pg_catalog.bytea, pg_catalog.text, pg_catalog.regclass) IS 'stores a value that expires: an interval, or a number of seconds, in words';

CREATE FUNCTION @extschema@.kv_set_nx(key pg_catalog.text, value pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_set_nx(pg_catalog.text, pg_catalog.text, pg_catalog.regclass) IS 'stores a value without expiry if the key has no live entry; whether it did';

CREATE FUNCTION @extschema@.kv_set_nx(key pg_catalog.text, value pg_catalog.bytea, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_nx_bytes';
COMMENT ON FUNCTION @extschema@.kv_set_nx(pg_catalog.text, pg_catalog.bytea, pg_catalog.regclass) IS 'stores a value without expiry if the key has no live entry; whether it did';

CREATE FUNCTION @extschema@.kv_set_nx(key pg_catalog.text, value pg_catalog.text, ttl interval, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_nx_interval';
COMMENT ON FUNCTION @extschema@.kv_set_nx(pg_catalog.text, pg_catalog.text, interval, pg_catalog.regclass) IS 'stores a value that expires if the key has no live entry; whether it did: an interval from now';

CREATE FUNCTION @extschema@.kv_set_nx(key pg_catalog.text, value pg_catalog.text, ttl double precision, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_nx_seconds';
COMMENT ON FUNCTION @extschema@.kv_set_nx(pg_catalog.text, pg_catalog.text, double precision, pg_catalog.regclass) IS 'stores a value that expires if the key has no live entry; whether it did: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_set_nx(key pg_catalog.text, value pg_catalog.text, ttl integer, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_nx_integer';
COMMENT ON FUNCTION @extschema@.kv_set_nx(pg_catalog.text, pg_catalog.text, integer, pg_catalog.regclass) IS 'stores a value that expires if the key has no live entry; whether it did: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_set_nx(key pg_catalog.text, value pg_catalog.text, ttl pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_nx_text';
COMMENT ON FUNCTION @extschema@.kv_set_nx(pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.regclass) IS 'stores a value that expires if the key has no live entry; whether it did: an interval, or a number of seconds, in words';

CREATE FUNCTION @extschema@.kv_set_nx(key pg_catalog.text, value pg_catalog.bytea, ttl interval, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_nx_bytes_interval';
COMMENT ON FUNCTION @extschema@.kv_set_nx(pg_catalog.text, pg_catalog.bytea, interval, pg_catalog.regclass) IS 'stores a value that expires if the key has no live entry; whether it did: an interval from now';

CREATE FUNCTION @extschema@.kv_set_nx(key pg_catalog.text, value pg_catalog.bytea, ttl double precision, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_nx_bytes_seconds';
COMMENT ON FUNCTION @extschema@.kv_set_nx(pg_catalog.text, pg_catalog.bytea, double precision, pg_catalog.regclass) IS 'stores a value that expires if the key has no live entry; whether it did: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_set_nx(key pg_catalog.text, value pg_catalog.bytea, ttl integer, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_nx_bytes_integer';
COMMENT ON FUNCTION @extschema@.kv_set_nx(pg_catalog.text, pg_catalog.bytea, integer, pg_catalog.regclass) IS 'stores a value that expires if the key has no live entry; whether it did: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_set_nx(key pg_catalog.text, value pg_catalog.bytea, ttl pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_nx_bytes_text';
COMMENT ON FUNCTION @extschema@.kv_set_nx(pg_catalog.text, pg_catalog.bytea, pg_catalog.text, pg_catalog.regclass) IS 'stores a value that expires if the key has no live entry; whether it did: an interval, or a number of seconds, in words';

CREATE FUNCTION @extschema@.kv_set_xx(key pg_catalog.text, value pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_set_xx(pg_catalog.text, pg_catalog.text, pg_catalog.regclass) IS 'stores a value without expiry if the key has a live entry; whether it did';

CREATE FUNCTION @extschema@.kv_set_xx(key pg_catalog.text, value pg_catalog.bytea, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_xx_bytes';
COMMENT ON FUNCTION @extschema@.kv_set_xx(pg_catalog.text, pg_catalog.bytea, pg_catalog.regclass) IS 'stores a value without expiry if the key has a live entry; whether it did';

CREATE FUNCTION @extschema@.kv_set_xx(key pg_catalog.text, value pg_catalog.text, ttl interval, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_xx_interval';
COMMENT ON FUNCTION @extschema@.kv_set_xx(pg_catalog.text, pg_catalog.text, interval, pg_catalog.regclass) IS 'stores a value that expires if the key has a live entry; whether it did: an interval from now';

CREATE FUNCTION @extschema@.kv_set_xx(key pg_catalog.text, value pg_catalog.text, ttl double precision, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_xx_seconds';
COMMENT ON FUNCTION @extschema@.kv_set_xx(pg_catalog.text, pg_catalog.text, double precision, pg_catalog.regclass) IS 'stores a value that expires if the key has a live entry; whether it did: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_set_xx(key pg_catalog.text, value pg_catalog.text, ttl integer, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_xx_integer';
COMMENT ON FUNCTION @extschema@.kv_set_xx(pg_catalog.text, pg_catalog.text, integer, pg_catalog.regclass) IS 'stores a value that expires if the key has a live entry; whether it did: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_set_xx(key pg_catalog.text, value pg_catalog.text, ttl pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_xx_text';
COMMENT ON FUNCTION @extschema@.kv_set_xx(pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.regclass) IS 'stores a value that expires if the key has a live entry; whether it did: an interval, or a number of seconds, in words';

CREATE FUNCTION @extschema@.kv_set_xx(key pg_catalog.text, value pg_catalog.bytea, ttl interval, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_xx_bytes_interval';
COMMENT ON FUNCTION @extschema@.kv_set_xx(pg_catalog.text, pg_catalog.bytea, interval, pg_catalog.regclass) IS 'stores a value that expires if the key has a live entry; whether it did: an interval from now';

CREATE FUNCTION @extschema@.kv_set_xx(key pg_catalog.text, value pg_catalog.bytea, ttl double precision, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_xx_bytes_seconds';
COMMENT ON FUNCTION @extschema@.kv_set_xx(pg_catalog.text, pg_catalog.bytea, double precision, pg_catalog.regclass) IS 'stores a value that expires if the key has a live entry; whether it did: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_set_xx(key pg_catalog.text, value pg_catalog.bytea, ttl integer, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_xx_bytes_integer';
COMMENT ON FUNCTION @extschema@.kv_set_xx(pg_catalog.text, pg_catalog.bytea, integer, pg_catalog.regclass) IS 'stores a value that expires if the key has a live entry; whether it did: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_set_xx(key pg_catalog.text, value pg_catalog.bytea, ttl pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_set_xx_bytes_text';
COMMENT ON FUNCTION @extschema@.kv_set_xx(pg_catalog.text, pg_catalog.bytea, pg_catalog.text, pg_catalog.regclass) IS 'stores a value that expires if the key has a live entry; whether it did: an interval, or a number of seconds, in words';

CREATE FUNCTION @extschema@.kv_get_set(key pg_catalog.text, value pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS pg_catalog.text
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_get_set(pg_catalog.text, pg_catalog.text, pg_catalog.regclass) IS 'stores a value without expiry; the live value that it replaced, else null';

CREATE FUNCTION @extschema@.kv_cas(key pg_catalog.text, expected pg_catalog.text, value pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_cas(pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.regclass) IS 'stores a value, keeping the expiry, if the live value is the expected one, or if there is none and null is expected; whether it did';

CREATE FUNCTION @extschema@.kv_cas(key pg_catalog.text, expected pg_catalog.text, value pg_catalog.text, ttl interval, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_cas_interval';
COMMENT ON FUNCTION @extschema@.kv_cas(pg_catalog.text, pg_catalog.text, pg_catalog.text, interval, pg_catalog.regclass) IS 'stores a value that expires if the live value is the expected one, or if there is none and null is expected; whether it did: an interval from now';

CREATE FUNCTION @extschema@.kv_cas(key pg_catalog.text, expected pg_catalog.text, value pg_catalog.text, ttl double precision, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_cas_seconds';
COMMENT ON FUNCTION @extschema@.kv_cas(pg_catalog.text, pg_catalog.text, pg_catalog.text, double precision, pg_catalog.regclass) IS 'stores a value that expires if the live value is the expected one, or if there is none and null is expected; whether it did: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_cas(key pg_catalog.text, expected pg_catalog.text, value pg_catalog.text, ttl integer, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_cas_integer';
COMMENT ON FUNCTION @extschema@.kv_cas(pg_catalog.text, pg_catalog.text, pg_catalog.text, integer, pg_catalog.regclass) IS 'stores a value that expires if the live value is the expected one, or if there is none and null is expected; whether it did: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_cas(key pg_catalog.text, expected pg_catalog.text, value pg_catalog.text, ttl pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_cas_text';
COMMENT ON FUNCTION @extschema@.kv_cas(pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.regclass) IS 'stores a value that expires if the live value is the expected one, or if there is none and null is expected; whether it did: an interval, or a number of seconds, in words';

CREATE FUNCTION @extschema@.kv_incr(key pg_catalog.text, by bigint DEFAULT 1, store pg_catalog.regclass DEFAULT '-')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_incr(pg_catalog.text, bigint, pg_catalog.regclass) IS 'adds to a counter, which starts at 0, and keeps its expiry; the sum';

CREATE FUNCTION @extschema@.kv_incr(key pg_catalog.text, by bigint, ttl interval, store pg_catalog.regclass DEFAULT '-')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_incr_interval';
COMMENT ON FUNCTION @extschema@.kv_incr(pg_catalog.text, bigint, interval, pg_catalog.regclass) IS 'adds to a counter, which starts at 0 and then expires, and keeps its expiry later; the sum: an interval from now';

CREATE FUNCTION @extschema@.kv_incr(key pg_catalog.text, by bigint, ttl double precision, store pg_catalog.regclass DEFAULT '-')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_incr_seconds';
COMMENT ON FUNCTION @extschema@.kv_incr(pg_catalog.text, bigint, double precision, pg_catalog.regclass) IS 'adds to a counter, which starts at 0 and then expires, and keeps its expiry later; the sum: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_incr(key pg_catalog.text, by bigint, ttl integer, store pg_catalog.regclass DEFAULT '-')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_incr_integer';
COMMENT ON FUNCTION @extschema@.kv_incr(pg_catalog.text, bigint, integer, pg_catalog.regclass) IS 'adds to a counter, which starts at 0 and then expires, and keeps its expiry later; the sum: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_incr(key pg_catalog.text, by bigint, ttl pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_incr_text';
COMMENT ON FUNCTION @extschema@.kv_incr(pg_catalog.text, bigint, pg_catalog.text, pg_catalog.regclass) IS 'adds to a counter, which starts at 0 and then expires, and keeps its expiry later; the sum: an interval, or a number of seconds, in words';

CREATE FUNCTION @extschema@.kv_incr(key pg_catalog.text, by integer, store pg_catalog.regclass DEFAULT '-')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_incr_by_integer';
COMMENT ON FUNCTION @extschema@.kv_incr(pg_catalog.text, integer, pg_catalog.regclass) IS 'adds to a counter, which starts at 0, and keeps its expiry; the sum';

CREATE FUNCTION @extschema@.kv_incr(key pg_catalog.text, by integer, ttl interval, store pg_catalog.regclass DEFAULT '-')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_incr_by_integer_interval';
COMMENT ON FUNCTION @extschema@.kv_incr(pg_catalog.text, integer, interval, pg_catalog.regclass) IS 'adds to a counter, which starts at 0 and then expires, and keeps its expiry later; the sum: an interval from now';

CREATE FUNCTION @extschema@.kv_incr(key pg_catalog.text, by integer, ttl double precision, store pg_catalog.regclass DEFAULT '-')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_incr_by_integer_seconds';
COMMENT ON FUNCTION @extschema@.kv_incr(pg_catalog.text, integer, double precision, pg_catalog.regclass) IS 'adds to a counter, which starts at 0 and then expires, and keeps its expiry later; the sum: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_incr(key pg_catalog.text, by integer, ttl integer, store pg_catalog.regclass DEFAULT '-')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_incr_by_integer_integer';
COMMENT ON FUNCTION @extschema@.kv_incr(pg_catalog.text, integer, integer, pg_catalog.regclass) IS 'adds to a counter, which starts at 0 and then expires, and keeps its expiry later; the sum: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_incr(key pg_catalog.text, by integer, ttl pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_incr_by_integer_text';
COMMENT ON FUNCTION @extschema@.kv_incr(pg_catalog.text, integer, pg_catalog.text, pg_catalog.regclass) IS 'adds to a counter, which starts at 0 and then expires, and keeps its expiry later; the sum: an interval, or a number of seconds, in words';

CREATE FUNCTION @extschema@.kv_incr(key pg_catalog.text, by smallint, store pg_catalog.regclass DEFAULT '-')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_incr_by_smallint';
COMMENT ON FUNCTION @extschema@.kv_incr(pg_catalog.text, smallint, pg_catalog.regclass) IS 'adds to a counter, which starts at 0, and keeps its expiry; the sum';

CREATE FUNCTION @extschema@.kv_incr(key pg_catalog.text, by smallint, ttl interval, store pg_catalog.regclass DEFAULT '-')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_incr_by_smallint_interval';
COMMENT ON FUNCTION @extschema@.kv_incr(pg_catalog.text, smallint, interval, pg_catalog.regclass) IS 'adds to a counter, which starts at 0 and then expires, and keeps its expiry later; the sum: an interval from now';

CREATE FUNCTION @extschema@.kv_incr(key pg_catalog.text, by smallint, ttl double precision, store pg_catalog.regclass DEFAULT '-')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_incr_by_smallint_seconds';
COMMENT ON FUNCTION @extschema@.kv_incr(pg_catalog.text, smallint, double precision, pg_catalog.regclass) IS 'adds to a counter, which starts at 0 and then expires, and keeps its expiry later; the sum: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_incr(key pg_catalog.text, by smallint, ttl integer, store pg_catalog.regclass DEFAULT '-')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_incr_by_smallint_integer';
COMMENT ON FUNCTION @extschema@.kv_incr(pg_catalog.text, smallint, integer, pg_catalog.regclass) IS 'adds to a counter, which starts at 0 and then expires, and keeps its expiry later; the sum: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_incr(key pg_catalog.text, by smallint, ttl pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_incr_by_smallint_text';
COMMENT ON FUNCTION @extschema@.kv_incr(pg_catalog.text, smallint, pg_catalog.text, pg_catalog.regclass) IS 'adds to a counter, which starts at 0 and then expires, and keeps its expiry later; the sum: an interval, or a number of seconds, in words';

CREATE FUNCTION @extschema@.kv_incr(key pg_catalog.text, by pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_incr_by_text';
COMMENT ON FUNCTION @extschema@.kv_incr(pg_catalog.text, pg_catalog.text, pg_catalog.regclass) IS 'adds to a counter, which starts at 0, and keeps its expiry; the sum';

CREATE FUNCTION @extschema@.kv_incr(key pg_catalog.text, by pg_catalog.text, ttl interval, store pg_catalog.regclass DEFAULT '-')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_incr_by_text_interval';
COMMENT ON FUNCTION @extschema@.kv_incr(pg_catalog.text, pg_catalog.text, interval, pg_catalog.regclass) IS 'adds to a counter, which starts at 0 and then expires, and keeps its expiry later; the sum: an interval from now';

CREATE FUNCTION @extschema@.kv_incr(key pg_catalog.text, by pg_catalog.text, ttl double precision, store pg_catalog.regclass DEFAULT '-')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_incr_by_text_seconds';
COMMENT ON FUNCTION @extschema@.kv_incr(pg_catalog.text, pg_catalog.text, double precision, pg_catalog.regclass) IS 'adds to a counter, which starts at 0 and then expires, and keeps its expiry later; the sum: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_incr(key pg_catalog.text, by pg_catalog.text, ttl integer, store pg_catalog.regclass DEFAULT '-')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_incr_by_text_integer';
COMMENT ON FUNCTION @extschema@.kv_incr(pg_catalog.text, pg_catalog.text, integer, pg_catalog.regclass) IS 'adds to a counter, which starts at 0 and then expires, and keeps its expiry later; the sum: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_incr(key pg_catalog.text, by pg_catalog.text, ttl pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_incr_by_text_text';
COMMENT ON FUNCTION @extschema@.kv_incr(pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.regclass) IS 'adds to a counter, which starts at 0 and then expires, and keeps its expiry later; the sum: an interval, or a number of seconds, in words';

CREATE FUNCTION @extschema@.kv_mset(keys pg_catalog.text[], "values" pg_catalog.text[], store pg_catalog.regclass DEFAULT '-')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_mset(pg_catalog.text[], pg_catalog.text[], pg_catalog.regclass) IS 'stores each value under the key at its position, without expiry; the number of distinct keys';

CREATE FUNCTION @extschema@.kv_mset(keys pg_catalog.text[], "values" pg_catalog.text[], ttl interval, store pg_catalog.regclass DEFAULT '-')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_mset_interval';
COMMENT ON FUNCTION @extschema@.kv_mset(pg_catalog.text[], pg_catalog.text[], interval, pg_catalog.regclass) IS 'stores each value under the key at its position, to expire; the number of distinct keys: an interval from now';

CREATE FUNCTION @extschema@.kv_mset(keys pg_catalog.text[], "values" pg_catalog.text[], ttl double precision, store pg_catalog.regclass DEFAULT '-')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_mset_seconds';
COMMENT ON FUNCTION @extschema@.kv_mset(pg_catalog.text[], pg_catalog.text[], double precision, pg_catalog.regclass) IS 'stores each value under the key at its position, to expire; the number of distinct keys: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_mset(keys pg_catalog.text[], "values" pg_catalog.text[], ttl integer, store pg_catalog.regclass DEFAULT '-')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_mset_integer';
COMMENT ON FUNCTION @extschema@.kv_mset(pg_catalog.text[], pg_catalog.text[], integer, pg_catalog.regclass) IS 'stores each value under the key at its position, to expire; the number of distinct keys: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_mset(keys pg_catalog.text[], "values" pg_catalog.text[], ttl pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_mset_text';
COMMENT ON FUNCTION @extschema@.kv_mset(pg_catalog.text[], pg_catalog.text[], pg_catalog.text, pg_catalog.regclass) IS 'stores each value under the key at its position, to expire; the number of distinct keys: an interval, or a number of seconds, in words';

-- Changing when an entry expires

CREATE FUNCTION @extschema@.kv_get_ex(key pg_catalog.text, ttl interval, store pg_catalog.regclass DEFAULT '-')
RETURNS pg_catalog.text
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_get_ex_interval';
COMMENT ON FUNCTION @extschema@.kv_get_ex(pg_catalog.text, interval, pg_catalog.regclass) IS 'the live value, its expiry set anew, else null: an interval from now';

CREATE FUNCTION @extschema@.kv_get_ex(key pg_catalog.text, ttl double precision, store pg_catalog.regclass DEFAULT '-')
RETURNS pg_catalog.text
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_get_ex_seconds';
COMMENT ON FUNCTION @extschema@.kv_get_ex(pg_catalog.text, double precision, pg_catalog.regclass) IS 'the live value, its expiry set anew, else null: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_get_ex(key pg_catalog.text, ttl integer, store pg_catalog.regclass DEFAULT '-')
RETURNS pg_catalog.text
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_get_ex_integer';
COMMENT ON FUNCTION @extschema@.kv_get_ex(pg_catalog.text, integer, pg_catalog.regclass) IS 'the live value, its expiry set anew, else null: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_get_ex(key pg_catalog.text, ttl pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS pg_catalog.text
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_get_ex_text';
COMMENT ON FUNCTION @extschema@.kv_get_ex(pg_catalog.text, pg_catalog.text, pg_catalog.regclass) IS 'the live value, its expiry set anew, else null: an interval, or a number of seconds, in words';

CREATE FUNCTION @extschema@.kv_get_ex_bytes(key pg_catalog.text, ttl interval, store pg_catalog.regclass DEFAULT '-')
RETURNS pg_catalog.bytea
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_get_ex_bytes_interval';
COMMENT ON FUNCTION @extschema@.kv_get_ex_bytes(pg_catalog.text, interval, pg_catalog.regclass) IS 'the live value, its expiry set anew, else null: an interval from now';

CREATE FUNCTION @extschema@.kv_get_ex_bytes(key pg_catalog.text, ttl double precision, store pg_catalog.regclass DEFAULT '-')
RETURNS pg_catalog.bytea
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_get_ex_bytes_seconds';
COMMENT ON FUNCTION @extschema@.kv_get_ex_bytes(pg_catalog.text, double precision, pg_catalog.regclass) IS 'the live value, its expiry set anew, else null: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_get_ex_bytes(key pg_catalog.text, ttl integer, store pg_catalog.regclass DEFAULT '-')
RETURNS pg_catalog.bytea
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_get_ex_bytes_integer';
COMMENT ON FUNCTION @extschema@.kv_get_ex_bytes(pg_catalog.text, integer, pg_catalog.regclass) IS 'the live value, its expiry set anew, else null: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_get_ex_bytes(key pg_catalog.text, ttl pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS pg_catalog.bytea
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_get_ex_bytes_text';
COMMENT ON FUNCTION @extschema@.kv_get_ex_bytes(pg_catalog.text, pg_catalog.text, pg_catalog.regclass) IS 'the live value, its expiry set anew, else null: an interval, or a number of seconds, in words';

CREATE FUNCTION @extschema@.kv_expire(key pg_catalog.text, ttl interval, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_expire_interval';
COMMENT ON FUNCTION @extschema@.kv_expire(pg_catalog.text, interval, pg_catalog.regclass) IS 'sets the expiry of the live entry anew; whether there was one: an interval from now';

CREATE FUNCTION @extschema@.kv_expire(key pg_catalog.text, ttl double precision, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_expire_seconds';
COMMENT ON FUNCTION @extschema@.kv_expire(pg_catalog.text, double precision, pg_catalog.regclass) IS 'sets the expiry of the live entry anew; whether there was one: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_expire(key pg_catalog.text, ttl integer, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_expire_integer';
COMMENT ON FUNCTION @extschema@.kv_expire(pg_catalog.text, integer, pg_catalog.regclass) IS 'sets the expiry of the live entry anew; whether there was one: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_expire(key pg_catalog.text, ttl pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_expire_text';
COMMENT ON FUNCTION @extschema@.kv_expire(pg_catalog.text, pg_catalog.text, pg_catalog.regclass) IS 'sets the expiry of the live entry anew; whether there was one: an interval, or a number of seconds, in words';

CREATE FUNCTION @extschema@.kv_expire_at(key pg_catalog.text, expires pg_catalog.timestamptz, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_expire_at(pg_catalog.text, pg_catalog.timestamptz, pg_catalog.regclass) IS 'sets when the live entry expires, or removes it if that time has come; whether there was one';

CREATE FUNCTION @extschema@.kv_persist(key pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_persist(pg_catalog.text, pg_catalog.regclass) IS 'makes the live entry one that does not expire; whether it was one that did';

-- Removing

CREATE FUNCTION @extschema@.kv_get_del(key pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS pg_catalog.text
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_get_del(pg_catalog.text, pg_catalog.regclass) IS 'the live value, removed; else null';

CREATE FUNCTION @extschema@.kv_get_del_bytes(key pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS pg_catalog.bytea
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_get_del_bytes(pg_catalog.text, pg_catalog.regclass) IS 'the live value as bytes, removed; else null';

CREATE FUNCTION @extschema@.kv_del(key pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_del(pg_catalog.text, pg_catalog.regclass) IS 'removes the entry; whether there was a live one';

CREATE FUNCTION @extschema@.kv_del_if(key pg_catalog.text, expected pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_del_if(pg_catalog.text, pg_catalog.text, pg_catalog.regclass) IS 'removes the live entry if its value is the expected one; whether it did';

CREATE FUNCTION @extschema@.kv_mdel(keys pg_catalog.text[], store pg_catalog.regclass DEFAULT '-')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_mdel(pg_catalog.text[], pg_catalog.regclass) IS 'removes the entries of all these keys; how many were live';

CREATE FUNCTION @extschema@.kv_del_prefix(prefix pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_del_prefix(pg_catalog.text, pg_catalog.regclass) IS 'removes the entries whose keys have that prefix; how many were live';

CREATE FUNCTION @extschema@.kv_flush(store pg_catalog.regclass DEFAULT '-')
RETURNS pg_catalog.void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_flush(pg_catalog.regclass) IS 'empties the store';

CREATE FUNCTION @extschema@.kv_invalidate()
RETURNS pg_catalog.trigger
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_invalidate() IS 'removes the keys made of the changed row: (format with a %s for each column, columns .., store if not kv_store)';

-- Leases, of keys that need not be live. They are kept in a store of the extension's own, which
-- only these functions reach.

CREATE UNLOGGED TABLE @extschema@.kv_leases OF @extschema@.kv_entry (
    key WITH OPTIONS PRIMARY KEY,
    value WITH OPTIONS NOT NULL,
    expires WITH OPTIONS NOT NULL DEFAULT 'infinity'
) WITH (fillfactor = 80, vacuum_truncate = off);
COMMENT ON TABLE @extschema@.kv_leases IS 'the leases that are held, see kv_lease';

CREATE FUNCTION @extschema@.kv_lease(key pg_catalog.text, token pg_catalog.text, ttl interval, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_lease_interval';
COMMENT ON FUNCTION @extschema@.kv_lease(pg_catalog.text, pg_catalog.text, interval, pg_catalog.regclass) IS 'takes the lease of a key if nobody holds it, until it is given back or ends; whether it did: an interval from now';

CREATE FUNCTION @extschema@.kv_lease(key pg_catalog.text, token pg_catalog.text, ttl double precision, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_lease_seconds';
COMMENT ON FUNCTION @extschema@.kv_lease(pg_catalog.text, pg_catalog.text, double precision, pg_catalog.regclass) IS 'takes the lease of a key if nobody holds it, until it is given back or ends; whether it did: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_lease(key pg_catalog.text, token pg_catalog.text, ttl integer, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_lease_integer';
COMMENT ON FUNCTION @extschema@.kv_lease(pg_catalog.text, pg_catalog.text, integer, pg_catalog.regclass) IS 'takes the lease of a key if nobody holds it, until it is given back or ends; whether it did: a number of seconds from now';

CREATE FUNCTION @extschema@.kv_lease(key pg_catalog.text, token pg_catalog.text, ttl pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'kv_lease_text';
COMMENT ON FUNCTION @extschema@.kv_lease(pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.regclass) IS 'takes the lease of a key if nobody holds it, until it is given back or ends; whether it did: an interval, or a number of seconds, in words';

CREATE FUNCTION @extschema@.kv_release(key pg_catalog.text, token pg_catalog.text, store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_release(pg_catalog.text, pg_catalog.text, pg_catalog.regclass) IS 'gives back the lease of a key, if it is held with this token; whether it was';

-- Expiry

CREATE FUNCTION @extschema@.kv_sweep(max_rows integer DEFAULT NULL, store pg_catalog.regclass DEFAULT '-')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_sweep(integer, pg_catalog.regclass) IS 'removes expired entries now, all or at most so many, but no locked ones; how many';

CREATE FUNCTION @extschema@.kv_limit(max_size pg_catalog.text, evict pg_catalog.text DEFAULT 'soonest', store pg_catalog.regclass DEFAULT '-')
RETURNS pg_catalog.void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_limit(pg_catalog.text, pg_catalog.text, pg_catalog.regclass) IS 'has the sweeper evict entries when they take more than a size such as 100 MB, the soonest to expire or the oldest written first; null lifts the limit';

CREATE FUNCTION @extschema@.kv_limit_trigger()
RETURNS pg_catalog.trigger
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_limit_trigger() IS 'keeps what kv_limit() was told, and does nothing';

CREATE FUNCTION @extschema@.kv_schedule_sweep(schedule pg_catalog.text DEFAULT '* * * * *', store pg_catalog.regclass DEFAULT '-')
RETURNS bigint
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_schedule_sweep(pg_catalog.text, pg_catalog.regclass) IS 'has pg_cron sweep the store on a schedule; the id of the job';

CREATE FUNCTION @extschema@.kv_unschedule_sweep(store pg_catalog.regclass DEFAULT '-')
RETURNS boolean
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_unschedule_sweep(pg_catalog.regclass) IS 'ends what kv_schedule_sweep() began; whether there was such a job';

-- Insight

CREATE FUNCTION @extschema@.kv_counters(store pg_catalog.regclass, OUT hits bigint, OUT misses bigint, OUT sets bigint, OUT deletes bigint,
    OUT expired_removed bigint, OUT evicted bigint, OUT last_sweep pg_catalog.timestamptz, OUT last_sweep_took interval,
    OUT last_sweep_pages bigint, OUT last_sweep_removed bigint, OUT last_sweep_left bigint, OUT entry_bytes bigint)
LANGUAGE c VOLATILE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_counters(pg_catalog.regclass) IS 'what was done with a store; nulls where nothing is counted';

CREATE FUNCTION @extschema@.kv_stats_reset()
RETURNS pg_catalog.void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.kv_stats_reset() IS 'sets the counters of all stores of this database to zero';
REVOKE ALL ON FUNCTION @extschema@.kv_stats_reset() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION @extschema@.kv_stats_reset() TO @extowner@;

CREATE VIEW @extschema@.kv_stats AS
SELECT s.oid::pg_catalog.regclass AS store, size.*, limits.max_size, counters.*
FROM pg_catalog.pg_class s,
    LATERAL (
        SELECT pg_catalog.sum(CASE WHEN t.relpages OPERATOR(pg_catalog.>) 0
                                   THEN t.reltuples::double precision OPERATOR(pg_catalog./) t.relpages::double precision
                                        OPERATOR(pg_catalog.*) pg_catalog.pg_relation_size(t.oid::pg_catalog.regclass, 'main'::pg_catalog.text)::double precision
                                        OPERATOR(pg_catalog./) pg_catalog.current_setting('block_size'::pg_catalog.text)::double precision
                                   ELSE pg_catalog.pg_stat_get_live_tuples(t.oid)::double precision
                              END)::bigint AS entries_estimated,
            pg_catalog.sum(pg_catalog.pg_stat_get_live_tuples(t.oid))::bigint AS live_tuples,
            pg_catalog.sum(pg_catalog.pg_stat_get_dead_tuples(t.oid))::bigint AS dead_tuples,
            pg_catalog.sum(pg_catalog.pg_table_size(t.oid::pg_catalog.regclass) OPERATOR(pg_catalog.-) toast.bytes)::bigint AS table_bytes,
            pg_catalog.sum(pg_catalog.pg_indexes_size(t.oid::pg_catalog.regclass))::bigint AS index_bytes,
            pg_catalog.sum(toast.bytes)::bigint AS toast_bytes
        FROM (SELECT s.oid WHERE s.relkind OPERATOR(pg_catalog.=) 'r'::pg_catalog."char"
              UNION ALL
              SELECT tree.relid::pg_catalog.oid FROM pg_catalog.pg_partition_tree(s.oid::pg_catalog.regclass) tree
              WHERE s.relkind OPERATOR(pg_catalog.=) 'p'::pg_catalog."char" AND tree.isleaf) part
        JOIN pg_catalog.pg_class t ON t.oid OPERATOR(pg_catalog.=) part.oid,
            LATERAL (
                SELECT CASE WHEN t.reltoastrelid OPERATOR(pg_catalog.<>) 0::pg_catalog.oid
                            THEN coalesce(pg_catalog.pg_total_relation_size(t.reltoastrelid::pg_catalog.regclass), 0::bigint)
                            ELSE 0::bigint
                       END AS bytes) toast) size,
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
