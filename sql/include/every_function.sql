-- Every function that works on entries, on the store :store.
SELECT kv_set('k', 'one', store => :'store');
SELECT kv_get('k', store => :'store'), kv_get_bytes('k', store => :'store'), kv_exists('k', store => :'store'),
       kv_ttl('k', store => :'store'), kv_expires('k', store => :'store');
SELECT kv_set('b', '\x616263'::bytea, store => :'store'), kv_set_ex('c', '\x646566'::bytea, 60, store => :'store');
SELECT kv_get('b', store => :'store'), kv_get_bytes('c', store => :'store'), kv_ttl('c', store => :'store') > '0' AS expires;

-- Keeping the expiry.
SELECT kv_set_ex('keep', 'x', 3600, store => :'store');
SELECT kv_expires('keep', store => :'store') AS was \gset
SELECT kv_set_keepttl('keep', 'y', store => :'store'), kv_set_keepttl('kept', 'x', store => :'store');
SELECT kv_set_keepttl('kept', '\x79'::bytea, store => :'store');
SELECT key, value, expires = :'was' AS as_it_was, expires = 'infinity' AS for_ever FROM kv_scan('kep', store => :'store') UNION ALL
SELECT key, value, expires = :'was', expires = 'infinity' FROM kv_scan('kee', store => :'store');
SELECT kv_mdel('{keep,kept}', store => :'store');

-- Only if it is not there, only if it is.
SELECT kv_set_nx('k', 'two', store => :'store') AS there, kv_set_nx('n', 'two', store => :'store') AS new,
       kv_set_nx('n', 'three', '1 hour', store => :'store') AS there, kv_set_nx('m', 'two', 60, store => :'store') AS new,
       kv_set_nx('o', '\x6f'::bytea, store => :'store') AS new, kv_set_nx('p', '\x70'::bytea, interval '1 hour', store => :'store') AS new;
SELECT key, convert_from(kv_get_bytes(key, store => :'store'), 'UTF8') AS value, kv_ttl(key, store => :'store') > '0' AS expires
FROM unnest('{k,n,m,o,p}'::text[]) key;
SELECT kv_set_xx('k', 'two', 60, store => :'store') AS there, kv_set_xx('z', 'two', store => :'store') AS missing,
       kv_set_xx('m', 'four', store => :'store') AS there, kv_set_xx('o', '\x6f6f'::bytea, '1 day', store => :'store') AS there,
       kv_set_xx('p', '\x7070'::bytea, store => :'store') AS there;
SELECT key, kv_get(key, store => :'store') AS value, kv_ttl(key, store => :'store') > '0' AS expires
FROM unnest('{k,z,m,o,p}'::text[]) key;
SELECT kv_get_set('k', 'three', store => :'store'), kv_get_set('new', 'x', store => :'store');
SELECT kv_get('k', store => :'store'), kv_get('new', store => :'store'), kv_ttl('k', store => :'store');

-- Only if the value is the expected one.
SELECT kv_cas('k', 'three', 'four', store => :'store') AS same, kv_cas('k', 'three', 'five', store => :'store') AS other,
       kv_cas('k', 'fou', 'five', store => :'store') AS prefix, kv_cas('k', NULL, 'five', store => :'store') AS there,
       kv_cas('z', 'x', 'five', store => :'store') AS missing, kv_cas('z', NULL, 'made', 60, store => :'store') AS created;
SELECT kv_cas('z', 'made', 'kept', store => :'store'), kv_cas('k', 'four', 'expiring', '1 hour', store => :'store');
SELECT key, kv_get(key, store => :'store') AS value, kv_ttl(key, store => :'store') > '0' AS expires
FROM unnest('{k,z}'::text[]) key;
SELECT kv_del_if('k', 'four', store => :'store') AS other, kv_del_if('k', 'expiring', store => :'store') AS same,
       kv_del_if('k', 'expiring', store => :'store') AS gone;
