-- Commands of Redis, typed and in batches.
\getenv abs_srcdir PG_ABS_SRCDIR
\set include :abs_srcdir '/sql/include/without_sweeper.sql'
\i :include
\set ECHO none
\set include :abs_srcdir '/sql/include/redis_batch.sql'
\i :include
\set include :abs_srcdir '/sql/include/error_of.sql'
\i :include
\set ECHO all
\pset format unaligned
\pset tuples_only on

SELECT kv_redis('GET k');
SELECT kv_create_store('kv_redis', value_type => 'bytea'), kv_create_store('other', value_type => 'bytea'), kv_create_store('words');
SET kvstore.redis_stores = 'kv_redis, other, public.words, "no such"';

-- Replies of several commands, each with its command.
CREATE FUNCTION redis(VARIADIC commands text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    command text;
    reply text;
BEGIN
    FOREACH command IN ARRAY commands LOOP
        reply := kv_redis(command);
        IF command ~ '^ttl ' AND reply !~ '-' THEN  -- to ten seconds: a machine may be slow
            reply := '(integer) ' || round(substr(reply, 11)::numeric, -1);
        END IF;
        RETURN NEXT command || ' -> ' || reply;
    END LOOP;
END $$;

-- Words, as redis-cli splits them, and what is none.
SELECT redis('ping', 'PING "hello world"', E'set k ''it\\''s''', 'GET k', 'set "" "\x00\xff"', 'get ""', 'get "k', 'set k "v"w', '', ' ', 'nope a b', 'get', 'GET k v', 'lpush l v', 'object nope', 'multi');
SELECT kv_redis(NULL) IS NULL;

-- Strings.
SELECT redis('set a 1', 'set a 2 nx', 'set a 3 xx', 'get a', 'set b 1 xx', 'set b 1 nx', 'set a 4 get', 'set c 1 nx get', 'set c 2 nx get', 'set a 5 nx xx', 'set a 5 ex', 'set a 5 ex 0',
             'set a 5 ex x', 'set a 5 ex 10 px 10', 'set a 5 keepttl ex 10', 'set a 5 persist', 'set a 5 EX 9223372036854775807');
SELECT redis('set a 1 ex 100', 'ttl a', 'set a 2 keepttl', 'ttl a', 'set a 3', 'ttl a', 'set a 4 exat 1', 'get a', 'set a 5 pxat 4102444800000', 'expiretime a', 'pexpiretime a');
-- Seconds are rounded, not cut off.
SELECT kv_redis('set a 6 px 100999');
SELECT ttl BETWEEN (after + 500) / 1000 AND (before + 500) / 1000
FROM (SELECT substr(kv_redis('pttl a'), 11)::int AS before, substr(kv_redis('ttl a'), 11)::int AS ttl, substr(kv_redis('pttl a'), 11)::int AS after OFFSET 0) AS one;
SELECT redis('set a 1', 'set a 2 ifeq 2', 'set a 2 ifeq 1', 'set a 3 ifne 2 get', 'set a 3 ifne 1 get', 'get a', 'delex a ifeq 1', 'delex a ifne 3', 'delex a ifne 1', 'delex a', 'set a 1 ifeq', 'delex a ifeq', 'delex a nope 1');
SELECT redis('setex a 100 v', 'ttl a', 'setex a 0 v', 'psetex a 100000 w', 'ttl a', 'psetex a -1 w', 'setnx a x', 'setnx new x', 'getset a y', 'ttl a', 'getset none y', 'getdel none', 'getdel none');
SELECT redis('set a v', 'getex a', 'getex a ex 100', 'ttl a', 'getex a persist', 'ttl a', 'getex a exat 1', 'get a', 'getex a ex 0', 'set a v', 'getex a ex 0', 'getex a ex 1 persist', 'getex a nx');
SELECT redis('flushdb', 'mset a 1 b 2 a 3', 'mget a none b a', 'mset a', 'mset a 1 b', 'msetnx b 1 c 1', 'get c', 'msetnx c 1 d 1', 'mget c d', 'msetex 2 a 1 b 2 ex 100', 'ttl a', 'msetex 2 a 1 e 2 nx', 'msetex 2 a 1 e 2 xx',
             'exists e', 'msetex 3 a 1', 'msetex 0 a 1', 'msetex 1 a 1 ifeq 1');

-- Counters: integers in their one form, and numbers with a fraction.
SELECT redis('flushdb', 'incr n', 'incrby n 10', 'decr n', 'decrby n 5', 'get n', 'set n 007', 'incr n', 'set n 9223372036854775807', 'incr n', 'set n abc', 'incr n', 'incrby n 1.5', 'decrby n -9223372036854775808', 'set n 5 ex 100', 'incr n', 'ttl n');
SELECT redis('set f 10.50', 'incrbyfloat f 0.1', 'incrbyfloat f -5', 'set f 5.0e3', 'incrbyfloat f 2.0e2', 'incrbyfloat f abc', 'set f " 1"', 'incrbyfloat f 1', 'incrbyfloat new 3', 'set f 1e4000', 'incrbyfloat f inf', 'incrbyfloat new 1e5000');

-- Parts of values.
SELECT redis('flushdb', 'append s Hello', 'append s " World"', 'get s', 'strlen s', 'strlen none', 'getrange s 0 4', 'getrange s -5 -1', 'getrange s 5 100', 'getrange s 3 2', 'getrange s -1 -5', 'substr s 0 0', 'getrange none 0 -1', 'getrange s a 1');
SELECT redis('setrange s 6 Redis', 'get s', 'setrange z 3 x', 'get z', 'setrange none 5 ""', 'exists none', 'setrange s -1 x', 'setrange s 536870912 x', 'setrange s x x', 'expire s 100', 'append s !', 'ttl s');

-- Keys.
SELECT redis('flushdb', 'mset a 1 b 2 c 3', 'exists a a b none', 'touch a none', 'del a a none', 'unlink b c', 'dbsize', 'set k 1', 'type k', 'type none', 'object encoding k', 'object refcount k', 'object idletime none', 'object freq k', 'memory usage k', 'memory usage none', 'memory usage k samples 0', 'memory usage k samples 1 SAMPLES 5', 'memory usage k samples', 'memory usage k samples -1', 'memory usage k samples x', 'memory usage k x 1', 'randomkey');
SELECT redis('flushdb', 'randomkey', 'set a 1 ex 100', 'rename a b', 'ttl b', 'exists a', 'rename a b', 'set c 3', 'renamenx b c', 'renamenx b d', 'rename d d', 'renamenx d d', 'rename c a', 'mget a d', 'copy a d', 'copy a d replace', 'copy a e', 'mget a d e', 'copy none x', 'copy a a', 'copy a x db 99', 'copy a x nope');
SELECT redis('move a 1', 'exists a', 'set a 9', 'move a 1', 'move a 0', 'move a x', 'move a 99', 'move a 2147483647', 'move a 2147483648', 'copy a b db -2147483649', 'move a 9223372036854775808', 'copy a from0 db 1', 'copy a a db 2', 'copy a a db 3');
SELECT key, convert_from(value, 'UTF8') FROM other ORDER BY 1;

-- Expiry.
SELECT redis('flushdb', 'set k v', 'ttl k', 'ttl none', 'pttl none', 'expiretime k', 'expire k 100', 'ttl k', 'expire k 200 gt', 'expire k 100 gt', 'expire k 100 lt', 'ttl k', 'expire k 50 nx', 'expire k 50 xx', 'persist k', 'persist k', 'expire k 50 xx', 'expire k 50 gt', 'expire k 50 lt', 'ttl k');
SELECT redis('expire k 10 nx xx', 'expire k 10 gt lt', 'expire k 10 nope', 'expire k abc', 'expire k 9223372036854775807', 'pexpire k 9223372036854775807', 'expireat k 4102444800', 'expiretime k', 'pexpireat k 4102444800123', 'pexpiretime k', 'expire none 10', 'expire k 0', 'exists k', 'set k v', 'expireat k 1', 'exists k', 'set k v', 'expire k -1 xx', 'set k v ex 10', 'expire k -1 lt', 'exists k');

-- Scans: each key once, in pages.
SELECT redis('flushdb', 'mset user:1 a user:2 b other c "us[r" d', 'keys user:*', 'keys us\[r', 'keys *r', 'keys "\xff*"', 'keys ?', 'scan 0', 'scan 0 match user:* count 100', 'scan 0 type string count 2 match x', 'scan 0 type list', 'scan x', 'scan 0 count 0', 'scan 0 count x', 'scan 0 nope 1', 'scan 17', 'scan -1 0 count', 'scan +0 type list', 'scan -');
SELECT kv_redis('FLUSHDB');
SELECT count(kv_redis(format('SET key:%s v', i))) FROM generate_series(1, 95) i;
CREATE FUNCTION scanned(options text) RETURNS TABLE (pages int, keys text[]) LANGUAGE plpgsql AS $$
DECLARE
    cursor_ text := '0';
    page text;
BEGIN
    pages := 0;
    LOOP
        page := kv_redis('SCAN ' || cursor_ || options);
        keys := keys || array(SELECT m[1] FROM regexp_matches(page, '"(key[^"]*)"', 'g') m);
        pages := pages + 1;
        cursor_ := substring(page FROM '^1\) "(\d+)"');
        EXIT WHEN cursor_ = '0';
    END LOOP;
    RETURN NEXT;
END $$;
SELECT pages, cardinality(keys), (SELECT count(DISTINCT k) FROM unnest(keys) k) FROM scanned(''), scanned(' COUNT 7') AS other(p, k);
SELECT pages, keys FROM scanned(' MATCH key:9? COUNT 2');
-- A cursor is of its store, and of who has it.
SELECT substring(kv_redis('SCAN 0') FROM '^1\) "(\d+)"') AS cursor \gset
SELECT kv_redis('SCAN ' || :'cursor') ~ 'key:';
SET kvstore.redis_stores = 'other, kv_redis';
SELECT kv_redis('SCAN ' || :'cursor');
SET kvstore.redis_stores = 'kv_redis, other, public.words, "no such"';
CREATE ROLE kv_scanner;
GRANT SELECT ON kv_redis TO kv_scanner;
SET ROLE kv_scanner;
SELECT kv_redis('SCAN ' || :'cursor');
RESET ROLE;
-- Where nothing can be written, all is one page.
BEGIN READ ONLY;
SELECT kv_redis('SCAN 0 COUNT 1') ~ '^1\) "0"', redis('set a 1', 'del a', 'flushdb', 'flushall', 'incr a', 'expire a 1');
ROLLBACK;

-- The server.
SELECT redis('flushdb async', 'flushdb nope', 'dbsize', 'flushall sync', 'wait 0 0', 'wait x 0', 'wait 0 -1', 'wait 0 x', 'swapdb 0 1', 'echo hi', 'ping a b', 'memory purge', 'memory doctor', 'publish news hello', 'command getkeys mset a 1 b 2', 'command getkeys msetex 2 a 1 b 2', 'command getkeys ping', 'command getkeys get',
             'command getkeysandflags set a b', 'command list filterby pattern get*', 'command info nope', 'command info get', 'command docs get', '_DATABASES');
SELECT kv_redis('TIME') ~ '^1\) "\d{10}"\n2\) "\d+"$', kv_redis('LOLWUT') ~ 'kvstore ver', kv_redis('COMMAND COUNT') ~ 'integer', kv_redis('PUBLISH news ' || repeat('x', 8000)) ~ 'too long', kv_redis('_INFO') ~ 'role:master';

-- Of a small store INFO says what there is, and nothing of an empty one, whatever the planner guesses; of a large one,
-- and of one that the role may not read, it estimates.
CREATE FUNCTION keyspace() RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(part[1], ' '), 'empty') FROM regexp_matches(kv_redis('_INFO'), 'db\d+:[^\\\r]*', 'g') part
$$;
SELECT keyspace();
SELECT redis('mset a 1 b 2 c 3', 'setex brief 100 v');
SELECT keyspace();
SELECT kv_set_ex('gone', 'v'::bytea, 0.001, store => 'other');
SELECT FROM pg_sleep(0.01);
SELECT keyspace(), kv_redis('DEL a b c brief'), keyspace(), kv_redis('FLUSHALL'), keyspace();
INSERT INTO words SELECT i, repeat('v', 100) FROM generate_series(1, 20000) i;
ANALYZE words;
CREATE ROLE kv_reader;
CREATE TABLE secret ();
GRANT SELECT ON kv_redis TO kv_reader;
CREATE TABLE parted OF kv_entry_bytea (key WITH OPTIONS PRIMARY KEY, value WITH OPTIONS NOT NULL, expires WITH OPTIONS NOT NULL) PARTITION BY HASH (key);
CREATE UNLOGGED TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE UNLOGGED TABLE parted_1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1);
SET kvstore.redis_stores = 'kv_redis, parted, public.words';
SELECT keyspace();
INSERT INTO parted SELECT i, '', CASE WHEN i < 5 THEN 'infinity' ELSE clock_timestamp() + '1 hour' END FROM generate_series(1, 7) i;
INSERT INTO kv_redis SELECT i, '' FROM generate_series(1, 3) i;
SELECT keyspace();
ALTER TABLE kv_redis ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON kv_redis USING (key < '2');
SET ROLE kv_reader;
SELECT keyspace() ~ '^db0:keys=1,expires=0,avg_ttl=0 db1:keys=\d+,expires=0,avg_ttl=0 db2:keys=20000,';
RESET ROLE;
DROP POLICY few ON kv_redis;
CREATE POLICY broken ON kv_redis USING ((SELECT count(*) FROM secret) > 0);
SET ROLE kv_reader;
SELECT keyspace() ~ '^db0:keys=\d+,expires=0,avg_ttl=0 db1:', (SELECT count(*) FROM regexp_matches(kv_redis('_INFO'), 'NOPERM'));
RESET ROLE;
DROP POLICY broken ON kv_redis;
ALTER TABLE kv_redis DISABLE ROW LEVEL SECURITY;
REVOKE ALL ON kv_redis FROM kv_reader;
DROP ROLE kv_reader;
DROP TABLE parted, secret;
SET kvstore.redis_stores = 'kv_redis, other, public.words, "no such"';
SELECT kv_redis('FLUSHALL');

