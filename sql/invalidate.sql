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
