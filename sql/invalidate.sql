-- Cached keys go with the rows from which they were made.
CREATE TABLE users (id int PRIMARY KEY, name text, city text);
INSERT INTO users VALUES (1, 'ann', 'rome'), (2, 'bob', 'oslo'), (3, NULL, NULL);
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE ON users FOR EACH ROW EXECUTE FUNCTION kv_invalidate('user:%s', 'id');
SELECT kv_mset('{user:1,user:2,user:3,user:11}', '{a,b,c,d}');
UPDATE users SET name = 'anna' WHERE id = 1;
SELECT key FROM kv_scan();
BEGIN;
DELETE FROM users WHERE id = 2;
SELECT key FROM kv_scan();
ROLLBACK;
SELECT key FROM kv_scan();
DELETE FROM users WHERE id = 2;
SELECT key FROM kv_scan();
-- The old key and the new one.
SELECT kv_set('user:4', 'not there, as far as the cache knows');
UPDATE users SET id = 4 WHERE id = 3;
SELECT key FROM kv_scan();
SELECT kv_set('user:5', 'not there');
INSERT INTO users VALUES (5, 'eve', 'rome');
SELECT key FROM kv_scan();
DROP TRIGGER invalidate ON users;

-- Several columns, a percent sign, another store, found next to the table whatever the search_path.
CREATE SCHEMA app;
SELECT kv_create_store('app.pages');
CREATE TABLE app.pages_of (city text, name text);
INSERT INTO app.pages_of VALUES ('rome', 'a'), ('oslo', NULL), ('100%', 'b');
CREATE TRIGGER invalidate AFTER UPDATE ON app.pages_of FOR EACH ROW EXECUTE FUNCTION kv_invalidate('%s/%%/%s', 'city', 'name', 'pages');
SELECT kv_mset('{rome/%/a,oslo/%/,100%/%/b}', '{1,2,3}', store => 'app.pages');
CREATE SCHEMA other;
SELECT kv_create_store('other.pages');
SET search_path = other, public;
UPDATE app.pages_of SET city = city;
RESET search_path;
SELECT key FROM kv_scan(store => 'app.pages');
DROP TRIGGER invalidate ON app.pages_of;
CREATE TRIGGER invalidate AFTER DELETE ON app.pages_of FOR EACH ROW EXECUTE FUNCTION kv_invalidate('oslo/%%/', 'other.pages');
SELECT kv_set('oslo/%/', 'x', store => 'other.pages');
DELETE FROM app.pages_of WHERE city = 'oslo';
SELECT kv_count(store => 'other.pages'), kv_count(store => 'app.pages');
DROP SCHEMA other CASCADE;

-- Keys are the same whatever a session has set.
CREATE TABLE app.days (day date, at timestamptz, during interval, weight float8, seen bytea, kept numrange);
INSERT INTO app.days VALUES ('2026-02-01', '2026-02-01 12:00+01', '1 day 2 hours', 0.1::float4, '\x00ff', '[1,2)');
CREATE TRIGGER forget AFTER UPDATE ON app.days FOR EACH ROW EXECUTE FUNCTION kv_invalidate('%s/%s/%s/%s/%s/%s', 'day', 'at', 'during', 'weight', 'seen', 'kept', 'pages');
SELECT kv_set('2026-02-01/2026-02-01 11:00:00+00/1 day 02:00:00/0.10000000149011612/\x00ff/[1,2)', 'x', store => 'app.pages');
BEGIN;
SET LOCAL datestyle = 'German';
SET LOCAL timezone = 'Asia/Tokyo';
SET LOCAL intervalstyle = 'iso_8601';
SET LOCAL bytea_output = 'escape';
SET LOCAL extra_float_digits = 0;
UPDATE app.days SET day = day;
SHOW datestyle;
SHOW timezone;
SHOW extra_float_digits;
SELECT kv_count(store => 'app.pages');
COMMIT;

-- Those that other settings write, or that no function's volatility tells of, and domains over them.
CREATE DOMAIN app.kg AS float8;
CREATE DOMAIN app.image AS bytea;
CREATE DOMAIN app.heavy AS app.kg CHECK (VALUE > 0);
CREATE TYPE app.pair AS (a float8, b bytea);
CREATE TABLE app."Things" (id int, weight app.kg, of app.heavy, seen app.image, at point, price money, kind regclass, both_ app.pair, all_ app.kg[]);
INSERT INTO app."Things" VALUES (1, 0.1::float4, 0.1::float4, '\x00ff', point(0.1::float4, 2), 1234.5, 'app."Things"', (0.1::float4, '\x00ff'), ARRAY[0.1::float4]);
CREATE TRIGGER forget AFTER UPDATE ON app."Things" FOR EACH ROW
    EXECUTE FUNCTION kv_invalidate('%s/%s/%s/%s/%s/%s/%s/%s', 'weight', 'of', 'seen', 'at', 'price', 'kind', 'both_', 'all_', 'pages');
SELECT kv_set('0.10000000149011612/0.10000000149011612/\x00ff/(0.10000000149011612,2)/$1,234.50/app."Things"/(0.10000000149011612,"\\x00ff")/{0.10000000149011612}', 'x', store => 'app.pages');
BEGIN;
SET LOCAL bytea_output = 'escape';
SET LOCAL extra_float_digits = 0;
SET LOCAL search_path = app, public;
SET LOCAL quote_all_identifiers = on;
UPDATE "Things" SET id = 2;
SELECT current_setting('search_path'), current_setting('quote_all_identifiers');
SELECT key FROM kv_scan(store => 'pages');
COMMIT;

