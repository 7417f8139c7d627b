-- Bad input gives its error, in every function, and changes nothing.
SELECT kv_set('k', 'kept');

-- NULL: an error in a write, NULL in a read.
SELECT call, error_of('SELECT ' || call)
FROM unnest(ARRAY[
    'kv_set(NULL, ''v'')', 'kv_set(''k'', NULL::text)', 'kv_set(''k'', NULL::bytea)', 'kv_set(''k'', ''v'', store => NULL)',
    'kv_set_ex(NULL, ''v'', 60)', 'kv_set_ex(''k'', NULL::text, 60)', 'kv_set_ex(''k'', NULL::bytea, 60)', 'kv_set_ex(''k'', ''v'', NULL::interval)',
    'kv_get_ex(NULL, 60)', 'kv_get_del(NULL)', 'kv_del(NULL)', 'kv_sweep(store => NULL)']) call;
SELECT kv_get(NULL), kv_exists(NULL), kv_ttl(NULL), kv_expires(NULL), kv_get('k', store => NULL);

-- A key that is too long.
SELECT call, error_of('SELECT ' || format(call, 'repeat(''k'', 2049)'))
FROM unnest(ARRAY[
    'kv_get(%s)', 'kv_exists(%s)', 'kv_ttl(%s)', 'kv_expires(%s)',
    'kv_set(%s, ''v'')', 'kv_set(%s, ''v''::bytea)', 'kv_set_ex(%s, ''v'', 60)', 'kv_set_ex(%s, ''v''::bytea, 60)',
    'kv_get_ex(%s, 60)', 'kv_get_del(%s)', 'kv_del(%s)']) call;
SELECT kv_set(repeat('ä', 1025), 'v');

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
       error_of(format('SELECT kv_set(''k'', ''v'', store => %L)', relation)) ~ '^42809' AS set_alike
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
SELECT kv_del('k');
ROLLBACK TO a;
SELECT kv_sweep();
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
