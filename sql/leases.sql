-- Of all who ask, one holds the lease of a key, until it gives it back or in time.
SELECT kv_lease('k', 'a', '1 hour'), kv_lease('k', 'b', '1 hour'), kv_lease('k', 'a', '1 hour');
SELECT kv_release('k', 'b'), kv_release('k', 'a'), kv_release('k', 'a');
SELECT kv_lease('k', 'b', interval '1 hour'), kv_lease('l', 'b', 3600), kv_lease('m', 'b', 0.001), kv_lease('n', 'b', '1 hour'::text);
SELECT pg_sleep(0.01);
SELECT kv_lease('m', 'a', '1 hour'), kv_release('m', 'b'), kv_release('m', 'a');
SELECT kv_lease(repeat('k', 2048), 'a', '1 hour'), kv_lease(repeat('k', 2047) || 'l', 'a', '1 hour');

-- A store has its own, by whatever name it is called, and shows nothing of them. The key need
-- not be live.
SELECT kv_create_store('leased');
SELECT kv_lease('k', 'a', '1 hour', store => 'leased'), kv_lease('k', 'a', '1 hour', store => 'public.leased'),
    kv_lease('k', 'a', '1 hour', store => 'kv_store');
SELECT count(*) FROM kv_scan(store => 'leased');
SELECT kv_count(store => 'leased'), kv_exists('k', store => 'leased'), kv_flush(store => 'leased');
SELECT kv_release('k', 'a', store => 'public.leased'), kv_lease('k', 'a', '1 hour', store => 'leased');
SELECT count(*) FROM kv_stats WHERE store = 'kv_leases'::regclass;

-- Undone with the transaction.
BEGIN;
SELECT kv_release('k', 'b');
ROLLBACK;
SELECT kv_release('k', 'b');

-- For those who may insert into the store; the table is for nobody.
CREATE ROLE kv_nobody;
CREATE ROLE kv_inserter;
GRANT INSERT ON leased TO kv_inserter;
SET ROLE kv_nobody;
SELECT kv_lease('other', 'c', '1 hour', store => 'leased');
SELECT kv_release('k', 'a', store => 'leased');
SET ROLE kv_inserter;
SELECT kv_lease('other', 'c', '1 hour', store => 'leased'), current_user;
SELECT kv_lease('k', 'c', '1 hour');
SELECT count(*) FROM kv_leases;
RESET ROLE;
SELECT current_user = session_user;

-- They are no business of other code's, whose ever it is.
BEGIN;
CREATE TRIGGER meddles BEFORE INSERT ON kv_leases FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
SELECT kv_lease('meddled', 'a', '1 hour');
ROLLBACK;
SET kvstore.fast_path = off;
SELECT kv_lease('slow', 'a', '1 hour'), kv_lease('slow', 'b', '1 hour'), kv_release('slow', 'b'), kv_release('slow', 'a');
RESET kvstore.fast_path;

-- Errors.
SELECT kv_lease(NULL, 'a', '1 hour');
SELECT kv_lease('k', NULL, '1 hour');
SELECT kv_lease('k', 'a', NULL::interval);
SELECT kv_lease('k', 'a', 0);
SELECT kv_lease(repeat('k', 2049), 'a', '1 hour');
SELECT kv_lease('k', 'a', '1 hour', store => 'pg_class');
SELECT kv_release('k', NULL);
BEGIN READ ONLY;
SELECT kv_lease('k', 'a', '1 hour');
ROLLBACK;

DROP TABLE leased;
DROP ROLE kv_nobody, kv_inserter;
TRUNCATE kv_leases;
