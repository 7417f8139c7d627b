-- The extension, its default store, and stores of one's own.
\set ON_ERROR_STOP on
CREATE EXTENSION kvstore;
\set ON_ERROR_STOP off

\d kv_store
\dT+ kv_entry*
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
SELECT c.oid::regclass, relpersistence, reloftype::regtype, reloptions = (SELECT reloptions FROM pg_class WHERE oid = 'kv_store'::regclass) AS same_options
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

-- Refused.
SELECT kv_create_store('sessions');
SELECT kv_create_store('nowhere.sessions');
SELECT kv_create_store('a.b.c.d');
SELECT kv_create_store('');
SELECT kv_create_store('numbers', value_type => 'integer');
SELECT kv_create_store(NULL);
SELECT kv_create_store('x', logged => NULL);
SELECT kv_create_store('x', value_type => NULL);

-- The type keeps the shape.
ALTER TABLE sessions ADD COLUMN extra int;
ALTER TABLE sessions SET LOGGED;
SELECT kv_get('k', store => 'sessions');
ALTER TABLE sessions RENAME TO seances;
SELECT kv_get('k', store => 'seances');

DROP TABLE seances, "Odd name; --", scratch, public.twin;
DROP SCHEMA app CASCADE;
DELETE FROM kv_store;
