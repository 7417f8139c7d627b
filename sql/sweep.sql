-- kv_sweep() removes what has expired, and nothing else.
\getenv abs_srcdir PG_ABS_SRCDIR
\set include :abs_srcdir '/sql/include/without_sweeper.sql'
\i :include
SELECT kv_sweep();
SELECT count(kv_set_ex('brief' || i, repeat('x', 100), 1e-6)) FROM generate_series(1, 1000) i;
SELECT count(kv_set_ex('long' || i, repeat('x', 100), 3600)) FROM generate_series(1, 500) i;
SELECT count(kv_set('for ever' || i, repeat('x', 100))) FROM generate_series(1, 500) i;
SELECT count(*) FROM kv_store;
SELECT kv_sweep(10);
SELECT kv_sweep(max_rows => 90);
SELECT kv_sweep();
SELECT kv_sweep();
SELECT count(*), min(key), max(key) FROM kv_store;

-- All of them, however many.
SELECT count(kv_set_ex('brief' || i, repeat('x', 100), 1e-6)) FROM generate_series(1, 5000) i;
SELECT kv_sweep(2500);
SELECT kv_sweep();

-- A sweep belongs to its transaction.
SELECT kv_set_ex('brief', 'x', 1e-6);
BEGIN;
SELECT kv_sweep();
ROLLBACK;
SELECT count(*) FROM kv_store WHERE key = 'brief';

-- Within one statement.
SELECT kv_set_ex('brief2', 'x', 1e-6), kv_sweep(), kv_sweep();

-- In other stores, by the table's own type.
SELECT kv_create_store('blobs', logged => true, value_type => 'bytea');
SELECT kv_set_ex('a', '\xff'::bytea, 1e-6, store => 'blobs'), kv_set_ex('b', '\xff'::bytea, 60, store => 'blobs');
SELECT kv_sweep(store => 'blobs'), kv_sweep();
SELECT key FROM blobs;
DROP TABLE blobs;
TRUNCATE kv_store;
SELECT kv_sweep();

-- What cannot be removed is left, and keeps nothing else: rows that are referred to, and rows
-- whose trigger raises an error, at once or at the end.
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'shut for today'; END $$;
SELECT kv_create_store('bound');
CREATE UNLOGGED TABLE refers (key text COLLATE "C" REFERENCES bound);
SELECT count(kv_set_ex('brief' || i, 'x', 1e-6, store => 'bound')) FROM generate_series(1, 2500) i;
INSERT INTO refers VALUES ('brief1'), ('brief1700');
SELECT kv_sweep(store => 'bound');
SELECT key FROM bound ORDER BY key;
SELECT kv_sweep(store => 'bound');
DROP TABLE refers;
CREATE TRIGGER fail BEFORE DELETE ON bound FOR EACH ROW WHEN (OLD.key = 'brief1') EXECUTE FUNCTION fail();
SELECT kv_sweep(store => 'bound');
SELECT key FROM bound ORDER BY key;
DROP TRIGGER fail ON bound;
CREATE CONSTRAINT TRIGGER fail AFTER DELETE ON bound DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.key = 'brief1') EXECUTE FUNCTION fail();
BEGIN;
SELECT kv_sweep(store => 'bound');
COMMIT;
DROP TRIGGER fail ON bound;
-- An error that is not that of a row is one.
\set SHOW_CONTEXT never
CREATE TRIGGER fail BEFORE DELETE ON bound FOR EACH STATEMENT EXECUTE FUNCTION fail();
SELECT kv_sweep(store => 'bound');
-- Nor is the end of the call's time, and that leaves no subtransaction open.
CREATE FUNCTION end_time() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE query_canceled; END $$;
DROP TRIGGER fail ON bound;
CREATE TRIGGER end_time BEFORE DELETE ON bound FOR EACH ROW EXECUTE FUNCTION end_time();
SELECT kv_sweep(store => 'bound');
SELECT key FROM bound;
\set SHOW_CONTEXT errors
DROP TABLE bound;

-- kv_sweep(n) counts what went: not what a policy hides, nor what cannot be removed.
CREATE ROLE sweep_user;
SELECT kv_create_store('policed');
ALTER TABLE policed ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON policed FOR SELECT USING (true);
CREATE POLICY change ON policed FOR UPDATE USING (true);
CREATE POLICY remove ON policed FOR DELETE USING (key LIKE 'z%');
GRANT SELECT, UPDATE, DELETE ON policed TO sweep_user;
SELECT count(kv_set_ex(k || i, 'x', 1e-6, store => 'policed')) FROM unnest(ARRAY['a', 'z']) k, generate_series(1, 50) i;
SET ROLE sweep_user;
SELECT kv_sweep(20, store => 'policed'), kv_sweep(20, store => 'policed'), kv_sweep(20, store => 'policed'), kv_sweep(20, store => 'policed');
RESET ROLE;
SELECT count(*), min(key) FROM policed;
DROP TABLE policed;

-- Nor does it need a policy for UPDATE, as DELETE does without.
SELECT kv_create_store('policed');
ALTER TABLE policed ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON policed FOR SELECT USING (true);
CREATE POLICY remove ON policed FOR DELETE USING (key LIKE 'z%');
GRANT SELECT, UPDATE, DELETE ON policed TO sweep_user;
INSERT INTO policed SELECT k || i, 'x', 'epoch' FROM unnest(ARRAY['a', 'z']) k, generate_series(1, 50) i;
SET ROLE sweep_user;
SELECT kv_sweep(20, store => 'policed'), kv_sweep(store => 'policed'), kv_sweep(store => 'policed');
RESET ROLE;
SELECT count(*), min(key) FROM policed;
DROP TABLE policed;

