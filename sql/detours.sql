-- What is done to a store changes how it is reached, and nothing else.
\getenv abs_srcdir PG_ABS_SRCDIR
\set include :abs_srcdir '/sql/include/without_sweeper.sql'
\i :include
SET kvstore.fast_path = on;
SELECT kv_detour();
SELECT kv_create_store('s');
SELECT kv_detour('s');

-- Triggers fire.
CREATE TABLE audit (what text, old text, new text);
CREATE FUNCTION record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit VALUES (TG_WHEN || ' ' || TG_OP, OLD.value, NEW.value);
    RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER record AFTER INSERT OR UPDATE OR DELETE ON s FOR EACH ROW EXECUTE FUNCTION record();
SELECT kv_detour('s');
SELECT kv_set('k', '1', store => 's'), kv_set('k', '2', store => 's'), kv_set_ex('k', '3', 60, store => 's');
SELECT kv_get('k', store => 's'), kv_get_ex('k', 60, store => 's'), kv_get_del('k', store => 's');
SELECT kv_set_ex('e', 'x', 1e-6, store => 's'), kv_set('k', '4', store => 's');
SELECT kv_get('e', store => 's'), kv_del('e', store => 's'), kv_del('k', store => 's'), kv_sweep(store => 's');
SELECT * FROM audit;
DROP TRIGGER record ON s;
TRUNCATE audit;
-- One that changes what is stored, and one that keeps it from being stored.
CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.value = 'no' THEN RETURN NULL; END IF;
    NEW.value := upper(NEW.value);
    RETURN NEW;
END $$;
CREATE TRIGGER shout BEFORE INSERT OR UPDATE OF value ON s FOR EACH ROW EXECUTE FUNCTION shout();
SELECT kv_set('k', 'loud', store => 's'), kv_set('silent', 'no', store => 's');
SELECT kv_get('k', store => 's'), kv_get('silent', store => 's');
SELECT kv_set('k', 'louder', store => 's'), kv_get_del('k', store => 's');
DROP TRIGGER shout ON s;
SELECT kv_detour('s');
-- One that keeps an entry where it is, or out of a place: then nothing of a renaming is done.
CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RETURN CASE WHEN OLD.key = 'kept' THEN NULL ELSE OLD END;
    END IF;
    RETURN CASE WHEN NEW.key IN ('a closed one', 'z closed one') THEN NULL ELSE NEW END;
END $$;
CREATE TRIGGER hold BEFORE INSERT OR DELETE ON s FOR EACH ROW EXECUTE FUNCTION hold();
SELECT kv_mset('{free,kept}', '{1,2}', store => 's');
SELECT kv_rename('kept', 'a', store => 's') AS before, kv_rename('kept', 'z', store => 's') AS behind, kv_rename('kept', 'free', store => 's') AS there,
       kv_rename('free', 'a closed one', store => 's') AS before, kv_rename('free', 'z closed one', store => 's') AS behind,
       kv_rename_nx('kept', 'z', store => 's') AS kept, kv_copy('free', 'z closed one', store => 's') AS closed;
SELECT key, value FROM s ORDER BY key;
SET kvstore.redis_stores = 's';
SELECT kv_redis('RENAME kept z'), kv_redis('RENAMENX kept a'), kv_redis('RENAME free moved'), kv_redis('COPY kept copied');
RESET kvstore.redis_stores;
SELECT key, value FROM s ORDER BY key;
DROP TRIGGER hold ON s;
DROP FUNCTION hold;
TRUNCATE s;

-- Whatever error one of them raises, with whatever in it, comes as it is.
CREATE FUNCTION claim() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.value = 'all' THEN
        RAISE unique_violation USING CONSTRAINT = 's_pkey', SCHEMA = 'nowhere', TABLE = 's';
    END IF;
    RAISE unique_violation USING CONSTRAINT = 'c';
END $$;
CREATE TRIGGER claim BEFORE INSERT ON s FOR EACH ROW EXECUTE FUNCTION claim();
SELECT kv_incr('k', store => 's');
SELECT kv_get_set('k', 'v', store => 's');
SELECT kv_get_set('k', 'all', store => 's');
SELECT kv_set('k', 'v', store => 's');
DROP TRIGGER claim ON s;
DROP FUNCTION claim;