-- Keys and values that cannot be.
SELECT kv_redis('SET ' || repeat('k', 2049) || ' v'), kv_redis('GET "\xff"'), kv_redis('GET "a\x00"'), kv_redis('SET ' || repeat('k', 2048) || ' v');
SET kvstore.redis_stores = 'words, no_such_store, pg_class, kv_store, "un"closed';
SELECT redis('set w text', 'set w "\xff"', 'append w "\xc3"', 'setrange w 6 x', 'setrange w 1 "\xff"', 'get w', 'move w 1', 'getrange w 0 1');
SELECT kv_redis('MOVE w 2');
SET kvstore.redis_stores = 'no_such_store';
SELECT redis('get k', 'set k v', 'flushdb', 'flushall', 'dbsize');
SET kvstore.redis_stores = 'kv_redis, other, public.words, "no such"';

-- In the caller's transaction.
BEGIN;
SELECT redis('set t 1', 'get t');
ROLLBACK;
SELECT kv_redis('GET t');
-- SQL and Redis see each other.
SELECT kv_redis('SET seen redis');
SELECT kv_get('seen', store => 'kv_redis'), kv_set('seen', 'SQL', store => 'kv_redis'), kv_redis('GET seen');

-- Batches.
\set ON_ERROR_STOP on
SELECT * FROM replies(batch('{}'));
SELECT * FROM replies(batch(ARRAY[section(ARRAY[command('SET', 'b', '\x00ff'), command('GET', 'b'), command('GET'), command('MGET', 'b', 'none')]),
                                  section(ARRAY[command('GET', 'none'), command('LOLWUT'), command('COMMAND', 'DOCS', 'GET')], 3),
                                  section('{}'), section(ARRAY[command('DBSIZE')], 2, 1), section(ARRAY[command('GET', 'k')], 2, 3), section(ARRAY[command('GET', 'k')], 2, 4)]));