-- Bytes likewise, in either kind of store.
SELECT kv_get_set('raw', '\x61'::bytea, store => :'store'), kv_get_set('raw', '\x62'::bytea, store => :'store'),
       kv_cas('raw', '\x62'::bytea, '\x63', store => :'store') AS same, kv_cas('raw', '\x62'::bytea, '\x64', store => :'store') AS other,
       kv_cas('raw', '\xff'::bytea, '\x64', store => :'store') AS no_text, kv_cas('raw', '\x63'::bytea, '\x65', 60, store => :'store') AS same,
       kv_cas('raw', '\x65'::bytea, '\x66', '1 hour', store => :'store') AS same, kv_cas('raws', NULL, '\x67'::bytea, interval '1 hour', store => :'store') AS created,
       kv_cas('raws', '\x67'::bytea, '\x68', 0.5, store => :'store') AS same;
SELECT kv_ttl('raw', store => :'store') > '0' AS expires, kv_del_if('raw', '\xff'::bytea, store => :'store') AS no_text, kv_del_if('raw', '\x66'::bytea, store => :'store') AS same,
       kv_del('raws', store => :'store');
-- An empty value is a value, and no NULL.
SELECT kv_set('empty', '', store => :'store'), kv_cas('empty', NULL, 'x', store => :'store') AS there, kv_cas('empty', '', '', store => :'store') AS same;
SELECT kv_get('empty', store => :'store') = '' AS empty, kv_del_if('empty', '', store => :'store') AS removed;

-- Counters.
SELECT kv_incr('i', store => :'store'), kv_incr('i', 41, store => :'store'), kv_incr('i', -50, store => :'store');
SELECT kv_get('i', store => :'store'), kv_ttl('i', store => :'store');
SELECT kv_incr('w', 1, 60, store => :'store'), kv_incr('w', 1, '1 day', store => :'store'), kv_incr('w', 0, interval '1 day', store => :'store');
SELECT kv_ttl('w', store => :'store') <= '60 s' AS of_the_first, kv_incr('w', store => :'store');
SELECT kv_ttl('w', store => :'store') > '0' AS expiry_is_kept;
SELECT kv_set('i', '9223372036854775806', store => :'store');
SELECT kv_incr('i', store => :'store');
SELECT error_of(format('SELECT kv_incr(''i'', store => %L)', :'store'));
SELECT kv_incr('i', -9223372036854775808, store => :'store');
SELECT kv_set('i', '-9223372036854775808', store => :'store');
SELECT error_of(format('SELECT kv_incr(''i'', -1, store => %L)', :'store'));
SELECT left(value, 25) AS value, error_of(format('SELECT kv_set(''i'', %L, store => %L)', value, :'store')) AS set,
       error_of(format('SELECT kv_incr(''i'', store => %L)', :'store')) AS incr
FROM unnest(ARRAY['-12', '007', '12a', '', ' 1', '1 ', '+1', '1.0', '0x10', '-', '9223372036854775808', repeat('9', 10000)])
     WITH ORDINALITY v(value, n) ORDER BY n;

-- Numbers with a fraction, reckoned as Redis does: what a long double gives, 17 digits behind the point.
SELECT kv_incr_float('f', store => :'store'), kv_incr_float('f', 0.1, store => :'store'), kv_incr_float('f', 0.2::float, store => :'store'), kv_incr_float('f', -3, store => :'store'),
       kv_incr_float('f', '1e2', store => :'store'), kv_incr_float('f', 0.5::real, store => :'store'), kv_incr_float('h', 5000000000, store => :'store');
SELECT kv_get('f', store => :'store'), kv_ttl('f', store => :'store'), kv_incr_float('g', 0.5, 3600, store => :'store'), kv_incr_float('g', 1, '1 day', store => :'store'),
       kv_incr_float('g', 0::float, interval '1 day', store => :'store'), kv_incr_float('g', '0', 0.5, store => :'store');
SELECT kv_ttl('g', store => :'store') BETWEEN '59 min' AND '1 hour' AS of_the_first, kv_set('f', '5.0e3', store => :'store'), kv_incr_float('f', 2.0e2, store => :'store');
SELECT kv_incr_float('f', 1e4000, store => :'store') > 1e3999 AS large, length(kv_incr_float('f', -1e4000, store => :'store')::text) AS digits;
SELECT left(value, 25) AS value, error_of(format('SELECT kv_set(''f'', %L, store => %L)', value, :'store')) AS set,
       error_of(format('SELECT kv_incr_float(''f'', store => %L)', :'store')) AS incr
