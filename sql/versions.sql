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

-- A write that takes its time is done once: of large values (three, after 9,000 writes above), and with
-- triggers.
SELECT string_agg(md5(i::text), '') AS large FROM generate_series(1, 100000) i \gset
BEGIN;
SELECT kv_set_ex('large', :'large', 60, store => 'hot'), kv_incr('count', 1, 60, store => 'hot'), kv_set_ex('large', :'large', '1 hour', store => 'hot');
SELECT pg_stat_force_next_flush();
COMMIT;
SELECT n_tup_ins + n_tup_upd AS written FROM pg_stat_user_tables WHERE relname = 'hot';
CREATE TABLE calls (what text);
CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.01); INSERT INTO calls VALUES (TG_OP || ' ' || NEW.key); RETURN NULL; END $$;
CREATE TRIGGER dawdle AFTER INSERT OR UPDATE ON hot FOR EACH ROW EXECUTE FUNCTION dawdle();
SELECT kv_set_ex('a', 'x', 60, store => 'hot'), kv_set_nx('b', 'x', 60, store => 'hot'), kv_incr('c', 1, 60, store => 'hot'), kv_get_ex('a', 60, store => 'hot');
SELECT * FROM calls;

DROP FUNCTION value_before, dawdle CASCADE;
DROP TABLE calls;
DROP TABLE hot;
RESET kvstore.fast_path;