-- Row security holds, for those whom it concerns.
CREATE ROLE kv_tenant;
GRANT SELECT, INSERT, UPDATE, DELETE ON s TO kv_tenant;
ALTER TABLE s ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON s USING (key LIKE 'mine:%');
SELECT kv_detour('s') AS for_its_owner;
SELECT kv_set('mine:1', 'a', store => 's'), kv_set('yours:1', 'b', store => 's');
SET ROLE kv_tenant;
SELECT kv_detour('s') AS for_the_tenant;
SELECT kv_get('mine:1', store => 's'), kv_get('yours:1', store => 's'), kv_exists('yours:1', store => 's');
SELECT kv_get_ex('mine:1', 60, store => 's'), kv_get_ex('yours:1', 60, store => 's');
SELECT kv_set('mine:2', 'c', store => 's');
SELECT kv_set('yours:2', 'd', store => 's');
SELECT kv_set('yours:1', 'd', store => 's');
SELECT kv_del('mine:2', store => 's'), kv_del('yours:1', store => 's'), kv_get_del('yours:1', store => 's');
SET row_security = off;
SELECT kv_get('mine:1', store => 's');
RESET row_security;
RESET ROLE;
SELECT key, value FROM s ORDER BY key;
-- While a policy takes its time, an expiry ceases to be good enough. A live entry is answered all the same.
CREATE FUNCTION slowly() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.3); RETURN true; END $$;
CREATE POLICY slow ON s AS RESTRICTIVE USING (slowly());
SELECT kv_set_ex('mine:1', 'a', 60, store => 's');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SET LOCAL ROLE kv_tenant;
SELECT kv_get_ex('mine:1', '60', '0.2', store => 's');
COMMIT;
DROP POLICY slow ON s;
DROP FUNCTION slowly;
-- For the owner, too, if it is forced.
ALTER TABLE s OWNER TO kv_tenant;
SET ROLE kv_tenant;
SELECT kv_detour('s') AS for_its_owner, kv_get('yours:1', store => 's');
ALTER TABLE s FORCE ROW LEVEL SECURITY;
SELECT kv_detour('s') AS for_its_owner, kv_get('yours:1', store => 's');
RESET ROLE;
ALTER TABLE s OWNER TO CURRENT_USER;
DROP POLICY own ON s;
ALTER TABLE s NO FORCE ROW LEVEL SECURITY;
ALTER TABLE s DISABLE ROW LEVEL SECURITY;
DROP OWNED BY kv_tenant;
DROP ROLE kv_tenant;
TRUNCATE s;

-- Rules rewrite.
CREATE RULE log_insert AS ON INSERT TO s DO ALSO INSERT INTO audit VALUES ('rule insert', NULL, NEW.value);
CREATE RULE log_update AS ON UPDATE TO s DO ALSO INSERT INTO audit VALUES ('rule update', OLD.value, NEW.value);
CREATE RULE log_delete AS ON DELETE TO s DO ALSO INSERT INTO audit VALUES ('rule delete', OLD.value, NULL);
SELECT kv_detour('s');
SELECT kv_set('k', '1', store => 's');
SELECT kv_set('k', '2', store => 's');
SELECT kv_get_ex('k', 60, store => 's');
SELECT kv_get('k', store => 's'), kv_ttl('k', store => 's') IS NOT NULL AS ttl;
SELECT kv_get_del('k', store => 's');
SELECT kv_del('k', store => 's');
SELECT * FROM audit;
DROP RULE log_insert ON s;
DROP RULE log_update ON s;
DROP RULE log_delete ON s;
CREATE RULE nothing AS ON UPDATE TO s DO INSTEAD NOTHING;
SELECT kv_set('k', 'first', store => 's');
SELECT kv_set('k', 'second', store => 's');
SELECT kv_get('k', store => 's');
DROP RULE nothing ON s;
TRUNCATE s;

-- Indexes are kept up.
CREATE INDEX s_expires ON s (expires);
CREATE INDEX s_value ON s (value) WHERE value LIKE 'indexed%';
SELECT kv_detour('s');
SELECT kv_set('k' || i, 'indexed ' || i, store => 's') FROM generate_series(1, 3) i;
SELECT kv_set_ex('k2', 'no longer', '1 hour', store => 's'), kv_get_ex('k3', '2 hours', store => 's');
SET enable_seqscan = off;
SELECT key FROM s WHERE value LIKE 'indexed%' ORDER BY value;
SELECT key FROM s WHERE expires BETWEEN now() AND now() + interval '90 minutes';
RESET enable_seqscan;
CREATE UNIQUE INDEX s_unique ON s (value);
SELECT kv_set('k4', 'indexed 1', store => 's');
DROP INDEX s_expires, s_value, s_unique;

