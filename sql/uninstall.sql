-- The extension goes with all that it brought, stores of one's own as asked, and comes back.
SELECT kv_create_store('own');
SELECT kv_set('k', 'v', store => 'own');
DROP EXTENSION kvstore;
DROP EXTENSION kvstore CASCADE;
SELECT count(*) FROM pg_proc WHERE proname LIKE 'kv\_%';
SELECT to_regclass('kv_store'), to_regtype('kv_entry');

CREATE SCHEMA elsewhere;
CREATE EXTENSION kvstore SCHEMA elsewhere;
SELECT elsewhere.kv_set('k', 'v'), elsewhere.kv_get_ex('k', 60);
SELECT elsewhere.kv_get('k'), elsewhere.kv_detour() IS NOT DISTINCT FROM CASE current_setting('kvstore.fast_path') WHEN 'off' THEN 'kvstore.fast_path is off' END AS reached;
SELECT elsewhere.kv_create_store('own');
SELECT elsewhere.kv_set('k', 'own', store => 'own'), elsewhere.kv_get('k', store => 'own');
SELECT key, value FROM elsewhere.kv_store;
ALTER EXTENSION kvstore SET SCHEMA public;
DROP EXTENSION kvstore CASCADE;
DROP SCHEMA elsewhere;
