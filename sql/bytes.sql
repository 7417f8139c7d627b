-- Values are bytes. Stores of bytes take anything, stores of text take text.
\getenv abs_srcdir PG_ABS_SRCDIR
\set include :abs_srcdir '/sql/include/error_of.sql'
\i :include
SELECT kv_create_store('blobs', value_type => 'bytea');
CREATE FUNCTION all_bytes() RETURNS bytea LANGUAGE sql IMMUTABLE AS
$$ SELECT string_agg(set_byte('\x00', 0, i), '' ORDER BY i) FROM generate_series(0, 255) i $$;

SELECT kv_set('all', all_bytes(), store => 'blobs'), kv_set('empty', ''::bytea, store => 'blobs'),
       kv_set_ex('ttl', '\x0001fe'::bytea, interval '1 hour', store => 'blobs'),
       kv_set_ex('ttl2', '\x0001fd'::bytea, 3600, store => 'blobs'),
       kv_set_ex('ttl3', '\x0001fc'::bytea, '1 hour'::text, store => 'blobs'),
       kv_set('text', 'plain text', store => 'blobs'), kv_set_ex('texte', 'ключ', '1 hour', store => 'blobs');
SELECT value = all_bytes() AS same FROM blobs WHERE key = 'all';
SELECT key, value FROM blobs WHERE key <> 'all' ORDER BY key;

-- Text out of bytes, where it is text.
SELECT kv_get('text', store => 'blobs'), kv_get('texte', store => 'blobs'), kv_get('empty', store => 'blobs') = '' AS empty;
SELECT kv_get('all', store => 'blobs');
SELECT kv_get_ex('ttl', 60, store => 'blobs');
SELECT kv_get_del('ttl', store => 'blobs');
SELECT kv_exists('all', store => 'blobs'), kv_ttl('ttl', store => 'blobs') > interval '59 minutes' AS untouched;
SELECT kv_get_del('text', store => 'blobs'), kv_del('all', store => 'blobs');

-- Bytes into text, where they are text.
SELECT kv_set('t', 'ключ'::bytea), kv_set_ex('t2', convert_to('grün', 'UTF8'), 60);
SELECT kv_get('t'), kv_get('t2');
SELECT kv_set('t', '\xff'::bytea);
SELECT kv_set('t', '\x00'::bytea);
SELECT kv_set_ex('t', all_bytes(), 60);
SELECT kv_get('t'), kv_ttl('t');
SELECT call, error_of('SELECT ' || call) FROM unnest(ARRAY[
    'kv_set_nx(''new'', all_bytes())', 'kv_set_nx(''new'', all_bytes(), 60)', 'kv_set_xx(''t'', all_bytes())',
    'kv_set_xx(''t'', all_bytes(), ''1 hour''::text)', 'kv_get_set(''t'', all_bytes())', 'kv_cas(''t'', kv_get_bytes(''t''), all_bytes())',
    'kv_cas(''new'', NULL, all_bytes(), 60)', 'kv_mset_bytes(''{new,t}'', ARRAY[''x'', all_bytes()])',
    'kv_append(''t'', all_bytes())']) call;
SELECT kv_get('t'), kv_exists('new');
SELECT kv_cas('t', all_bytes(), 'x'), kv_del_if('t', all_bytes());
-- What is not text is not mangled into text.
SELECT kv_set('all', all_bytes(), store => 'blobs');
SELECT call, error_of('SELECT ' || call) FROM unnest(ARRAY[
    'kv_get_set(''all'', ''x'', store => ''blobs'')', 'count(*) FROM kv_mget(''{all}'', store => ''blobs'')',
    'count(*) FROM kv_scan(store => ''blobs'')', 'kv_incr(''all'', store => ''blobs'')',
    'kv_cas(''all'', ''x'', ''y'', store => ''blobs'')', 'kv_del_if(''all'', ''x'', store => ''blobs'')']) call;
SELECT value = all_bytes() AS same FROM kv_mget_bytes('{all}', store => 'blobs');
SELECT value = all_bytes() AS same FROM kv_scan_bytes('all', store => 'blobs');
SELECT kv_cas('all', all_bytes(), all_bytes(), store => 'blobs') AS same, kv_get_set('all', all_bytes(), store => 'blobs') = all_bytes() AS same;
SELECT kv_get_bytes('all', store => 'blobs') = all_bytes() AS unchanged, kv_get_ex_bytes('all', 60, store => 'blobs') = all_bytes() AS touched;
SELECT kv_get_del_bytes('all', store => 'blobs') = all_bytes() AS popped, kv_count('all', store => 'blobs');
-- 100 MB of every byte.
SELECT kv_set('big', decode(repeat(encode(all_bytes(), 'hex'), 409600), 'hex'), store => 'blobs');
SELECT length(kv_get_bytes('big', store => 'blobs')), kv_expire('big', 60, store => 'blobs');
SELECT md5(kv_get_del_bytes('big', store => 'blobs')) = md5(decode(repeat(encode(all_bytes(), 'hex'), 409600), 'hex')) AS same;
DROP FUNCTION all_bytes;
DROP TABLE blobs;
TRUNCATE kv_store;