FROM unnest(ARRAY['007.5', '+1', '.5', '0x10', '1e3', '', ' 1', '1 ', 'x', 'nan', 'inf', repeat('9', 10000)]) WITH ORDINALITY v(value, n) ORDER BY n;
SELECT by, error_of(format('SELECT kv_incr_float(''g'', %s, store => %L)', by, :'store')) FROM unnest(ARRAY['''NaN''::numeric', '''-Infinity''::float', '1e5000', '''x''', '''''']) by;
SELECT kv_set('f', '1e4932', store => :'store'), error_of(format('SELECT kv_incr_float(''f'', 1e4932, store => %L)', :'store'));
SELECT kv_mdel('{f,g,h}', store => :'store');

-- At the end of a value, whose expiry it keeps.
SELECT kv_append('log', 'grün', store => :'store'), kv_append('log', '', store => :'store'), kv_append('log', ' und blau', store => :'store');
SELECT kv_get('log', store => :'store'), kv_ttl('log', store => :'store'), kv_append('log', '\x21'::bytea, store => :'store');
SELECT kv_expire('log', 60, store => :'store'), kv_append('log', repeat('x', 100000), store => :'store');
SELECT kv_append('log', repeat('y', 100000), store => :'store');
SELECT md5(kv_get('log', store => :'store')) = md5('grün und blau!' || repeat('x', 100000) || repeat('y', 100000)) AS same,
       kv_ttl('log', store => :'store') <= '60 s' AS expiry_is_kept, kv_del('log', store => :'store');

-- A limit: what is refused does not count, and an end there always is.
SELECT allowed, count, remaining, resets - clock_timestamp() BETWEEN '59 s' AND '60 s' AS in_a_minute FROM kv_rate_limit('rate', 3, 60, store => :'store');
SELECT allowed, count, remaining, resets = kv_expires('rate', store => :'store') AS as_before FROM kv_rate_limit('rate', 3, '1 hour', 2, store => :'store');
SELECT allowed, count, remaining, resets = kv_expires('rate', store => :'store') AS as_before FROM kv_rate_limit('rate', 3, interval '1 hour', store => :'store');
SELECT allowed, count, remaining FROM kv_rate_limit('rate', 3, 0.5, cost => 0, store => :'store');
SELECT allowed, count, remaining FROM kv_rate_limit('rate', 2, 60, cost => 0, store => :'store');
SELECT kv_get('rate', store => :'store'), kv_ttl('rate', store => :'store') BETWEEN '59 s' AND '60 s' AS in_a_minute;
SELECT * FROM kv_rate_limit('unasked', 3, 60, 0, store => :'store');
SELECT * FROM kv_rate_limit('too much', 3, 60, 4, store => :'store');
SELECT allowed, count, remaining FROM kv_rate_limit('largest', 9223372036854775807, 60, 9223372036854775807, store => :'store');
SELECT allowed, count, remaining FROM kv_rate_limit('largest', 9223372036854775807, 60, store => :'store');
SELECT kv_count('unasked', store => :'store'), kv_count('too much', store => :'store'), kv_del('largest', store => :'store');
SELECT kv_set('rate', '5', store => :'store');
SELECT allowed, count, remaining, resets FROM kv_rate_limit('rate', 3, 60, 0, store => :'store');
SELECT allowed, count, remaining, resets - clock_timestamp() BETWEEN '59 s' AND '60 s' AS in_a_minute FROM kv_rate_limit('rate', 3, 60, store => :'store');
SELECT kv_get('rate', store => :'store'), kv_ttl('rate', store => :'store') BETWEEN '59 s' AND '60 s' AS in_a_minute;
SELECT kv_set_ex('rate', '-2', 60, store => :'store'), error_of(format('SELECT kv_rate_limit(''new'', 3, 60, store => %L)', :'store'));
SELECT allowed, count, remaining FROM kv_rate_limit('rate', 3, 60, store => :'store');
SELECT kv_set('rate', '-9223372036854775808', store => :'store');
SELECT allowed, count, remaining FROM kv_rate_limit('rate', 0, 60, 0, store => :'store');
SELECT allowed, count, remaining FROM kv_rate_limit('rate', 9223372036854775807, 60, 9223372036854775807, store => :'store');
SELECT allowed, count, remaining FROM kv_rate_limit('rate', 9223372036854775807, 60, 0, store => :'store');

-- Expiry.
SELECT kv_set('t', 'x', store => :'store'), kv_expire('t', 60, store => :'store'), kv_expire('gone', 60, store => :'store');
SELECT kv_ttl('t', store => :'store') <= '60 s' AS a_minute, kv_expire('t', '1 hour', store => :'store'), kv_expire('t', interval '1 day', store => :'store');
SELECT kv_ttl('t', store => :'store') > '23:59:00' AS a_day, kv_persist('t', store => :'store') AS expired_once,
       kv_persist('t', store => :'store') AS never_expires, kv_persist('gone', store => :'store') AS missing;
SELECT kv_expires('t', store => :'store'), kv_expire_at('t', '2100-01-01 00:00 UTC', store => :'store'), kv_expire_at('gone', '2100-01-01', store => :'store');
SELECT kv_expires('t', store => :'store') = '2100-01-01 00:00 UTC' AS as_told, kv_expire_at('t', 'infinity', store => :'store');
SELECT kv_expires('t', store => :'store'), kv_expire_at('t', '2001-01-01', store => :'store') AS removed, kv_expire_at('t', '-infinity', store => :'store') AS gone;
SELECT count(*) FROM :store WHERE key = 't';
SELECT kv_set('t', 'y', store => :'store'), kv_get_ex('t', 60, store => :'store'), kv_get_ex_bytes('t', '1 hour', store => :'store'),
       kv_get_ex_bytes('gone', interval '1 hour', store => :'store'), kv_get_ex_bytes('t', 3600, store => :'store');
SELECT kv_ttl('t', store => :'store') > '59 min' AS an_hour, kv_get_del_bytes('t', store => :'store'), kv_get_del_bytes('t', store => :'store');
-- On a condition; without an expiry, the latest of all.
SELECT kv_set('t', 'x', store => :'store'), kv_expire('t', 60, 'xx', store => :'store') AS xx, kv_expire('t', '60', 'gt', store => :'store') AS gt,
       kv_expire('t', 100, 'nx', store => :'store') AS nx, kv_expire('t', 60, 'nx', store => :'store') AS nx, kv_expire('t', interval '90 s', 'gt', store => :'store') AS gt,
       kv_expire('t', 110.5, 'lt', store => :'store') AS lt, kv_expire('t', 1000, 'GT', store => :'store') AS gt, kv_expire('t', 50, condition => NULL, store => :'store') AS any;
SELECT kv_ttl('t', store => :'store') <= '50 s' AS sooner, kv_expire('t', '1 hour', 'XX', store => :'store') AS xx, kv_persist('t', store => :'store'), kv_expire('t', '2 hours', 'lt', store => :'store') AS lt,
       kv_expire('gone', 60, 'nx', store => :'store') AS missing, kv_expire('gone', 60, 'lt', store => :'store') AS missing;
SELECT kv_ttl('t', store => :'store') > '119 min' AS later, kv_expire_at('t', '2100-01-01 00:00 UTC', 'nx', store => :'store') AS nx, kv_expire_at('t', '2100-01-01 00:00 UTC', 'gt', store => :'store') AS gt;
SELECT kv_expires('t', store => :'store') = '2100-01-01 00:00 UTC' AS as_told, kv_expire_at('t', '2100-01-01 00:00 UTC', 'gt', store => :'store') AS gt, kv_expire_at('t', '2100-01-01 00:00 UTC', 'lt', store => :'store') AS lt,
       kv_expire_at('t', 'infinity', 'lt', store => :'store') AS lt, kv_expire_at('t', 'infinity', 'gt', store => :'store') AS gt, kv_expire_at('t', '2001-01-01', 'xx', store => :'store') AS xx;
SELECT kv_expires('t', store => :'store'), kv_expire_at('t', '2001-01-01', 'lt', store => :'store') AS lt, kv_expire_at('t', 'infinity', 'lt', store => :'store') AS gone;
SELECT kv_exists('t', store => :'store');
-- With a slack, the expiry is set only if it is off by as much.
SELECT kv_set_ex('s', 'x', 3600, store => :'store');
SELECT kv_expires('s', store => :'store') AS was \gset
SELECT kv_get_ex('s', 3630, 60, store => :'store'), kv_get_ex('s', '59 min 30 s', '1 min', store => :'store'),
       kv_get_ex_bytes('s', interval '1 hour', '1 min', store => :'store'), kv_get_ex('gone', 3600, 60, store => :'store');
SELECT kv_expires('s', store => :'store') = :'was' AS as_it_was;
SELECT kv_get_ex('s', 3700, 60, store => :'store');
SELECT kv_expires('s', store => :'store') - :'was'::timestamptz > '99 s' AS later;
SELECT kv_get_ex_bytes('s', 60.5, 60, store => :'store');
SELECT kv_ttl('s', store => :'store') < '61 s' AS sooner;
SELECT kv_persist('s', store => :'store'), kv_get_ex('s', 3600, 2000000000, store => :'store');
SELECT kv_ttl('s', store => :'store') <= '1 hour' AS ends;
SELECT kv_get_ex('s', interval '200000 years', interval '250000 years', store => :'store');
SELECT kv_ttl('s', store => :'store') <= '1 hour' AS as_it_was;

-- Another key, or another store, with the expiry that it has.
SELECT kv_set_ex('r1', 'x', 3600, store => :'store'), kv_set('r2', 'y', store => :'store');
SELECT kv_expires('r1', store => :'store') AS was \gset
SELECT kv_rename('r1', 'r3', store => :'store') AS done, kv_rename('r1', 'r3', store => :'store') AS missing, kv_rename_nx('r1', 'r4', store => :'store') AS missing,
       kv_rename_nx('r3', 'r2', store => :'store') AS taken, kv_rename_nx('r3', 'r0', store => :'store') AS done,
       kv_rename('r0', 'r0', store => :'store') AS same, kv_rename_nx('r0', 'r0', store => :'store') AS same, kv_rename('r1', 'r1', store => :'store') AS missing;
SELECT key, value, expires = :'was' AS as_it_was FROM kv_scan('r', store => :'store');
SELECT kv_rename('r0', 'r2', store => :'store') AS replaced, kv_copy('r2', 'r1', store => :'store') AS done, kv_copy('r2', 'r3', store => :'store') AS done,
       kv_set('r1', 'z', store => :'store'), kv_copy('r1', 'r3', store => :'store') AS taken, kv_copy('r1', 'r2', replace => true, store => :'store') AS replaced,
       kv_copy('r0', 'r4', true, store => :'store') AS missing, kv_copy('r3', 'r3', store => :'store') AS taken, kv_copy('r3', 'r3', true, store => :'store') AS same;
SELECT key, value, expires = :'was' AS as_it_was FROM kv_scan('r', store => :'store');
SELECT kv_copy('r3', 'r3', to_store => 'kv_store', store => :'store') AS done, kv_copy('r1', 'r3', to_store => 'kv_store', store => :'store') AS taken,
       kv_rename('r1', 'r1', 'kv_store', store => :'store') AS done, kv_rename_nx('r2', 'r3', 'kv_store', store => :'store') AS taken;
SELECT key, value, expires = :'was' AS as_it_was FROM kv_scan('r', store => :'store');
SELECT key, value, expires = :'was' AS as_it_was FROM kv_scan('r');
SELECT kv_rename('r1', 'r1', :'store') AS back, kv_rename('r3', 'r3', :'store') AS back, kv_copy('r1', 'r1', true, '-', :'store') AS default_store, kv_del('r1') AS there;
-- Bytes go where there is text if they are text.
SELECT error_of(format('SELECT kv_set(''r4'', ''\xff''::bytea, store => %L)', :'store')) AS set,
       error_of(format('SELECT kv_copy(''r4'', ''r4'', to_store => ''kv_store'', store => %L)', :'store')) AS copied;
SELECT kv_del_prefix('r', store => :'store');

-- What has expired is not there, for any of them.
SELECT kv_flush(store => :'store');
INSERT INTO :store SELECT 'dead' || i, '1', now() - interval '1 second' FROM generate_series(1, 25) i;
SELECT kv_get('dead1', store => :'store'), kv_get_bytes('dead1', store => :'store'), kv_exists('dead1', store => :'store'), kv_count(store => :'store'),
       kv_set_xx('dead1', 'x', store => :'store'), kv_get_ex('dead1', 60, store => :'store'), kv_get_ex_bytes('dead1', 60, store => :'store'),
       kv_get_del('dead2', store => :'store'), kv_get_del_bytes('dead2', store => :'store'), kv_del('dead2', store => :'store'),
       kv_expire('dead1', 60, store => :'store'), kv_expire_at('dead1', 'infinity', store => :'store'), kv_expire('dead1', 60, 'xx', store => :'store'), kv_expire('dead1', 60, 'gt', store => :'store'), kv_persist('dead1', store => :'store'),
       kv_cas('dead1', '1', 'x', store => :'store'), kv_del_if('dead1', '1', store => :'store'), kv_mdel('{dead1,dead2}', store => :'store'),
       kv_del_prefix('dead', store => :'store'), kv_rename('dead1', 'dead2', store => :'store'), kv_rename_nx('dead1', 'dead26', store => :'store'),
       kv_copy('dead1', 'dead2', store => :'store');
SELECT count(*) FROM kv_mget('{dead1,dead2}', store => :'store') WHERE value IS NOT NULL;
SELECT count(*) FROM kv_scan(store => :'store');
SELECT kv_set_nx('dead3', 'born', store => :'store'), kv_get_set('dead4', 'born', store => :'store'), kv_incr('dead5', store => :'store'),
       kv_incr('dead6', 1, 60, store => :'store'), kv_cas('dead7', NULL, 'born', store => :'store'), kv_mset('{dead8}', '{born}', store => :'store'),
       kv_set_nx('dead9', 'born', 60, store => :'store'), kv_get_ex('dead10', 60, 6, store => :'store'), (kv_rate_limit('dead11', 3, 60, store => :'store')).count,
       kv_append('dead14', 'born', store => :'store'), kv_get_set('dead12', 'born'::bytea, store => :'store'), kv_cas('dead13', '1'::bytea, 'x', store => :'store'), kv_del_if('dead13', '1'::bytea, store => :'store'),
       kv_incr_float('dead19', store => :'store'), kv_incr_float('dead20', 0.5, 60, store => :'store'), kv_set_keepttl('dead18', 'born', store => :'store'), kv_copy('dead3', 'dead15', store => :'store') AS born, kv_rename_nx('dead3', 'dead16', store => :'store') AS born, kv_rename('dead16', 'dead17', store => :'store') AS born;
SELECT key, value, expires = 'infinity' AS for_ever FROM kv_scan(store => :'store');

-- Batches.
SELECT kv_mset('{b,a,c,a}', '{2,1,3,4}', store => :'store'), kv_mset('{d}', ARRAY[''], 60, store => :'store'),
       kv_mset('{e,f}', '{5,6}', '1 hour', store => :'store'), kv_mset('{}', '{}', interval '1 hour', store => :'store');
SELECT * FROM kv_mget('{c,a,none,a,NULL,d}', store => :'store');
SELECT kv_mset_bytes('{u,v,u}', '{1,2,3}', store => :'store'), kv_mset_bytes('{w}', '{4}', 60, store => :'store'),
       kv_mset_bytes('{x}', '{5}', '1 hour', store => :'store'), kv_mset_bytes('{}', '{}', interval '1 hour', store => :'store');
SELECT * FROM kv_mget_bytes('{u,none,NULL,v}', store => :'store');
SELECT key, value, expires = 'infinity' AS for_ever FROM kv_scan_bytes(after => 't', store => :'store');
SELECT kv_mdel('{u,v,w,x}', store => :'store');
SELECT kv_ttl('a', store => :'store'), kv_ttl('e', store => :'store') > '0' AS expires;
SELECT kv_mdel('{f,none,a,a}', store => :'store'), kv_mdel('{}', store => :'store');
SELECT * FROM kv_mget('{}', store => :'store');

-- Only if none of them is there.
SELECT kv_mset_nx('{y,x,y}', '{1,2,3}', store => :'store') AS new, kv_mset_nx('{z,x}', '{4,4}', store => :'store') AS there, kv_mset_nx('{x,z}', '{4,4}', 60, store => :'store') AS there,
       kv_mset_nx('{v,w}', '{5,5}', '1 hour', store => :'store') AS new, kv_mset_nx('{}', '{}', interval '1 hour', store => :'store') AS none,
       kv_mset_nx_bytes('{t,u}', '{6,6}', store => :'store') AS new, kv_mset_nx_bytes('{t,s}', '{7,7}', 60, store => :'store') AS there;
SELECT key, value, expires = 'infinity' AS for_ever FROM kv_scan(after => 'r', store => :'store');
SELECT kv_expire_at('v', '2001-01-01', 'lt', store => :'store'), kv_mset_nx('{v,r}', '{8,8}', 60.5, store => :'store') AS new;
SELECT kv_mget('{v,r}', store => :'store');
SELECT error_of(format('SELECT kv_mset_nx(''{q,p}'', ''{1}'', store => %L)', :'store')), error_of(format('SELECT kv_mset_nx_bytes(''{q}'', ''{1}'', 0, store => %L)', :'store'));
SELECT kv_mdel('{r,t,u,v,w,x,y}', store => :'store');

-- Scans.
SELECT kv_flush(store => :'store');
SELECT kv_mset(array_agg('user:' || i), array_agg(i::text), store => :'store') FROM generate_series(1, 12) i;
SELECT kv_mset('{user%,user_,user,users,"","ä"}', '{1,2,3,4,5,6}', store => :'store');
SELECT string_agg(key, ' ' ORDER BY n) FROM kv_scan(store => :'store') WITH ORDINALITY e(key, value, expires, n);
SELECT string_agg(key || '=' || value, ' ' ORDER BY n) FROM kv_scan('user:1', store => :'store') WITH ORDINALITY e(key, value, expires, n);
SELECT kv_count('user:', store => :'store'), kv_count('user%', store => :'store'), kv_count('user_', store => :'store'),
       kv_count('none', store => :'store'), kv_count('ä', store => :'store'), kv_count('user:1', store => :'store'), kv_count(store => :'store');
SELECT string_agg(key, ' ' ORDER BY n) FROM kv_scan('user:', max => 3, store => :'store') WITH ORDINALITY e(key, value, expires, n);
SELECT string_agg(key, ' ' ORDER BY n) FROM kv_scan('user:', 'user:11', 3, store => :'store') WITH ORDINALITY e(key, value, expires, n);
SELECT string_agg(key, ' ' ORDER BY n) FROM kv_scan('user:', 'user:9', store => :'store') WITH ORDINALITY e(key, value, expires, n);
SELECT string_agg(key, ' ' ORDER BY n) FROM kv_scan('user:', 'a', NULL, store => :'store') WITH ORDINALITY e(key, value, expires, n);
SELECT kv_del_prefix('user:1', store => :'store'), kv_del_prefix('user%', store => :'store'), kv_del_prefix('none', store => :'store');
SELECT string_agg(key, ' ' ORDER BY n) FROM kv_scan(store => :'store') WITH ORDINALITY e(key, value, expires, n);
-- More than a page of them.
SELECT kv_mset(array_agg('page:' || i), array_agg('x'::text), store => :'store') FROM generate_series(1, 2500) i;
SELECT count(*) FROM kv_scan('page:', max => 2000, store => :'store');
SELECT kv_del_prefix('page:', store => :'store'), kv_count('page:', store => :'store'), kv_count(store => :'store');
SELECT kv_flush(store => :'store'), kv_flush(store => :'store');
SELECT count(*) FROM :store;

-- A batch is all or nothing.
BEGIN;
SELECT kv_mset('{x,y}', '{1,2}', store => :'store'), kv_del_prefix('x', store => :'store');
ROLLBACK;
SELECT kv_count(store => :'store');
