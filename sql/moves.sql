-- An entry is found wherever its row has moved to, and not where another one's row is by now.
-- A session asks often, so that it has remembered where rows were (paths/tid_cache).
CREATE FUNCTION get_often(of_key text, in_store regclass DEFAULT 'kv_store') RETURNS text[] LANGUAGE sql AS
$$ SELECT array_agg(DISTINCT kv_get(of_key, store => in_store)) FROM generate_series(1, 20) $$;

-- The place is free, then another entry's.
SELECT kv_set('a', 'of a'), get_often('a');
SELECT kv_del('a'), get_often('a');
VACUUM kv_store;
SELECT get_often('a');
SELECT kv_set('b', 'of b'), get_often('a'), get_often('b');
SELECT kv_set('a', 'of a again'), get_often('a'), get_often('b');
-- The row, and its neighbour, in each other's place.
SELECT kv_mdel('{a,b}');
VACUUM kv_store;
SELECT kv_mset('{b,a}', '{b there,a there}'), get_often('a'), get_often('b');

-- New versions on the page, and on others; a change is for the one that is seen.
SELECT count(kv_set('a', repeat('x', n))) FROM generate_series(1, 1500) n;
SELECT length((get_often('a'))[1]), kv_append('a', 'y'), kv_del_if('a', 'another'), kv_cas('a', 'another', 'z');
SELECT kv_set('n', '0'), max(kv_incr('n')) FROM generate_series(1, 1000);

-- A transaction sees its own, and what it saw; nobody sees what was rolled back.
BEGIN;
SELECT kv_set('a', 'soon gone'), get_often('a');
SAVEPOINT s;
SELECT kv_del('a'), get_often('a');
SELECT kv_set('a', 'sooner gone'), get_often('a');
ROLLBACK TO s;
SELECT get_often('a');
ROLLBACK;
SELECT length((get_often('a'))[1]);

-- The table has another file, or less of it.
SELECT kv_set('a', 'moved');
VACUUM FULL kv_store;
SELECT get_often('a'), get_often('b'), get_often('n');
TRUNCATE kv_store;
SELECT get_often('a'), kv_set('a', 'a new'), get_often('a');
SELECT count(kv_set('many' || n, repeat('x', 500))) FROM generate_series(1, 500) n;
SELECT get_often('many500') = ARRAY[repeat('x', 500)];
SELECT kv_del_prefix('many');
VACUUM (TRUNCATE true) kv_store;
SELECT get_often('many500'), get_often('a');
SELECT kv_set('many500', 'on an old page'), get_often('many500'), get_often('a');

-- Stores with the same keys, one of them temporary, one in another's place.
SELECT kv_create_store('other');
SELECT kv_set('a', 'of the other', store => 'other'), get_often('a', 'other'), get_often('a');
CREATE TEMPORARY TABLE passing OF kv_entry (key WITH OPTIONS PRIMARY KEY, value WITH OPTIONS NOT NULL, expires WITH OPTIONS NOT NULL);
SELECT kv_set('a', 'of the passing', store => 'passing'), get_often('a', 'passing'), get_often('a', 'other');
DROP TABLE other, passing;
SELECT kv_create_store('other');
SELECT get_often('a', 'other'), kv_set('a', 'of the new', store => 'other'), get_often('a', 'other');
DROP TABLE other;

-- A key that the row keeps compressed.
SELECT kv_set(repeat('long ', 400), string_agg(md5(n::text), '')) FROM generate_series(1, 100) n;
SELECT length((get_often(repeat('long ', 400)))[1]), get_often(repeat('long ', 399));
SELECT pg_column_size(key) < 100 AS compressed FROM kv_store WHERE key = repeat('long ', 400);

-- Many at once, the places of which are looked at ahead (paths/prefetch): where they were, moved, gone, and not there
-- any more.
CREATE FUNCTION get_many(OUT found bigint, OUT wrong bigint) LANGUAGE sql AS
$$ SELECT count(value), count(*) FILTER (WHERE value <> 'of ' || key) FROM kv_mget(ARRAY(SELECT 'many' || n FROM generate_series(1, 300) n)) $$;
SELECT kv_mset(array_agg('many' || n), array_agg('of many' || n)), get_many() FROM generate_series(1, 300) n;
SELECT get_many(), kv_mset(array_agg('many' || n), array_agg('of many' || n)), get_many() FROM generate_series(1, 300) n;
SELECT kv_mdel(array_agg('many' || n)), get_many() FROM generate_series(1, 300, 3) n;
VACUUM kv_store;
SELECT kv_mset(array_agg('many' || n), array_agg('of many' || n)), get_many() FROM generate_series(300, 1, -3) n;
VACUUM FULL kv_store;
SELECT get_many(), get_many();
TRUNCATE kv_store;
SELECT get_many(), kv_set('many7', 'of many7'), get_many();

TRUNCATE kv_store;
DROP FUNCTION get_often, get_many;
