-- Every look into the catalogs discards all that a session knows of them, and rebuilds what
-- is open: memory that is read after it was freed is something else by then. For servers with
-- assertions; scripts/test discarded_caches.
SELECT kv_create_store('pages');
-- Whatever else is there and open.
CREATE TRIGGER x AFTER TRUNCATE ON pages EXECUTE FUNCTION suppress_redundant_updates_trigger();
CREATE TABLE other (i integer);
CREATE TRIGGER x BEFORE UPDATE ON other FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
SELECT kv_limit('1 MB', store => 'pages');
SET debug_discard_caches = 1;
BEGIN;
DECLARE opened CURSOR FOR SELECT FROM other;
SELECT kv_limit(NULL, store => 'pages');
COMMIT;
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'pages'::regclass AND tgname = 'kv_limit';
SELECT kv_mset('{a,b,c}', '{1,2,3}', store => 'pages'), kv_set_ex('brief', 'x', 1e-6, store => 'pages');
SELECT kv_incr('a', store => 'pages'), kv_get('a', store => 'pages'), kv_get_ex('b', 60, store => 'pages'), kv_get_del('c', store => 'pages');
SELECT kv_sweep(store => 'pages') <= 1 AS swept, kv_count(store => 'pages');
RESET debug_discard_caches;
