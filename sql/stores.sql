-- The default store, and stores of one's own.
\d kv_store
\dT kv_entry*
SELECT relname, relpersistence, pg_get_userbyid(relowner) = current_user AS mine
FROM pg_class WHERE relname = 'kv_store';

-- The statements of a hand-rolled store run unchanged.
PREPARE upsert(varchar, text, timestamptz) AS
INSERT INTO kv_store ("key", "value", expires) VALUES ($1, $2, $3)
            ON CONFLICT ("key") DO UPDATE SET "value" = $2, expires = $3;
PREPARE get(varchar) AS SELECT "value" FROM kv_store WHERE "key" = $1;
PREPARE get_ex(varchar, timestamptz) AS UPDATE kv_store SET expires=$2 WHERE "key"=$1 RETURNING "value";
PREPARE get_del(varchar) AS DELETE FROM kv_store WHERE key=$1 RETURNING "value";
EXECUTE upsert('game-1', '{"id":1}', now() + interval '1 hour');
EXECUTE upsert('game-1', '{"id":1,"name":"Skyrim"}', now() + interval '1 hour');
EXECUTE get('game-1');
EXECUTE get_ex('game-1', now() + interval '2 hours');
EXECUTE get_del('game-1');
EXECUTE get('game-1');
EXECUTE upsert('game-2', '{"id":2}', now() - interval '1 second');
DELETE FROM kv_store WHERE expires < NOW();
SELECT count(*) FROM kv_store;
DEALLOCATE ALL;

-- A row that plain SQL inserts without an expiry does not expire.
INSERT INTO kv_store VALUES ('plain', 'sql');
SELECT kv_get('plain'), kv_expires('plain');

-- Stores of one's own.
SELECT kv_create_store('sessions');
SELECT kv_create_store('"Odd name; --"');
CREATE SCHEMA app;
SELECT kv_create_store('app.tokens', logged => true);
SELECT kv_create_store('app."Blobs"', value_type => 'bytea');
SELECT kv_create_store('pg_temp.scratch');
SELECT c.oid::regclass, relpersistence, reloftype::regtype, reloptions = (SELECT reloptions FROM pg_class WHERE oid = 'kv_store'::regclass) AS same_options,
    (SELECT reloptions FROM pg_class t WHERE t.oid = c.reltoastrelid) AS toast_options
FROM pg_class c WHERE reloftype IN ('kv_entry'::regtype, 'kv_entry_bytea'::regtype)
ORDER BY relname;

SELECT kv_set('k', 'in sessions', store => 'sessions'),
       kv_set('k', 'odd', store => '"Odd name; --"'),
       kv_set('k', 'logged', store => 'app.tokens'),
       kv_set('k', 'bytes', store => 'app."Blobs"'),
       kv_set('k', 'temporary', store => 'scratch');
SELECT kv_get('k'), kv_get('k', store => 'sessions') AS sessions,
       kv_get('k', store => '"Odd name; --"') AS odd, kv_get('k', store => 'app.tokens') AS tokens,
       kv_get('k', store => 'app."Blobs"') AS blobs, kv_get('k', store => 'scratch') AS scratch;

-- The unqualified name is the one that CREATE TABLE would take, and the result is
-- the new store, whatever else has its name.
CREATE TEMP TABLE twin (x int);
SELECT kv_create_store('twin')::text AS created;
SELECT kv_get('k', store => 'public.twin');
-- Where that is the session's own, it is temporary.
SET search_path = pg_temp, public;
SELECT kv_create_store('fleeting');
RESET search_path;
SELECT relpersistence FROM pg_class WHERE relname = 'fleeting';

-- Refused.
SELECT kv_create_store('sessions');
SELECT kv_create_store('nowhere.sessions');
SELECT kv_create_store('a.b.c.d');
SELECT kv_create_store('');
SELECT kv_create_store('numbers', value_type => 'integer');
SELECT kv_create_store(NULL);
SELECT kv_create_store('x', logged => NULL);
SELECT kv_create_store('x', value_type => NULL);
SELECT kv_create_store('x', value_type => 0::regtype);
SELECT kv_create_store('x', value_type => 1234567::regtype);
-- These would be OIDs where a store is given by name. Quoted they are names.
SELECT kv_create_store('123');
SELECT kv_create_store('-');
SELECT kv_create_store('"123"'), kv_create_store('"-"');
SELECT kv_create_store('123.456');
SELECT kv_set('k', 'digits', store => '"123"'), kv_get('k', store => '"-"'), kv_get('k', store => '"123"');
DROP TABLE "123", "-";

