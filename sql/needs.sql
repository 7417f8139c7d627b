-- What each call needs: which privileges, on which columns; and whether it does without the others.
-- As docs/reference.md has it, in its table of privileges.
\getenv abs_srcdir PG_ABS_SRCDIR
\set include :abs_srcdir '/sql/include/without_sweeper.sql'
\i :include
CREATE ROLE kv_caller;

\set ECHO none
\set include :abs_srcdir '/sql/include/calls.sql'
\i :include
\set ECHO all
DELETE FROM calls WHERE call IS NULL OR function IN ('kv_stats_reset', 'kv_sizes', 'kv_counters');

-- Whether the role is refused: for live entries, with an expiry or without, for expired ones or for none.
-- Whatever the call does is taken back.
CREATE FUNCTION refused(call text, store regclass DEFAULT 'kv_store') RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    expiry timestamptz;
BEGIN
    FOREACH expiry IN ARRAY ARRAY['infinity', now() + interval '1 hour', now() - interval '1 s', NULL]::timestamptz[] LOOP
        BEGIN
            EXECUTE format($sql$INSERT INTO %s SELECT k, v, $1 FROM (VALUES ('k', 'w'), ('number', '1'), ('gone', 'v'), ('moved', 'v'), ('appended', 'v'), ('no such key', '')) s(k, v)
                WHERE $1 IS NOT NULL$sql$, store) USING expiry;
            SET LOCAL ROLE kv_caller;
            EXECUTE 'SELECT ' || call;
            RAISE 'carried out' USING ERRCODE = 'P0000';
        EXCEPTION
            WHEN insufficient_privilege THEN RETURN true;
            WHEN SQLSTATE 'P0000' THEN NULL;
        END;
    END LOOP;
    RETURN false;
END $$;

-- Has the role have these privileges on the store and no others.
CREATE FUNCTION give(privileges text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    REVOKE ALL ON kv_store FROM kv_caller;
    REVOKE ALL (key, value, expires) ON kv_store FROM kv_caller;
    IF cardinality(privileges) > 0 THEN
        EXECUTE format('GRANT %s ON kv_store TO kv_caller', array_to_string(privileges, ', '));
    END IF;
END $$;

CREATE FUNCTION refused_with(call text, privileges text[]) RETURNS boolean LANGUAGE sql AS $$
    SELECT give(privileges);
    SELECT refused(call);
$$;

-- Those of them without any of which the call is refused.
CREATE FUNCTION needed(call text, among text[]) RETURNS text[] LANGUAGE sql AS $$
    SELECT coalesce(array_agg(missing ORDER BY n) FILTER (WHERE refused_with(call, array_remove(among, missing))), '{}')
    FROM unnest(among) WITH ORDINALITY a(missing, n)
$$;

CREATE TABLE needs AS
SELECT n, function, call, needed(call, '{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}') AS privileges FROM calls;
SELECT array_to_string(privileges, ', ') AS privileges, string_agg(DISTINCT function, ', ') AS functions FROM needs GROUP BY 1 ORDER BY 1;
-- A function that is there more than once needs different ones, as its arguments are.
SELECT call, privileges FROM needs WHERE function IN (SELECT function FROM needs GROUP BY 1 HAVING count(DISTINCT privileges) > 1) ORDER BY n;
-- These are enough.
SELECT call FROM needs WHERE refused_with(call, privileges);
-- Nor does a removal do with less because there is nothing to be removed.
SELECT call, needed(call, '{SELECT,INSERT,UPDATE,DELETE}') AS privileges FROM unnest(ARRAY[$$kv_mdel('{}')$$, $$kv_del_prefix('no such prefix')$$, $$kv_rename('nothing', 'k')$$, $$kv_rename_nx('nothing', 'k')$$, $$kv_copy('nothing', 'k')$$]) call;

-- From one store to another they are needed where they count.
SELECT kv_create_store('another');
GRANT SELECT ON another TO kv_caller;
SELECT call, needed(call, '{SELECT,INSERT,UPDATE,DELETE}') AS privileges
FROM unnest(ARRAY[$$kv_copy('k', 'l', to_store => 'another')$$, $$kv_copy('k', 'l', to_store => 'kv_store', store => 'another')$$,
    $$kv_rename('k', 'l', to_store => 'another')$$]) call;
GRANT INSERT, UPDATE ON another TO kv_caller;
SELECT call, needed(call, '{SELECT,INSERT,UPDATE,DELETE}') AS privileges
FROM unnest(ARRAY[$$kv_copy('k', 'l', to_store => 'another')$$, $$kv_rename('k', 'l', to_store => 'another')$$]) call;
DROP TABLE another;

-- On all columns they are as good, where SQL is what asks for them; and these columns are needed.
CREATE FUNCTION columns_of(privileges text[]) RETURNS text[] LANGUAGE sql AS $$
    SELECT array_agg(p || CASE WHEN p IN ('SELECT', 'INSERT', 'UPDATE') THEN format(' (%s)', c) ELSE '' END ORDER BY n, m)
    FROM unnest(privileges) WITH ORDINALITY a(p, n), unnest(ARRAY['key', 'value', 'expires']) WITH ORDINALITY b(c, m)
    WHERE m = 1 OR p IN ('SELECT', 'INSERT', 'UPDATE')
$$;
SELECT call FROM needs WHERE privileges <> '{}' AND refused_with(call, columns_of(privileges));
SELECT array_to_string(columns, ', ') AS columns, string_agg(DISTINCT function, ', ') AS functions
FROM (SELECT function, needed(call, columns_of(privileges)) AS columns FROM needs WHERE privileges && '{SELECT,INSERT,UPDATE}') c
GROUP BY 1 ORDER BY 1;

-- Nothing goes without USAGE of the store's schema, though the store is given by its number.
CREATE SCHEMA closed;
SELECT kv_create_store('closed.s');
GRANT ALL ON closed.s TO kv_caller;
SELECT give('{}');
CREATE TABLE elsewhere AS
SELECT n, replace(regexp_replace(call, '\)$', format(', store => %s::regclass)', 'closed.s'::regclass::oid)), '(,', '(') AS call FROM calls;
SELECT count(*), count(*) FILTER (WHERE refused(call, 'closed.s')) AS refused FROM elsewhere;
GRANT USAGE ON SCHEMA closed TO kv_caller;
SELECT call FROM elsewhere WHERE refused(call, 'closed.s');
-- Nor without EXECUTE.
BEGIN;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT EXECUTE ON FUNCTION refused TO kv_caller;
SELECT count(*), count(*) FILTER (WHERE refused(call, 'closed.s')) AS refused FROM elsewhere;
ROLLBACK;
-- kv_leases is nobody's to touch, whatever is granted on the store.
SELECT give('{ALL}');
SELECT call FROM calls c(n, function), LATERAL (SELECT replace(regexp_replace(c.call, '\)$', ', store => ''kv_leases'')'), '(,', '(')) e(elsewhere)
WHERE NOT refused(elsewhere) ORDER BY n;

SELECT give('{}');
DROP TABLE closed.s, calls, needs, elsewhere;
DROP SCHEMA closed;
DROP FUNCTION refused, give, refused_with, needed, columns_of;
DROP ROLE kv_caller;
TRUNCATE kv_store;
-- As it was.
SELECT format('ALTER DATABASE %I IS_TEMPLATE false', current_database()) \gexec
