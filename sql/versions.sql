-- Versions of a row that cannot be removed yet, because somebody still might see them, are
-- not walked through to find the newest.
SET kvstore.fast_path = on;
SELECT kv_create_store('hot');

BEGIN;
SELECT count(kv_set('k', i::text, store => 'hot')) FROM generate_series(1, 5000) i;
SELECT pg_stat_force_next_flush();
COMMIT;
SELECT idx_tup_read > 1000 AS looked, idx_tup_read < 2 * 5000 AS at_about_one_each FROM pg_stat_user_indexes WHERE relname = 'hot';

-- A key that was removed and stored again, in another place of the table, and one beside it.
BEGIN;
SELECT count(kv_get_del('k', store => 'hot')), count(kv_set('k', i::text, store => 'hot')), count(kv_set('k' || i, 'x', store => 'hot')) FROM generate_series(1, 1000) i;
SELECT kv_get('k', store => 'hot'), kv_get('k1', store => 'hot'), kv_get('j', store => 'hot'), kv_get('l', store => 'hot');
ROLLBACK;
SELECT kv_get('k', store => 'hot'), kv_count(store => 'hot');

-- What an older snapshot sees is found behind newer versions.
CREATE FUNCTION value_before() RETURNS text LANGUAGE sql STABLE AS $$ SELECT kv_get('k', store => 'hot') $$;
SELECT kv_get('k', store => 'hot') AS old, count(kv_set('k', 'new ' || i, store => 'hot')) AS sets, min(value_before()) AS first, max(value_before()) AS last
FROM generate_series(1, 2000) i;
SELECT kv_get('k', store => 'hot');

DROP FUNCTION value_before;
DROP TABLE hot;
RESET kvstore.fast_path;