-- What a command has written the next one sees, in whichever section.
SELECT replies FROM replies(batch(ARRAY[section(ARRAY[command('SET', 'n', '1'), command('INCR', 'n'), command('GET', 'n'), command('RENAME', 'n', 'm'), command('MGET', 'n', 'm'), command('DEL', 'm', 'n'), command('EXISTS', 'm'), command('FLUSHDB'), command('SET', 'k', 'v'), command('KEYS', '*')]),
                                       section(ARRAY[command('GET', 'k'), command('DBSIZE'), command('EXPIRE', 'k', '-1'), command('GET', 'k')])]));
-- The second of two equal messages is for another transaction, unless it is an EXEC's.
SELECT * FROM replies(batch(ARRAY[section(ARRAY[command('PUBLISH', 'c', 'm'), command('PUBLISH', 'c', 'n'), command('PUBLISH', 'c', 'm'), command('PING')])]));
SELECT * FROM replies(batch(ARRAY[section(ARRAY[command('PUBLISH', 'c', 'm'), command('PUBLISH', 'c', 'm')])], 2));

-- WATCH: a version that is the same as long as nobody has written.
SELECT kv_redis('SET w 1');
CREATE FUNCTION watched(key text, version bytea) RETURNS bytea LANGUAGE sql AS $$
    SELECT '\x0001' || int2send(0::int2) || int4send(octet_length(key)) || convert_to(key, 'UTF8') || int4send(length(version)) || version
