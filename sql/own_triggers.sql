-- What a store's own triggers and rules do to an entry while a call changes it is no reason for the
-- call to begin anew: it ends, as SQL does.
SET statement_timeout = '60s';
SET client_min_messages = warning;
CREATE TABLE fired (what text, key text);
CREATE FUNCTION times(OUT result text) LANGUAGE sql AS $$
    WITH gone AS (DELETE FROM fired RETURNING *), counted AS (SELECT what, key, count(*) AS n FROM gone GROUP BY 1, 2)
    SELECT string_agg(format('%s %s %sx', what, key, n), ', ' ORDER BY what, key) FROM counted $$;

-- A soft delete: the row stays, and is another version.
SELECT kv_create_store('soft');
CREATE FUNCTION soft_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO fired VALUES ('delete', OLD.key);
    UPDATE soft SET value = 'deleted' WHERE key = OLD.key;
    RETURN NULL;
END $$;
CREATE TRIGGER soft BEFORE DELETE ON soft FOR EACH ROW EXECUTE FUNCTION soft_delete();
CREATE TABLE rows (id int);
INSERT INTO rows VALUES (1);
CREATE TRIGGER forget AFTER UPDATE ON rows FOR EACH ROW EXECUTE FUNCTION kv_invalidate('k', 'soft');
SELECT kv_mset('{k,l}', '{1,1}', store => 'soft');
DELETE FROM soft;
SELECT times();
SELECT kv_del('k', store => 'soft'), times();
SELECT kv_get_del('k', store => 'soft'), times();
SELECT kv_del_if('k', 'deleted', store => 'soft'), times();
SELECT kv_mdel('{k,l}', store => 'soft'), times();
SELECT kv_expire_at('k', 'epoch', store => 'soft'), times();
SELECT kv_rename('k', 'a', store => 'soft'), times();
SELECT kv_rename('k', 'z', store => 'soft'), times();
UPDATE rows SET id = 2;
SELECT times();
SET kvstore.redis_stores = 'soft';
SELECT kv_redis(command), times() FROM unnest('{DEL k,DEL k l,GETDEL k,DELEX k IFNE x,RENAME k a,RENAME k z,EXPIRE k 0}'::text[]) command;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT kv_del('k', store => 'soft'), times();
ROLLBACK;
SELECT key, value FROM soft ORDER BY key;

-- The same as a rule.
DROP TRIGGER soft ON soft;
CREATE RULE soft AS ON DELETE TO soft DO INSTEAD UPDATE soft SET value = value || ' again' WHERE key = OLD.key;
SELECT kv_del('k', store => 'soft'), kv_get_del('k', store => 'soft');
SELECT kv_get('k', store => 'soft');
DROP RULE soft ON soft;

-- A trigger that makes the change itself.
CREATE FUNCTION by_itself() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() > 1 THEN RETURN NEW; END IF;
    INSERT INTO fired VALUES ('update', OLD.key);
    UPDATE soft SET value = NEW.value, expires = NEW.expires WHERE key = OLD.key;
    RETURN NULL;
END $$;
CREATE TRIGGER by_itself BEFORE UPDATE ON soft FOR EACH ROW EXECUTE FUNCTION by_itself();
SELECT kv_set('k', '1', store => 'soft'), times();
SELECT kv_set_xx('k', '2', store => 'soft'), times();
SELECT kv_cas('k', '2', '3', store => 'soft'), times();
SELECT kv_expire('k', 1000, store => 'soft'), times();
SELECT kv_get_ex('k', 2000, store => 'soft'), times();
SELECT kv_get_ex('k', 3000, 10, store => 'soft'), times();
SELECT kv_persist('k', store => 'soft'), times();
SELECT kv_incr('k', store => 'soft'), times();
SELECT kv_redis(command), times() FROM unnest('{SET k 7 XX,EXPIRE k 100,INCR k,PERSIST k}'::text[]) command;
SELECT key, value, expires FROM soft ORDER BY key;
DROP TRIGGER by_itself ON soft;

-- A store that counts its writes, in an entry of its own, which is moved and copied.
SELECT kv_create_store('counting');
CREATE FUNCTION count_write() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.key <> 'writes' THEN PERFORM kv_incr('writes', store => 'counting'); END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER counting AFTER INSERT OR UPDATE ON counting FOR EACH ROW EXECUTE FUNCTION count_write();
SELECT kv_set('a', '1', store => 'counting'), kv_set('z', '1', store => 'counting');
SET kvstore.redis_stores = 'counting';
SELECT kv_copy('writes', 'x', store => 'counting'), kv_copy('writes', 'a', true, store => 'counting');
SELECT kv_redis('COPY writes y');
SELECT key, value FROM kv_scan(store => 'counting');
-- Taken before the trigger counts, or after that.
SELECT kv_rename('writes', 'x', store => 'counting');
SELECT key, value FROM kv_scan(store => 'counting');
SELECT kv_rename('writes', 'b', store => 'counting');
SELECT key, value FROM kv_scan(store => 'counting');
SELECT kv_set('writes', '5', store => 'counting');
SELECT kv_redis('RENAME writes y'), kv_redis('RENAME writes c');
SELECT key, value FROM kv_scan(store => 'counting');

-- What the removal of a prefix stores under that prefix is left.
SELECT kv_create_store('archived');
CREATE FUNCTION archive() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO archived VALUES (OLD.key || ':old', OLD.value);
    RETURN NULL;
END $$;
CREATE TRIGGER archive AFTER DELETE ON archived FOR EACH ROW EXECUTE FUNCTION archive();
SELECT kv_mset('{user:1,user:2}', '{1,2}', store => 'archived');
SELECT kv_del_prefix('user:', store => 'archived');
SELECT key, value FROM archived ORDER BY key;

DROP TABLE soft, rows, counting, archived, fired;
DROP FUNCTION soft_delete, by_itself, count_write, archive, times;