-- Constraints are checked.
ALTER TABLE s ADD CONSTRAINT short CHECK (length(value) < 10);
SELECT kv_detour('s');
SELECT kv_set('k', 'long enough to fail', store => 's');
SELECT kv_set('k', 'short', store => 's');
ALTER TABLE s DROP CONSTRAINT short;
-- So is the other side of a foreign key.
CREATE UNLOGGED TABLE refers (key text COLLATE "C" REFERENCES s ON DELETE CASCADE);
SELECT kv_detour('s');
INSERT INTO refers VALUES ('k');
SELECT kv_del('k', store => 's');
SELECT count(*) FROM refers;
DROP TABLE refers;

-- Inheritance.
CREATE TABLE heir () INHERITS (s);
SELECT kv_detour('s');
INSERT INTO heir VALUES ('of the heir', 'v');
SELECT kv_get('of the heir', store => 's');
DROP TABLE heir;
SELECT kv_detour('s');
DROP TABLE s;

-- A partitioned store.
CREATE TABLE parts OF kv_entry (key WITH OPTIONS PRIMARY KEY, value WITH OPTIONS NOT NULL, expires WITH OPTIONS NOT NULL DEFAULT 'infinity') PARTITION BY HASH (key);
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
SELECT kv_detour('parts');
SELECT count(kv_set('k' || i, i::text, store => 'parts')) FROM generate_series(1, 100) i;
SELECT kv_set('k1', 'one', store => 'parts');
SELECT kv_get('k1', store => 'parts'), kv_get_ex('k2', 60, store => 'parts'), kv_get_del('k3', store => 'parts'), kv_del('k3', store => 'parts');
SELECT count(kv_get_ex('k' || i, 1e-6, store => 'parts')) FROM generate_series(11, 60) i;
SELECT kv_sweep(7, store => 'parts'), kv_sweep(store => 'parts'), kv_sweep(store => 'parts');
SELECT count(*) > 0 AS in_0, (SELECT count(*) > 0 FROM parts_1) AS in_1, (SELECT count(*) FROM parts) AS in_both FROM parts_0;
SELECT kv_get('k1', store => 'parts_0');
DROP TABLE parts;

-- A primary key that carries more than the key.
CREATE UNLOGGED TABLE covering OF kv_entry (value WITH OPTIONS NOT NULL, expires WITH OPTIONS NOT NULL DEFAULT 'infinity', PRIMARY KEY (key) INCLUDE (expires));
SELECT kv_detour('covering');
SELECT kv_set('k', 'v', store => 'covering'), kv_get_ex('k', 60, store => 'covering');
SELECT kv_ttl('k', store => 'covering') IS NOT NULL AS ttl;
DROP TABLE covering;

-- Columns that SQL computes: a table can have become a store later.
CREATE TABLE generated (key text COLLATE "C" PRIMARY KEY, value text NOT NULL GENERATED ALWAYS AS ('value of ' || key) STORED, expires timestamptz NOT NULL DEFAULT 'infinity');
INSERT INTO generated (key) VALUES ('k');
ALTER TABLE generated OF kv_entry;
SELECT kv_detour('generated');
SELECT kv_get('k', store => 'generated'), kv_expire('k', 60, store => 'generated'), kv_ttl('k', store => 'generated') IS NOT NULL AS ttl;
SELECT kv_set('k', 'other', store => 'generated');
SELECT kv_set_xx('k', 'other', store => 'generated');
SELECT kv_incr('i', store => 'generated');
SELECT kv_get('k', store => 'generated'), kv_del('k', store => 'generated');
DROP TABLE generated;

-- A temporary store in the other processes of a parallel query.
SELECT kv_create_store('pg_temp.mine') IS NOT NULL AS created;
SELECT kv_set('1', 'one', store => 'pg_temp.mine');
CREATE TABLE keys AS SELECT i::text AS key FROM generate_series(1, 1000) i;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
SELECT count(kv_get(key, store => 'pg_temp.mine')) FROM keys;
SET max_parallel_workers_per_gather = 0;
SELECT count(kv_get(key, store => 'pg_temp.mine')) FROM keys;
RESET ALL;
SET kvstore.fast_path = on;
DROP TABLE keys;

-- Nothing can be written: that is told first.
SELECT kv_create_store('s');
BEGIN READ ONLY;
SELECT kv_detour('s'), kv_detour('pg_temp.mine');
COMMIT;
DROP TABLE s;

DROP FUNCTION record, shout;
DROP TABLE audit;
RESET kvstore.fast_path;
-- As it was.
SELECT format('ALTER DATABASE %I IS_TEMPLATE false', current_database()) \gexec