$$;
CREATE FUNCTION version(key text) RETURNS bytea LANGUAGE sql AS $$
    SELECT substr(kv_redis_batch(batch(ARRAY[section(ARRAY[command('WATCH', key)])])), 19)
$$;
CREATE FUNCTION exec_if(key text, version bytea) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT status || ' ' || replies::text FROM replies(batch(ARRAY[section(ARRAY[command('GET', key), command('PING')], 2, 0, watched(key, version))], 2))
$$;
CREATE TABLE versions AS SELECT key, version(key) FROM unnest('{w,none}'::text[]) key;
SELECT key, length(version), exec_if(key, version) FROM versions;
SELECT kv_redis('SET w 1'), kv_redis('SET none 1');
SELECT key, exec_if(key, version) FROM versions;
SELECT kv_redis('DEL none');
SELECT key, exec_if(key, version) FROM versions;
-- In any case the commands are carried out; the status tells whether the key has changed.
SELECT key, r.* FROM unnest('{w,none}'::text[]) key, replies(batch(ARRAY[section(ARRAY[command('GET', key)], 2, 0, watched(key, ''))], 6)) r;
DELETE FROM versions WHERE key = 'w';
INSERT INTO versions SELECT 'w', version('w');
DELETE FROM kv_redis WHERE key = 'w';
INSERT INTO kv_redis VALUES ('w', '1');
SELECT key, exec_if(key, version) FROM versions;
-- What leaves an entry as it is makes no new version.
UPDATE versions SET version = version('w') WHERE key = 'w';
SELECT redis('getex w persist', 'persist w', 'setrange w 0 ""', 'set w 2 nx', 'expire w 9 xx');
SELECT exec_if(key, version) FROM versions WHERE key = 'w';
SELECT replies FROM replies(batch(ARRAY[section(ARRAY[command('WATCH', '\xff')])]));
\unset ON_ERROR_STOP

