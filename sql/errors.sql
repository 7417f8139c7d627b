-- Bad input gives its error, in every function, and changes nothing.
\getenv abs_srcdir PG_ABS_SRCDIR
\set include :abs_srcdir '/sql/include/error_of.sql'
\i :include
SELECT kv_set('k', 'kept');

\set ECHO none
\set include :abs_srcdir '/sql/include/calls.sql'
\i :include
\set ECHO all
-- A function that is not among them has been forgotten.
SELECT proname FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'kvstore') AND proname NOT IN (SELECT function FROM calls);

-- NULL: an error in a write, NULL in a read.
SELECT with_null, error_of('SELECT ' || with_null) FROM (SELECT n, unnest(with_null) FROM calls) c(n, with_null) ORDER BY n;
SELECT kv_get(NULL), kv_exists(NULL), kv_ttl(NULL), kv_expires(NULL), kv_get('k', store => NULL), kv_get_bytes(NULL), kv_count(NULL);
SELECT * FROM kv_mget(NULL);
SELECT * FROM kv_scan(NULL);

-- A key that is too long.
SELECT key, error_of('SELECT ' || format(key, 'repeat(''k'', 2049)')) FROM calls WHERE key IS NOT NULL ORDER BY n;
DROP TABLE calls;
SELECT kv_set(repeat('ä', 1025), 'v');

-- What is particular to a function.
SELECT call, error_of('SELECT ' || call)
FROM unnest(ARRAY['kv_mset(''{a,b}'', ''{1}'')', 'kv_mset(''{a}'', ''{1}'', 0)', 'kv_del_prefix('''')', 'count(*) FROM kv_scan(max => 0)',
    'count(*) FROM kv_scan(max => -1)', 'kv_incr(''k'')', 'kv_expire(''k'', -1)', 'kv_incr(''i'', 1, 0)', 'kv_cas(''k'', ''kept'', ''v'', ''soon'')',
    'kv_rate_limit(''k'', 1, 60)', 'kv_rate_limit(''n'', -1, 60)', 'kv_rate_limit(''n'', 1, 60, -1)', 'kv_rate_limit(''n'', 1, 0)', 'kv_rate_limit(''n'', 1, ''soon'')',
    'kv_rate_limit(''n'', 1, interval ''300000 years'')', 'kv_get_ex(''k'', 60, 0)', 'kv_get_ex(''k'', ''1 hour'', ''soon'')', 'kv_expire(''k'', 60, ''later'')', 'kv_expire_at(''k'', now(), '''')']) call;

-- A table that is not a store, or no longer, or never was.
CREATE TABLE lookalike (key text COLLATE "C" PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL);
CREATE TYPE own_entry AS (key text COLLATE "C", value text, expires timestamptz);
CREATE TABLE own_store OF own_entry (key WITH OPTIONS PRIMARY KEY, value WITH OPTIONS NOT NULL, expires WITH OPTIONS NOT NULL);
CREATE TABLE keyless OF kv_entry (value WITH OPTIONS NOT NULL, key WITH OPTIONS NOT NULL, expires WITH OPTIONS NOT NULL);
CREATE TABLE wide OF kv_entry (value WITH OPTIONS NOT NULL, expires WITH OPTIONS NOT NULL, PRIMARY KEY (key, expires));
CREATE TABLE late OF kv_entry (value WITH OPTIONS NOT NULL, expires WITH OPTIONS NOT NULL, PRIMARY KEY (key) DEFERRABLE);
CREATE TABLE nullable OF kv_entry (key WITH OPTIONS PRIMARY KEY);
CREATE VIEW a_view AS SELECT * FROM kv_store;
CREATE MATERIALIZED VIEW a_matview AS SELECT * FROM kv_store;
CREATE SEQUENCE a_sequence;
SELECT relation, error_of(format('SELECT kv_get(''k'', store => %L)', relation)) AS get,
       error_of(format('SELECT kv_set(''k'', ''v'', store => %L)', relation)) ~ '^42809' AS set_alike,
       error_of(format('SELECT kv_flush(store => %L)', relation)) ~ '^42809' AS flush_alike
FROM unnest(ARRAY['lookalike', 'own_store', 'keyless', 'wide', 'late', 'nullable', 'a_view', 'a_matview', 'a_sequence', 'lookalike_pkey', 'kv_entry', 'pg_class', 'pg_authid']) relation;
SELECT kv_get('k', store => 'keyless');
SELECT kv_get('k', store => 'no_such_table');
SELECT kv_get('k', store => 4294967295::oid::regclass);
DROP TABLE lookalike, own_store, keyless, wide, late, nullable;
DROP TYPE own_entry;
DROP VIEW a_view;
DROP MATERIALIZED VIEW a_matview;
DROP SEQUENCE a_sequence;
SELECT kv_create_store('former');
ALTER TABLE former NOT OF;
SELECT kv_get('k', store => 'former');
ALTER TABLE former OF kv_entry;
SELECT kv_get('k', store => 'former');
ALTER TABLE former ALTER value DROP NOT NULL;
SELECT kv_get('k', store => 'former');
DROP TABLE former;

-- A write where none may be.
BEGIN READ ONLY;
SELECT kv_get('k');
SAVEPOINT a;
SELECT kv_set('k', 'v');
ROLLBACK TO a;
SELECT kv_get_ex('k', 60);
ROLLBACK TO a;
SELECT kv_get_ex_bytes('k', 60);
ROLLBACK TO a;
SELECT kv_mset_bytes('{k}', '{v}');
ROLLBACK TO a;
SELECT kv_del('k');
ROLLBACK TO a;
SELECT kv_sweep();
ROLLBACK TO a;
SELECT kv_expire_at('k', '2001-01-01');
ROLLBACK TO a;
SELECT kv_cas('k', NULL, 'v');
ROLLBACK TO a;
SELECT kv_mset('{k}', '{v}');
ROLLBACK TO a;
SELECT kv_del_prefix('k');
ROLLBACK TO a;
SELECT kv_flush();
ROLLBACK;
SELECT kv_create_store('pg_temp.scratch');
BEGIN READ ONLY;
SELECT kv_set('k', 'temporary tables may be written', store => 'scratch');
SELECT kv_get_del('k', store => 'scratch');
COMMIT;
DROP TABLE scratch;

-- Sweeping.
SELECT kv_sweep(0);
SELECT kv_sweep(-1);

SELECT key, value, expires FROM kv_store;
TRUNCATE kv_store;