-- Constraints that are deferred are checked at once if the call is a transaction of its own, whoever calls.
-- Otherwise they stay as they are, and who acts as the owner is told what to do.
CREATE SCHEMA sweep_user AUTHORIZATION sweep_user;
SET ROLE sweep_user;
SELECT kv_create_store('sweep_user.owned');
CREATE UNLOGGED TABLE sweep_user.refers (key text COLLATE "C" REFERENCES sweep_user.owned DEFERRABLE INITIALLY DEFERRED);
RESET ROLE;
INSERT INTO sweep_user.owned SELECT 'brief' || i, 'x', 'epoch' FROM generate_series(1, 5) i;
INSERT INTO sweep_user.refers VALUES ('brief1');
SELECT kv_sweep(store => 'sweep_user.owned');
TRUNCATE sweep_user.refers;
BEGIN;
SELECT kv_sweep(store => 'sweep_user.owned');
INSERT INTO sweep_user.refers VALUES ('later');
INSERT INTO sweep_user.owned VALUES ('later', 'x', 'infinity');
COMMIT;
DO $$
BEGIN
    PERFORM kv_sweep(store => 'sweep_user.owned');
    INSERT INTO sweep_user.refers VALUES ('latest');
    INSERT INTO sweep_user.owned VALUES ('latest', 'x', 'infinity');
END $$;
BEGIN;
SET CONSTRAINTS ALL IMMEDIATE;
SELECT kv_sweep(store => 'sweep_user.owned');
COMMIT;
SELECT key FROM sweep_user.owned ORDER BY key;
-- Not in a function in SQL, nor behind a statement's other calls.
CREATE PROCEDURE sweep_between() LANGUAGE sql AS $$
    INSERT INTO sweep_user.refers VALUES ('by a procedure');
    SELECT kv_sweep(store => 'sweep_user.owned');
    INSERT INTO sweep_user.owned VALUES ('by a procedure', 'x', 'infinity');
$$;
CALL sweep_between();
PREPARE sweep AS SELECT kv_sweep(store => 'sweep_user.owned');
CREATE OR REPLACE PROCEDURE sweep_between() LANGUAGE sql AS $$
    INSERT INTO sweep_user.refers VALUES ('by a prepared one');
    EXECUTE sweep;
    INSERT INTO sweep_user.owned VALUES ('by a prepared one', 'x', 'infinity');
$$;
CALL sweep_between();
DROP PROCEDURE sweep_between;
CREATE FUNCTION add_both(key text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO sweep_user.refers VALUES (key);
    INSERT INTO sweep_user.owned VALUES (key, 'x', 'infinity');
    RETURN key;
END $$;
SELECT kv_sweep(store => 'sweep_user.owned'), add_both('by another call');
DROP FUNCTION add_both;
-- The owner, and who has no more than DELETE.
INSERT INTO sweep_user.owned SELECT 'brief' || i, 'x', 'epoch' FROM generate_series(1, 5) i;
INSERT INTO sweep_user.refers VALUES ('brief1');
CREATE ROLE sweep_guest;
GRANT USAGE ON SCHEMA sweep_user TO sweep_guest;
GRANT SELECT, DELETE ON sweep_user.owned TO sweep_guest;
SET ROLE sweep_user;
SELECT kv_sweep(1, store => 'sweep_user.owned');
SELECT kv_sweep(store => 'sweep_user.owned');
SELECT key FROM sweep_user.owned WHERE expires < 'infinity' ORDER BY key;
RESET ROLE;
INSERT INTO sweep_user.owned VALUES ('brief2', 'x', 'epoch');
SET ROLE sweep_guest;
SELECT kv_sweep(store => 'sweep_user.owned');
RESET ROLE;
SELECT key FROM sweep_user.owned ORDER BY key;
DROP TABLE sweep_user.refers, sweep_user.owned;
DROP OWNED BY sweep_guest;
DROP ROLE sweep_guest;
DROP SCHEMA sweep_user;

-- A partitioned store is swept in the order of its keys, a part at a time, from the empty key on.
CREATE TABLE parts OF kv_entry (key WITH OPTIONS PRIMARY KEY, value WITH OPTIONS NOT NULL, expires WITH OPTIONS NOT NULL DEFAULT 'infinity') PARTITION BY HASH (key);
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TRIGGER fail BEFORE DELETE ON parts FOR EACH ROW WHEN (OLD.key = 'k77') EXECUTE FUNCTION fail();
INSERT INTO parts VALUES ('', 'x', 'epoch');
INSERT INTO parts SELECT 'k' || i, 'x', CASE WHEN i % 2 = 1 THEN timestamptz 'epoch' ELSE 'infinity' END FROM generate_series(1, 6000) i;
SELECT kv_sweep(500, store => 'parts'), kv_sweep(1, store => 'parts'), kv_sweep(store => 'parts'), kv_sweep(store => 'parts');
SELECT count(*), count(*) FILTER (WHERE expires < 'infinity') AS expired FROM parts;
DROP TABLE parts;
DROP FUNCTION fail();
DROP ROLE sweep_user;
-- As it was.
SELECT format('ALTER DATABASE %I IS_TEMPLATE false', current_database()) \gexec