-- Where replies have grown, the rest is for another batch; an EXEC is not divided.
SELECT status, cardinality(replies) FROM replies(batch(ARRAY[section(ARRAY[command('SET', 'large', repeat('v', 9000000)), command('GET', 'large'), command('GET', 'large'), command('GET', 'large')]),
    section(ARRAY[command('PING')])]));
SELECT status, cardinality(replies) FROM replies(batch(ARRAY[section(ARRAY[command('GET', 'large'), command('GET', 'large'), command('GET', 'large'), command('DEL', 'large')])], 2));
-- What is no batch.
SELECT bytes, error_of(format('SELECT kv_redis_batch(%L)', bytes)) FROM unnest(ARRAY['\x', '\x01', '\x0104', '\x02', '\x010000000001', '\x01000000000800000000000000ff', '\x01ff']::bytea[]) bytes;
SELECT error_of(format('SELECT kv_redis_batch(%L)', substr(batch, 1, length(batch) - n)))
FROM (SELECT batch(ARRAY[section(ARRAY[command('GET', 'k')])])) b(batch), generate_series(1, 30, 7) n;
-- Cut off behind commands that are looked at ahead, it is none either; whole, it is answered whatever is looked at.
SELECT error, count(*) FROM (SELECT batch(ARRAY[section(array_agg(command('SET', 'k' || n, n::text))), section(array_agg(command('GET', 'k' || n)))])
    FROM generate_series(1, 40) n) b(batch), generate_series(1, 1500, 13) cut, error_of(format('SELECT kv_redis_batch(%L)', substr(batch, 1, length(batch) - cut))) error
