-- One entry's life.
SELECT kv_get('a'), kv_exists('a'), kv_ttl('a'), kv_expires('a');

SELECT kv_set('a', 'one');
SELECT kv_get('a'), kv_exists('a'), kv_ttl('a'), kv_expires('a');
SELECT kv_set('a', 'two');
SELECT kv_get('a');

-- A TTL, and its end: set anew, taken away.
SELECT kv_set_ex('a', 'three', '1 hour');
SELECT kv_get('a'), kv_ttl('a') BETWEEN interval '59 minutes' AND interval '1 hour' AS ttl,
       kv_expires('a') - clock_timestamp() BETWEEN interval '59 minutes' AND interval '1 hour' AS expires;
SELECT kv_get_ex('a', '2 hours');
SELECT kv_ttl('a') BETWEEN interval '119 minutes' AND interval '2 hours' AS ttl;
SELECT kv_set('a', 'four');
SELECT kv_ttl('a'), kv_expires('a');
SELECT kv_set_ex('long', 'x', '3 days 1 hour');
SELECT date_trunc('hour', kv_ttl('long') + interval '1 second') AS days_and_hours;

-- Popped and removed, once.
SELECT kv_get_del('a');
SELECT kv_get_del('a'), kv_get('a');
SELECT kv_set('a', 'five');
SELECT kv_del('a');
SELECT kv_del('a'), kv_exists('a');
SELECT kv_get_ex('a', '1 hour');
SELECT count(*) FROM kv_store WHERE key = 'a';

-- Expired is absent, though its row is still there.
SELECT kv_set_ex('brief', 'x', 3600), kv_set_ex('brief2', 'x', 3600), kv_set_ex('brief3', 'x', 3600);
SELECT kv_get('brief');
BEGIN;
SELECT kv_expire('brief', 1e-6), kv_expire('brief2', 1e-6), kv_expire('brief3', 1e-6);
SELECT count(*) FROM kv_store WHERE key LIKE 'brief%';
COMMIT;
SELECT kv_get('brief'), kv_exists('brief'), kv_ttl('brief'), kv_expires('brief');
SELECT kv_get_ex('brief', '1 hour'), kv_get_del('brief2'), kv_del('brief3');
SELECT kv_get('brief'), kv_get('brief2'), kv_get('brief3');
-- It can be stored again, in its old row.
SELECT kv_set_ex('brief', 'again', '1 hour');
SELECT kv_get('brief');
-- What plain SQL stored long ago, and for ever ago.
INSERT INTO kv_store VALUES ('past', 'x', '2001-01-01'), ('ever', 'x', '-infinity');
SELECT kv_get('past'), kv_get('ever'), kv_del('past'), kv_exists('ever');

-- Within one statement, a write sees the writes before it. Reads are STABLE: they
-- see what the statement saw when it began.
SELECT kv_set('s', '1'), kv_get_ex('s', 60), kv_set('s', '2'), kv_get_del('s'), kv_del('s');
SELECT kv_set('s', '3'), kv_get('s');
SELECT kv_get('s');
SELECT count(kv_set('many', i::text)) FROM generate_series(1, 1000) i;
SELECT kv_get('many'), count(*) FROM kv_store WHERE key = 'many' GROUP BY 1;

-- Writes belong to their transaction.
BEGIN;
SELECT kv_set('t', 'rolled back'), kv_del('s'), kv_get_ex('many', 60);
SELECT kv_get('t'), kv_get('s'), kv_ttl('many') IS NULL AS without_expiry;
ROLLBACK;
SELECT kv_get('t'), kv_get('s'), kv_ttl('many') IS NULL AS without_expiry;
BEGIN;
SELECT kv_set('t', 'outer');
SAVEPOINT inside;
SELECT kv_set('t', 'inner'), kv_set('u', 'inner');
ROLLBACK TO inside;
SELECT kv_get('t'), kv_get('u');
SELECT kv_set('u', 'outer');
COMMIT;
SELECT kv_get('t'), kv_get('u');

-- Keys are bytes: no case, no padding, no patterns; the empty one is one.
SELECT kv_set('Key', '1'), kv_set('key', '2'), kv_set('key ', '3'), kv_set('', 'empty'), kv_set('k%y', '4'), kv_set('ключ', 'юникод');
SELECT kv_get('Key'), kv_get('key'), kv_get('key '), kv_get(''), kv_get('k%y'), kv_get('k_y'), kv_get('ключ');
SELECT kv_set(repeat('k', 2048), 'longest'), kv_set(repeat('ä', 1024), 'as well'), kv_set(repeat('k', 2047), 'shorter');
SELECT kv_get(repeat('k', 2048)), kv_get(repeat('ä', 1024)), kv_get(repeat('k', 2047)), kv_get_ex(repeat('k', 2048), 60), kv_del(repeat('k', 2048));
SELECT kv_get(repeat('k', 2048));
-- Keys that do not compress, beside values that are moved out of the row.
SELECT count(kv_set(k, repeat(k, 3))) FROM (SELECT string_agg(md5(i::text || j::text), '') AS k FROM generate_series(1, 50) i, generate_series(1, 64) j GROUP BY i) keys;
SELECT bool_and(kv_get(k) = repeat(k, 3)), bool_and(kv_get_ex(k, 60) = repeat(k, 3)), bool_and(kv_get_del(k) = repeat(k, 3))
FROM (SELECT string_agg(md5(i::text || j::text), '') AS k FROM generate_series(1, 50) i, generate_series(1, 64) j GROUP BY i) keys;

-- Values of any size.
SELECT kv_set('v', '');
SELECT kv_get('v') = '' AS empty;
SELECT kv_set('v', repeat('value ', 1000000));
SELECT length(kv_get('v')), md5(kv_get('v')) = md5(repeat('value ', 1000000)) AS same;
SELECT length(kv_get_ex('v', '1 hour')), length(kv_get('v')), length(kv_get_del('v'));
SELECT kv_get('v');

-- From rows, in plans of any kind.
CREATE TEMP TABLE wanted AS SELECT 'n' || i AS k, i FROM generate_series(1, 5000) i;
SELECT count(kv_set(k, i::text)) FROM wanted;
SELECT sum(kv_get(k)::int) FROM wanted;
SELECT count(*) FROM wanted WHERE kv_exists(k);
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
CREATE TABLE wanted_too AS SELECT * FROM wanted;
SELECT sum(kv_get(k)::int) FROM wanted_too;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
DROP TABLE wanted_too;
SELECT count(*) FILTER (WHERE kv_del(k)) FROM wanted;

-- In PL/pgSQL, where plans and expressions stay.
DO $$
BEGIN
    FOR i IN 1..20 LOOP
        PERFORM kv_set_ex('plpgsql', i::text, interval '1 minute');
        ASSERT kv_get('plpgsql') = i::text;
        ASSERT kv_get_del('plpgsql') = i::text;
        ASSERT kv_get('plpgsql') IS NULL;
    END LOOP;
END $$;

TRUNCATE kv_store;
