-- A role needs what the equivalent SQL needs, and nothing else.
\getenv abs_srcdir PG_ABS_SRCDIR
\set include :abs_srcdir '/sql/include/error_of.sql'
\i :include
CREATE ROLE kv_nobody;
CREATE ROLE kv_reader;
CREATE ROLE kv_writer;
CREATE ROLE kv_remover;
CREATE ROLE kv_column;
GRANT SELECT ON kv_store TO kv_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON kv_store TO kv_writer;
GRANT SELECT, DELETE ON kv_store TO kv_remover;
GRANT SELECT (key, value, expires), UPDATE (expires) ON kv_store TO kv_column;
SELECT kv_set('k', 'v'), kv_set('gone', 'v');

\set ECHO none
\set include :abs_srcdir '/sql/include/calls.sql'
\i :include
\set ECHO all
GRANT SELECT ON calls TO PUBLIC;

SET ROLE kv_nobody;
SELECT call, error_of('SELECT ' || call) FROM calls WHERE call IS NOT NULL ORDER BY n;
SELECT kv_create_store('mine');
SET ROLE kv_reader;
SELECT call, error_of('SELECT ' || call) FROM calls WHERE call IS NOT NULL ORDER BY n;
SET ROLE kv_writer;
SELECT call, error_of('SELECT ' || call) FROM calls WHERE call IS NOT NULL ORDER BY n;
SET ROLE kv_remover;
SELECT call, error_of('SELECT ' || call) FROM calls WHERE call IS NOT NULL ORDER BY n;
SET ROLE kv_column;
SELECT call, error_of('SELECT ' || call) FROM calls WHERE call IS NOT NULL ORDER BY n;
RESET ROLE;

-- A grant or a revocation counts at once, in the midst of a session.
SET ROLE kv_nobody;
SELECT kv_get('k');
RESET ROLE;
GRANT SELECT ON kv_store TO kv_nobody;
SET ROLE kv_nobody;
SELECT kv_get('k');
RESET ROLE;
REVOKE SELECT ON kv_store FROM kv_nobody;
SET ROLE kv_nobody;
SELECT kv_get('k');
RESET ROLE;
-- By way of another role, too.
GRANT kv_reader TO kv_nobody;
SET ROLE kv_nobody;
SELECT kv_get('k');
RESET ROLE;
REVOKE kv_reader FROM kv_nobody;
SET ROLE kv_nobody;
SELECT kv_get('k');
RESET ROLE;

-- A function of its owner works with its owner's rights.
CREATE FUNCTION read_for_you(k text) RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = public AS 'SELECT kv_get(k)';
SET ROLE kv_nobody;
SELECT read_for_you('k');
RESET ROLE;

-- search_path never changes which table is touched, nor which operators.
CREATE SCHEMA hostile;
CREATE TABLE hostile.kv_store (key text PRIMARY KEY, value text, expires timestamptz);
CREATE FUNCTION hostile.equal(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR hostile.= (LEFTARG = text, RIGHTARG = text, FUNCTION = hostile.equal);
CREATE FUNCTION hostile.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ SELECT 'infinity'::timestamptz $$;
INSERT INTO hostile.kv_store VALUES ('k', 'hostile', 'infinity');
SET search_path = hostile, pg_catalog, public;
SELECT public.kv_get('k'), public.kv_get('other'), public.kv_exists('k');
SELECT public.kv_set('here', 'public'), public.kv_del('no such key'), public.kv_get_ex('here', 60), public.kv_sweep();
RESET search_path;
SELECT kv_get('here'), (SELECT count(*) FROM hostile.kv_store) AS hostile_rows;
DROP SCHEMA hostile CASCADE;

-- Nor does another table that takes over a store's name.
SELECT kv_create_store('one'), kv_create_store('two');
SELECT 'one'::regclass::oid AS one \gset
SELECT kv_set('k', 'one', store => 'one'), kv_set('k', 'two', store => 'two');
PREPARE read_one AS SELECT kv_get('k', store => :one::regclass), kv_get_ex('k', 60, store => :one::regclass);
EXECUTE read_one;
ALTER TABLE one RENAME TO three;
ALTER TABLE two RENAME TO one;
EXECUTE read_one;
CREATE SCHEMA other;
ALTER TABLE three SET SCHEMA other;
EXECUTE read_one;
ALTER SCHEMA other RENAME TO another;
EXECUTE read_one;
DEALLOCATE read_one;
DROP TABLE one, another.three;
DROP SCHEMA another;

-- A store in a schema that is closed, which SQL cannot name, cannot be had by its number either.
CREATE SCHEMA closed;
SELECT kv_create_store('closed.s');
SELECT kv_set('k', 'v', store => 'closed.s'), kv_get('k', store => 'closed.s');
GRANT ALL ON closed.s TO kv_writer;
SELECT 'closed.s'::regclass::oid AS closed \gset
SET ROLE kv_writer;
SELECT kv_get('k', store => :closed::regclass);
SELECT kv_set('k', 'w', store => :closed::regclass);
SELECT kv_count(store => :closed::regclass);
SELECT kv_detour(store => :closed::regclass);
SELECT kv_sweep(store => :closed::regclass);
SELECT kv_flush(store => :closed::regclass);
RESET ROLE;
GRANT USAGE ON SCHEMA closed TO kv_writer;
SET ROLE kv_writer;
SELECT kv_get('k', store => :closed::regclass), kv_set('k', 'w', store => :closed::regclass);
RESET ROLE;
DROP SCHEMA closed CASCADE;

DROP FUNCTION read_for_you;
DROP TABLE calls;
REVOKE ALL ON kv_store FROM kv_reader, kv_writer, kv_remover;
REVOKE ALL (key, value, expires) ON kv_store FROM kv_column;
DROP ROLE kv_nobody, kv_reader, kv_writer, kv_remover, kv_column;
TRUNCATE kv_store;