GROUP BY error;
SELECT status, cardinality(replies), replies[1], replies[cardinality(replies)] FROM replies((SELECT batch(array_agg(section(commands)) || section('{}'))
    FROM (SELECT array_agg(command('SET', 'k' || n, n::text)) || array_agg(command('GET', 'k' || n)) || command('GET') || command('PING') AS commands
        FROM generate_series(1, 40) n, generate_series(1, 3) turn GROUP BY turn) s));
SELECT error_of(format('SELECT kv_redis_batch(%L)', batch(ARRAY[section('{}'), section('{}')], 2)));
-- The clock stops for an EXEC, and goes on where that has ended in an error.
SELECT kv_set_ex('brief', 'v'::bytea, 0.001, store => 'kv_redis') FROM pg_sleep(0.01);
SELECT kv_exists('brief', store => 'kv_redis') FROM pg_sleep(0.01);
SELECT error_of(format('SELECT kv_redis_batch(%L)', batch(ARRAY[section('{}', 4)])));
SELECT replies FROM replies(batch(ARRAY[section(ARRAY['\x00000000'::bytea])]));

-- What each command needs: these privileges, and none of them can be done without.
CREATE ROLE kv_redis_caller;
CREATE FUNCTION is_refused(command text, privileges text[]) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    refused boolean;
BEGIN
    REVOKE ALL ON kv_redis FROM kv_redis_caller;
    IF cardinality(privileges) > 0 THEN
        EXECUTE format('GRANT %s ON kv_redis TO kv_redis_caller', array_to_string(privileges, ', '));
    END IF;
    PERFORM kv_redis('MSET k v number 1'), kv_redis('DEL none');
    SET LOCAL ROLE kv_redis_caller;
    refused := kv_redis(command) ~ 'NOPERM';
    RESET ROLE;
    RETURN refused;
END $$;
CREATE FUNCTION needed(command text, among text[]) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(missing, ', ' ORDER BY n) FROM unnest(among) WITH ORDINALITY a(missing, n) WHERE is_refused(command, array_remove(among, missing))
$$;
CREATE TABLE redis_needs AS
SELECT command, coalesce(needed(command, '{SELECT,INSERT,UPDATE,DELETE,TRUNCATE}'), '') AS privileges
FROM unnest('{GET k,MGET k none,STRLEN k,GETRANGE k 0 1,EXISTS k,TTL k,TYPE k,KEYS *,SCAN 0,DBSIZE,RANDOMKEY,OBJECT ENCODING k,SET k w,SET k w EX 9,SET k w NX,SET k w XX,SET k w GET,SET k w KEEPTTL,SET k w IFEQ v,
    SETEX k 9 w,SETNX none w,GETSET k w,MSET k w,MSETNX none w,MSETEX 1 k w,INCR number,INCRBYFLOAT number 1,APPEND k w,SETRANGE k 0 w,GETEX k,GETEX k EX 9,EXPIRE k 9,EXPIRE k 9 NX,PERSIST k,
    DEL k,DEL k number,GETDEL k,DELEX k IFEQ v,DELEX k IFNE w,EXPIRE k -1,GETEX k EXAT 1,RENAME k none,COPY k none,FLUSHDB,PING,TIME}'::text[]) command;
SELECT privileges, string_agg(command, ', ' ORDER BY command) FROM redis_needs GROUP BY 1 ORDER BY 1;
REVOKE ALL ON kv_redis FROM kv_redis_caller;
DROP ROLE kv_redis_caller;
REVOKE ALL ON kv_redis FROM kv_scanner;
DROP ROLE kv_scanner;
DROP TABLE kv_redis, other, words, versions, redis_needs;
DROP FUNCTION redis, keyspace, scanned, watched, version(text), exec_if, is_refused, needed(text, text[]), command, section, batch, number_at, replies;
-- As it was.
SELECT format('ALTER DATABASE %I IS_TEMPLATE false', current_database()) \gexec
