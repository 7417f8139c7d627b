-- The size limit of a store: how it is given, where it is kept.
\getenv abs_srcdir PG_ABS_SRCDIR
\set include :abs_srcdir '/sql/include/error_of.sql'
\i :include
SELECT kv_create_store('pages');
SELECT kv_limit('100 MB', store => 'pages');
SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'pages'::regclass;
SELECT store, max_size FROM kv_stats ORDER BY store::text;
-- It stands in nobody's way.
SELECT kv_detour('pages') IS NOT DISTINCT FROM CASE current_setting('kvstore.fast_path') WHEN 'off' THEN 'kvstore.fast_path is off' END AS reached;
SELECT kv_set('k', 'v', store => 'pages'), kv_flush(store => 'pages');
TRUNCATE pages;
-- It can be changed and lifted, again and again.
SELECT kv_limit('1 GB', 'oldest', store => 'pages');
SELECT kv_limit('64kB', evict => 'soonest', store => 'pages');
SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'pages'::regclass;
SELECT kv_limit(NULL, store => 'pages');
SELECT kv_limit(NULL, store => 'pages');
SELECT store, max_size FROM kv_stats ORDER BY store::text;

-- What is not a limit.
SELECT call, error_of('SELECT ' || call) FROM unnest(ARRAY[
    'kv_limit(''much'', store => ''pages'')', 'kv_limit('''', store => ''pages'')', 'kv_limit(''0'', store => ''pages'')',
    'kv_limit(''-1 MB'', store => ''pages'')', 'kv_limit(''1 MB'', ''newest'', store => ''pages'')', 'kv_limit(''1 MB'', NULL, store => ''pages'')',
    'kv_limit(''1 MB'', store => NULL)', 'kv_limit(''1 MB'', store => ''pg_class'')']) call;
CREATE TABLE parts OF kv_entry (key WITH OPTIONS PRIMARY KEY, value WITH OPTIONS NOT NULL, expires WITH OPTIONS NOT NULL) PARTITION BY HASH (key);
SELECT kv_limit('1 MB', store => 'parts');
DROP TABLE parts;

-- For those who may do it in SQL.
CREATE ROLE kv_guest;
GRANT SELECT, INSERT, UPDATE, DELETE ON pages TO kv_guest;
SET ROLE kv_guest;
SELECT kv_limit('1 MB', store => 'pages');
SELECT kv_limit(NULL, store => 'pages');
RESET ROLE;
SELECT kv_create_store('pg_temp.scratch');
SELECT kv_limit('1 MB', store => 'scratch');
DROP TABLE scratch;
BEGIN READ ONLY;
SELECT kv_limit('1 MB', store => 'pages');
ROLLBACK;
-- Somebody's own trigger of that name is not a limit, and spoils nothing.
CREATE FUNCTION truncated() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER kv_limit AFTER TRUNCATE ON pages FOR EACH STATEMENT EXECUTE FUNCTION truncated('nonsense', 'of mine');
SELECT store, max_size FROM kv_stats ORDER BY store::text;
SELECT error_of($$SELECT kv_limit('1 MB', store => 'pages')$$);
SELECT kv_limit(NULL, store => 'pages');
SELECT tgfoid::regproc FROM pg_trigger WHERE tgrelid = 'pages'::regclass;
DROP TRIGGER kv_limit ON pages;
-- A limit that somebody has spoilt can be set anew.
CREATE TRIGGER kv_limit AFTER TRUNCATE ON pages FOR EACH STATEMENT EXECUTE FUNCTION kv_limit_trigger('a lot', 'soonest');
SELECT kv_limit('1 MB', store => 'pages');
SELECT max_size FROM kv_stats WHERE store = 'pages'::regclass;
-- What inherits from a store is in the way of a limit as long as it is there.
CREATE TABLE heirs () INHERITS (pages);
SELECT error_of($$SELECT kv_limit('2 MB', store => 'pages')$$);
DROP TABLE heirs;
SELECT error_of($$SELECT kv_limit('2 MB', store => 'pages')$$);
DROP TABLE pages;
DROP FUNCTION truncated;
DROP OWNED BY kv_guest;
DROP ROLE kv_guest;
