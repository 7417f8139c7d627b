-- Row security keeps two tenants of one store apart: what one of them has makes no difference to
-- what the other is told, and cannot be changed by him.
\getenv abs_srcdir PG_ABS_SRCDIR
\set include :abs_srcdir '/sql/include/without_sweeper.sql'
\i :include
CREATE ROLE kv_ada;
CREATE ROLE kv_bob;
SELECT kv_create_store('shared');
GRANT SELECT, INSERT, UPDATE, DELETE, TRIGGER ON shared TO kv_ada, kv_bob;
ALTER TABLE shared ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON shared USING (starts_with(key, CURRENT_USER || ':'));

-- Every call, of bob, of keys that are ada's.
\set ECHO none
\set include :abs_srcdir '/sql/include/calls.sql'
\i :include
\set include :abs_srcdir '/sql/include/error_of.sql'
\i :include
\set ECHO all
CREATE TABLE of_bob AS
SELECT n, replace(regexp_replace(hers, '\)$', ', store => ''shared'')'), '(,', '(') AS call
FROM calls, regexp_replace(call, '(''|\{|,)(k|number|appended|gone|moved|copied|no such key)(''|\})', '\1kv_ada:\2\3', 'g') hers
WHERE call IS NOT NULL AND function NOT IN ('kv_stats_reset', 'kv_sizes', 'kv_counters', 'kv_flush', 'kv_detour');
SELECT call FROM of_bob WHERE n % 8 = 1 ORDER BY n;

-- What he is told, and whether anything of hers is then another. What it does is taken back.
CREATE FUNCTION told(call text, live boolean, OUT answer text, OUT changed boolean) LANGUAGE plpgsql AS $$
DECLARE
    before shared[];
BEGIN
    INSERT INTO shared SELECT 'kv_ada:' || k, '1', CASE WHEN live THEN 'infinity' ELSE now() - interval '1 s' END::timestamptz
        FROM unnest('{k,number,appended,gone,moved,copied,no such key}'::text[]) k WHERE live IS NOT NULL;
    PERFORM kv_lease('kv_ada:' || k, 'hers', 60, store => 'shared') FROM unnest('{k,no such key}'::text[]) k WHERE live IS NOT NULL;
    before := ARRAY(SELECT s FROM shared s ORDER BY key);
    BEGIN
        SET LOCAL ROLE kv_bob;
        EXECUTE 'SELECT x::text FROM (SELECT ' || call || ') x' INTO answer;
        RESET ROLE;
    EXCEPTION WHEN OTHERS THEN
        answer := SQLSTATE || ' ' || SQLERRM;
    END;
    changed := before <> ARRAY(SELECT s FROM shared s WHERE key LIKE 'kv_ada:%' ORDER BY key)
        OR (live IS NOT NULL AND NOT (kv_release('kv_ada:k', 'hers', store => 'shared') AND kv_release('kv_ada:no such key', 'hers', store => 'shared')));
    RAISE 'that was all' USING ERRCODE = 'P0000';
EXCEPTION WHEN SQLSTATE 'P0000' THEN
    RETURN;
END $$;
CREATE TABLE heard AS
SELECT n, call, live.answer AS live, expired.answer AS expired, absent.answer AS absent, live.changed OR expired.changed AS changed
FROM of_bob, told(call, true) live, told(call, false) expired, told(call, NULL) absent;
-- The same, whether she has an entry or not, live or expired.
SELECT * FROM heard WHERE live <> absent OR expired <> absent OR changed ORDER BY n;
SELECT live, count(*) FROM heard GROUP BY 1 ORDER BY 1;

-- By turns, in one transaction: what was planned for one is not carried out for the other.
CREATE FUNCTION by_turns(role name) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', role);
    RETURN concat_ws(' ', kv_incr(role || ':n', store => 'shared'), kv_get('kv_ada:n', store => 'shared'), kv_count(store => 'shared'), kv_exists('kv_bob:n', store => 'shared'));
END $$;
BEGIN;
SELECT role, by_turns(role) FROM unnest('{kv_ada,kv_bob,kv_ada,kv_bob,kv_ada,kv_bob}'::name[]) role;
ROLLBACK;
DROP FUNCTION by_turns;

-- His own he has, beside hers.
SELECT kv_set('kv_ada:k', 'hers', store => 'shared'), kv_set_ex('kv_ada:old', 'hers', 1e-6, store => 'shared');
SET ROLE kv_bob;
SELECT kv_set('kv_bob:k', 'his', store => 'shared'), kv_set_ex('kv_bob:old', 'his', 1e-6, store => 'shared'), kv_incr('kv_bob:n', store => 'shared');
SELECT key, value FROM kv_scan(store => 'shared');
SELECT kv_count(store => 'shared'), kv_count('kv_ada:', store => 'shared'), kv_del_prefix('kv_', store => 'shared'), kv_sweep(store => 'shared');
RESET ROLE;
SELECT key, value FROM shared ORDER BY key;

-- A lease is for those who may insert an entry of that key, whatever a role is called in the policy, and
-- whatever triggers and rules there are; what policies ask of the value and of the expiry is not asked yet.
CREATE FUNCTION leases(key text, OUT told text) LANGUAGE plpgsql AS $$
BEGIN
    told := concat_ws(' ', kv_lease(key, CURRENT_USER::text, 60, store => 'shared'), kv_release(key, CURRENT_USER::text, store => 'shared'));
EXCEPTION WHEN insufficient_privilege THEN
    told := SQLERRM;