-- Whatever its name, each function finds it.
CREATE SCHEMA "odd ""%s\0x";
DO $$
DECLARE
    name text;
    odd text;
BEGIN
    FOREACH name IN ARRAY ARRAY['kv_store\0x', 'a''b"c', '100%s %n', E'two\nlines', '; --', '$1', repeat('long', 20), 'kv_store '] LOOP
        odd := format('%I.%I', 'odd "%s\0x', name);
        ASSERT kv_create_store(odd, logged => true) = odd::regclass;
        PERFORM kv_set('k', 'v', store => odd), kv_limit('1 MB', 'oldest', store => odd);
        ASSERT (SELECT max_size = '1 MB' FROM kv_stats WHERE store = odd::regclass);
        ASSERT kv_get('k', store => odd) = 'v' AND kv_incr('i', 1, 60, store => odd) = 1;
        ASSERT kv_sweep(store => odd) = 0;
        PERFORM kv_limit(NULL, store => odd), kv_flush(store => odd);
        EXECUTE format('CREATE TABLE made_of (k text); CREATE TRIGGER forget AFTER DELETE ON made_of FOR EACH ROW EXECUTE FUNCTION kv_invalidate(''%%s'', ''k'', %L)', odd);
        INSERT INTO made_of VALUES ('k');
        PERFORM kv_set('k', 'v', store => odd);
        DELETE FROM made_of;
        ASSERT kv_count(store => odd) = 0, odd;
        DROP TABLE made_of;
    END LOOP;
END $$;
SELECT count(*) FROM pg_class WHERE relnamespace = '"odd ""%s\0x"'::regnamespace AND relkind = 'r';
\set VERBOSITY terse
DROP SCHEMA "odd ""%s\0x" CASCADE;
\set VERBOSITY default

-- The default store is a table like any other, and the one of that name.
SELECT count(*) FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = 'kv_store'::regclass AND deptype = 'e';
SELECT kv_set('k', 'first'), kv_get('k', store => '-'), kv_get('k', store => 'kv_store');
SELECT kv_get('k'), kv_get('k', store => '-'), kv_get('k', store => NULL);
SELECT kv_set('k', 'v', store => NULL);
BEGIN;
ALTER TABLE kv_store RENAME TO kept;
SAVEPOINT renamed;
SELECT kv_get('k');
ROLLBACK TO renamed;
SELECT kv_set('k', 'v');
ROLLBACK TO renamed;
CREATE TABLE calls_invalidate (k text);
CREATE TRIGGER forget AFTER INSERT ON calls_invalidate FOR EACH ROW EXECUTE FUNCTION kv_invalidate('%s', 'k');
INSERT INTO calls_invalidate VALUES ('k');
ROLLBACK TO renamed;
SELECT kv_create_store('public.kv_store', logged => true);
SELECT kv_get('k'), kv_get('k', store => 'kept');
SELECT kv_set('k', 'second');
SELECT kv_get('k'), kv_get('k', store => 'kept');
DROP TABLE kv_store;
ALTER TABLE kept RENAME TO kv_store;
SELECT kv_get('k');
CREATE SCHEMA elsewhere;
ALTER TABLE kv_store SET SCHEMA elsewhere;
SAVEPOINT moved;
SELECT kv_get('k');
ROLLBACK TO moved;
SELECT kv_get('k', store => 'elsewhere.kv_store');
ROLLBACK;
SELECT kv_get('k');

-- The type keeps the shape.
ALTER TABLE sessions ADD COLUMN extra int;
ALTER TABLE sessions SET LOGGED;
SELECT kv_get('k', store => 'sessions');
ALTER TABLE sessions RENAME TO seances;
SELECT kv_get('k', store => 'seances');

DROP TABLE seances, "Odd name; --", scratch, public.twin;
DROP SCHEMA app CASCADE;
DELETE FROM kv_store;