-- A partition has the trigger of the table, and its store.
CREATE SCHEMA parts;
CREATE TABLE app.sales (id int, region text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE parts.sales_eu PARTITION OF app.sales FOR VALUES IN ('eu', 'uk') PARTITION BY LIST (region);
CREATE TABLE parts.sales_uk PARTITION OF parts.sales_eu FOR VALUES IN ('uk');
CREATE TABLE parts.sales_us PARTITION OF app.sales FOR VALUES IN ('us');
CREATE TRIGGER forget AFTER INSERT OR UPDATE OR DELETE ON app.sales FOR EACH ROW EXECUTE FUNCTION kv_invalidate('%s:%s', 'id', 'region', 'pages');
INSERT INTO app.sales VALUES (1, 'uk'), (2, 'us');
SELECT kv_mset('{1:uk,2:us,2:uk,3:us}', '{1,2,3,4}', store => 'app.pages');
UPDATE app.sales SET id = id WHERE id = 1;
SELECT key FROM kv_scan(store => 'app.pages');
-- One that moves to another partition is removed there, and inserted here.
UPDATE app.sales SET region = 'uk' WHERE id = 2;
SELECT key FROM kv_scan(store => 'app.pages');
-- An intermediate one's own.
CREATE TRIGGER other AFTER DELETE ON parts.sales_eu FOR EACH ROW EXECUTE FUNCTION kv_invalidate('3:us', 'own');
SELECT kv_create_store('parts.own');
SELECT kv_set('3:us', 'x', store => 'parts.own');
DELETE FROM app.sales WHERE id = 1;
SELECT kv_count(store => 'parts.own'), kv_count(store => 'app.pages');
DROP SCHEMA parts CASCADE;
SELECT kv_flush(store => 'app.pages');

-- Keys that can be nobody's are nobody's.
DROP TRIGGER invalidate ON app.pages_of;
CREATE TRIGGER invalidate AFTER UPDATE ON app.pages_of FOR EACH ROW EXECUTE FUNCTION kv_invalidate('%s', 'city');
UPDATE app.pages_of SET city = repeat('x', 3000) WHERE name = 'a';
DROP SCHEMA app CASCADE;

-- What is wrong is told when it is first fired.
CREATE FUNCTION tried(arguments text, timing text DEFAULT 'AFTER UPDATE', each text DEFAULT 'ROW') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER tried %s ON users FOR EACH %s EXECUTE FUNCTION kv_invalidate(%s)', timing, each, arguments);
    UPDATE users SET name = name;
    RAISE 'nothing is wrong' USING ERRCODE = 'P0000';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT tried($$'user:%s', 'id'$$), tried($$'all', 'public.kv_store'$$);
SELECT tried(arguments) FROM unnest(ARRAY[
    '', $$'user:%s'$$, $$'user:%s', 'idd'$$, $$'user:%s', 'id', 'name', 'city'$$, $$'user:%d', 'id'$$, $$'user:%', 'id'$$,
    $$'user:%s', 'id', 'no_such_store'$$, $$'user:%s', 'id', 'users'$$]) arguments;
SELECT tried($$'user:%s', 'id'$$, 'BEFORE UPDATE'), tried($$'user:%s', 'id'$$, each => 'STATEMENT');
SELECT kv_invalidate();

-- What a trigger or a policy of the store keeps stays, under each isolation level.
SELECT kv_create_store('kept');
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RETURN CASE WHEN OLD.value NOT LIKE 'pinned%' THEN OLD END;
END $$;
CREATE TRIGGER keep BEFORE DELETE ON kept FOR EACH ROW EXECUTE FUNCTION keep();
CREATE TRIGGER invalidate AFTER UPDATE ON users FOR EACH ROW EXECUTE FUNCTION kv_invalidate('user:%s', 'id', 'kept');
SELECT kv_set('user:1', 'pinned', store => 'kept');
UPDATE users SET name = 'a';
BEGIN ISOLATION LEVEL REPEATABLE READ;
UPDATE users SET name = 'b';
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
UPDATE users SET name = 'c';
COMMIT;
DROP TRIGGER keep ON kept;
CREATE ROLE kv_keeper;
GRANT SELECT, UPDATE ON users TO kv_keeper;
GRANT SELECT, DELETE ON kept TO kv_keeper;
ALTER TABLE kept ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON kept FOR SELECT USING (true);
CREATE POLICY gone ON kept FOR DELETE USING (value NOT LIKE 'pinned%');
SET ROLE kv_keeper;
BEGIN ISOLATION LEVEL REPEATABLE READ;
UPDATE users SET name = 'd';
COMMIT;
RESET ROLE;
SELECT key, value, (SELECT string_agg(DISTINCT name, ',') FROM users) AS users FROM kept;
DROP TRIGGER invalidate ON users;
DROP TABLE kept;
DROP FUNCTION keep;
REVOKE ALL ON users FROM kv_keeper;
DROP ROLE kv_keeper;

-- With the rights of whom fires it.
CREATE ROLE kv_editor;
GRANT SELECT, UPDATE ON users TO kv_editor;
CREATE TRIGGER invalidate AFTER UPDATE ON users FOR EACH ROW EXECUTE FUNCTION kv_invalidate('user:%s', 'id');
SELECT kv_set('user:1', 'x');
SET ROLE kv_editor;
UPDATE users SET name = 'editor';
RESET ROLE;
GRANT SELECT, DELETE ON kv_store TO kv_editor;
SET ROLE kv_editor;
UPDATE users SET name = 'editor';
RESET ROLE;
SELECT kv_count(), (SELECT count(*) FROM users WHERE name = 'editor') AS edited;
REVOKE ALL ON kv_store FROM kv_editor;
DROP TABLE users;
DROP ROLE kv_editor;
DROP FUNCTION tried;
SELECT kv_flush();