END $$;
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''fired''; END';
CREATE TRIGGER fail BEFORE INSERT ON shared FOR EACH ROW EXECUTE FUNCTION fail();
CREATE TABLE tenants (name text, role name);
INSERT INTO tenants VALUES ('a', 'kv_ada'), ('b', 'kv_bob');
GRANT SELECT ON tenants TO kv_ada, kv_bob;
SET ROLE kv_bob;
SELECT leases('kv_bob:k'), leases('kv_ada:k');
RESET ROLE;
SELECT leases('kv_ada:k');
DROP POLICY own ON shared;
SET ROLE kv_bob;
SELECT leases('kv_bob:k');
RESET ROLE;
CREATE POLICY own ON shared USING (starts_with(key, (SELECT name FROM tenants WHERE role = CURRENT_USER) || ':') AND length(value) < 100);
CREATE POLICY soon ON shared AS RESTRICTIVE FOR INSERT WITH CHECK (expires < 'infinity' AND key NOT LIKE '%:secret');
SET ROLE kv_bob;
SELECT leases('b:k'), leases('a:k'), leases('b:secret');
SET ROLE kv_ada;
SELECT leases('b:k'), leases('a:k'), leases('a:secret');
RESET ROLE;
DROP POLICY soon ON shared;
DROP POLICY own ON shared;
-- By what a session has set, under one role.
CREATE POLICY own ON shared USING (starts_with(key, current_setting('app.tenant') || ':'));
SET ROLE kv_bob;
SET app.tenant = 'a';
SELECT leases('a:k'), leases('b:k');
SET app.tenant = 'b';
SELECT leases('a:k'), leases('b:k');
RESET ROLE;
REVOKE INSERT ON shared FROM kv_bob;
SET ROLE kv_bob;
SELECT leases('b:k');
RESET ROLE;
GRANT INSERT ON shared TO kv_bob;
CREATE RULE elsewhere AS ON INSERT TO shared DO INSTEAD NOTHING;
SET ROLE kv_bob;
SELECT leases('b:k');
RESET ROLE;
DROP RULE elsewhere ON shared;
-- A partitioned store, whose partitions have columns in another order.
CREATE TABLE parted OF kv_entry (key WITH OPTIONS PRIMARY KEY, value WITH OPTIONS NOT NULL, expires WITH OPTIONS NOT NULL DEFAULT 'infinity') PARTITION BY HASH (key);
CREATE TABLE part (value text NOT NULL, key text COLLATE "C" NOT NULL, expires timestamptz NOT NULL);
ALTER TABLE parted ATTACH PARTITION part FOR VALUES WITH (MODULUS 1, REMAINDER 0);
GRANT INSERT ON parted TO kv_bob;
ALTER TABLE parted ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON parted USING (starts_with(key, CURRENT_USER || ':'));
SET ROLE kv_bob;
SELECT kv_lease('kv_bob:k', 't', 60, store => 'parted');
SELECT kv_lease('kv_ada:k', 't', 60, store => 'parted');
RESET ROLE;
DROP TRIGGER fail ON shared;
DROP TABLE parted, tenants;
DROP FUNCTION leases, fail;

-- A policy that asks for the value hides a key, which is taken all the same: as SQL tells it.
DROP POLICY own ON shared;
CREATE POLICY own ON shared USING (value = CURRENT_USER::text);
TRUNCATE shared;
INSERT INTO shared VALUES ('k', 'kv_ada');
SET ROLE kv_bob;
SELECT kv_get('k', store => 'shared'), kv_exists('k', store => 'shared'), kv_count(store => 'shared'), kv_del('k', store => 'shared'), kv_expire('k', 60, store => 'shared');
INSERT INTO shared VALUES ('k', 'kv_bob') ON CONFLICT (key) DO UPDATE SET value = 'kv_bob';
SELECT kv_set('k', 'kv_bob', store => 'shared');
-- 'f', or from PostgreSQL 15.19 and its like on an error, as of the same SQL.
SELECT error_of($$SELECT kv_set_nx('k', 'kv_bob', store => 'shared')$$) = error_of($$INSERT INTO shared VALUES ('k', 'kv_bob')
    ON CONFLICT (key) DO UPDATE SET value = 'kv_bob' WHERE shared.expires <= clock_timestamp()$$) AS same;
SELECT kv_incr('k', store => 'shared');
SELECT kv_set('l', 'kv_bob', store => 'shared'), kv_get('l', store => 'shared');
RESET ROLE;
-- So it is under each isolation level, and soon told.
CREATE SEQUENCE tries;
GRANT USAGE ON tries TO kv_bob;
CREATE FUNCTION count_try() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('tries'); RETURN NEW; END $$;
CREATE TRIGGER count_try BEFORE INSERT ON shared FOR EACH ROW EXECUTE FUNCTION count_try();
CREATE POLICY any_new ON shared FOR INSERT WITH CHECK (true);
SET ROLE kv_bob;
SELECT kv_incr('k', store => 'shared');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT kv_incr('k', store => 'shared');
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT kv_append('k', 'x', store => 'shared');
ROLLBACK;
SELECT kv_get_set('k', 'x', store => 'shared');
RESET ROLE;
SELECT last_value < 10 AS soon FROM tries;
DROP POLICY any_new ON shared;
DROP TRIGGER count_try ON shared;
DROP FUNCTION count_try;
DROP SEQUENCE tries;
SELECT key, value FROM shared ORDER BY key;

DROP TABLE shared, calls, of_bob, heard;
DROP FUNCTION told;
DROP ROLE kv_ada, kv_bob;
-- As it was.
SELECT format('ALTER DATABASE %I IS_TEMPLATE false', current_database()) \gexec
