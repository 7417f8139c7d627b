-- The whole vocabulary, on each kind of store.
\getenv abs_srcdir PG_ABS_SRCDIR
\set include :abs_srcdir '/sql/include/error_of.sql'
\i :include
\set every_function :abs_srcdir '/sql/include/every_function.sql'
SELECT kv_create_store('texts'), kv_create_store('bytes', value_type => 'bytea');
SELECT kv_create_store('logged_texts', logged => true), kv_create_store('logged_bytes', true, 'bytea');

\set store texts
\i :every_function
\set store bytes
\i :every_function
\set store logged_texts
\i :every_function
\set store logged_bytes
\i :every_function
DROP TABLE texts, bytes, logged_texts, logged_bytes;
-- Where SQL has to do it in steps, and where it has to look into several tables.
CREATE TABLE log (key text);
SELECT kv_create_store('with_rules');
CREATE RULE log_insert AS ON INSERT TO with_rules DO ALSO INSERT INTO log VALUES (NEW.key);
CREATE RULE log_update AS ON UPDATE TO with_rules DO ALSO INSERT INTO log VALUES (NEW.key);
\set store with_rules
\i :every_function
SELECT count(*) > 2500 AS logged FROM log;
DROP TABLE with_rules, log;
CREATE TABLE parts OF kv_entry (key WITH OPTIONS PRIMARY KEY, value WITH OPTIONS NOT NULL, expires WITH OPTIONS NOT NULL DEFAULT 'infinity') PARTITION BY HASH (key);
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
\set store parts
\i :every_function
DROP TABLE parts;

-- The default store.
SELECT kv_set_nx('k', 'v'), kv_incr('n'), kv_cas('k', 'v', 'w'), kv_expire('k', 60), kv_mset('{a,b}', '{1,2}'), kv_count();
SELECT key, value, expires > now() AS live FROM kv_scan(max => 3);
SELECT kv_flush();

-- Untyped parameters find their types.
PREPARE set_nx AS SELECT kv_set_nx($1, $2, $3);
EXECUTE set_nx('k', 'v', '1 hour');
PREPARE incr AS SELECT kv_incr($1, $2, $3);
EXECUTE incr('i', 2, '90');
PREPARE cas AS SELECT kv_cas($1, $2, $3), kv_cas($1, $2, $3, $4);
EXECUTE cas('k', 'v', 'w', '1 hour');
PREPARE mset AS SELECT kv_mset($1, $2), kv_mset($1, $2, $3);
EXECUTE mset('{a}', '{b}', '60 s');
PREPARE expire AS SELECT kv_expire($1, $2);
EXECUTE expire('a', '60');
DEALLOCATE ALL;

-- Writes see the writes before them in one statement, across functions.
SELECT kv_mset('{p,q}', '{1,2}'), kv_incr('p'), kv_mdel('{q}'), kv_set_nx('q', 'again'), kv_get_set('q', 'last'), kv_del_prefix('q');
-- A write within a scan's own statement does not disturb it.
SELECT kv_flush();
SELECT kv_mset(array_agg(i::text), array_agg('x'::text)) FROM generate_series(1, 100) i;
SELECT count(kv_del(key)), count(kv_set(key || 'b', value)) FROM kv_scan();
SELECT kv_count();
SELECT kv_flush();

-- Large values, compressed or out of line, are compared and kept as they are.
SELECT kv_set('large', repeat('x', 100000) || 'a');
SELECT kv_cas('large', repeat('x', 100000) || 'b', 'no'), kv_cas('large', repeat('x', 100000) || 'a', repeat('y', 100000));
SELECT length(kv_get('large')), kv_expire('large', 60), kv_persist('large'), md5(kv_get_ex('large', 60)) = md5(repeat('y', 100000)) AS same;
SELECT kv_del_if('large', repeat('y', 99999)), kv_del_if('large', repeat('y', 100000));
SELECT string_agg(md5(random()::text || i), '') AS noise FROM generate_series(1, 10000) i \gset
SELECT kv_set('large', :'noise');
SELECT kv_expire('large', '1 hour'), kv_get('large') = :'noise' AS same, kv_incr('n');
SELECT kv_incr('large');
SELECT kv_del_if('large', :'noise');

-- Every function has a comment, and so has all else that users call.
SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass
WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'kvstore') AND obj_description(p.oid, 'pg_proc') IS NULL;
SELECT count(*) > 60 AS many FROM pg_proc WHERE proname ~ '^kv_';
-- What reads is STABLE and PARALLEL SAFE, what writes is neither.
SELECT DISTINCT provolatile, proparallel, proisstrict, proname FROM pg_proc WHERE proname ~ '^kv_' ORDER BY 1, 2, 3, 4;
SELECT kv_flush();
