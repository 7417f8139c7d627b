-- The ways to write a TTL, and what is not one.
\getenv abs_srcdir PG_ABS_SRCDIR
\set include :abs_srcdir '/sql/include/error_of.sql'
\i :include
SELECT kv_set_ex('k', 'v', '1 hour');
SELECT kv_set_ex('k', 'v', interval '1 hour');
SELECT kv_set_ex('k', 'v', 60);
SELECT kv_set_ex('k', 'v', 0.5);
SELECT kv_set_ex('k', 'v', 60::bigint);
SELECT kv_set_ex('k', 'v', '60'::text);
PREPARE untyped AS SELECT kv_set_ex($1, $2, $3);
EXECUTE untyped('k', 'v', '1 hour');
EXECUTE untyped('k', 'v', '90');
SELECT parameter_types FROM pg_prepared_statements WHERE name = 'untyped';
DEALLOCATE untyped;
PREPARE untyped AS SELECT kv_get_ex($1, $2);
EXECUTE untyped('k', '1 hour');
DEALLOCATE untyped;

CREATE FUNCTION left_of(ttl text) RETURNS interval LANGUAGE sql AS
$$ SELECT kv_set_ex('t', 'v', ttl); SELECT date_trunc('second', kv_ttl('t') + interval '0.5 second') $$;
SELECT given, left_of(given)
FROM unnest(ARRAY['1 hour', '90', '1.5', '1 day', '00:01:30', 'P1DT2H', '1h 30m', '2 weeks', '1 day -1 hour', '@ 5 minutes']) given;
SELECT given, kv_set_ex('t', 'v', given)
FROM unnest(ARRAY[interval '1 month', '1 year 3 days', '1 month -1 day']) given;
SET timezone = 'Europe/Berlin';
SELECT kv_set_ex('t', 'v', interval '1 month'), kv_set_ex('t2', 'v', '1 month');
SELECT abs(extract(epoch FROM kv_expires('t') - (now() + interval '1 month'))) < 5 AS calendar,
       kv_expires('t2') - kv_expires('t') < interval '1 second' AS text_alike;
RESET timezone;

-- Down to the microsecond, up to the end of time.
SELECT kv_set_ex('t', 'v', 1e-12);
SELECT kv_set_ex('t', 'v', '292000 years');
SELECT kv_expires('t') > '290000-01-01' AS far;
SELECT kv_set_ex('t', 'v', 9.2e12);
SELECT kv_expires('t') > '290000-01-01' AS far;

SELECT kv_set_ex('t', 'kept', '1 hour');
SELECT ttl, error_of(format('SELECT kv_set_ex(''t'', ''v'', %s)', ttl)) AS set_ex, error_of(format('SELECT kv_get_ex(''t'', %s)', ttl)) = error_of(format('SELECT kv_set_ex(''t'', ''v'', %s)', ttl)) AS get_ex_alike
FROM unnest(ARRAY[
    '0', '-1', '-0.5', '''NaN''::float8', '''infinity''::float8', '''-infinity''::float8', '1e13', '1e300',
    'interval ''0''', 'interval ''-1 second''', 'interval ''1 day -25 hours''', 'interval ''-200000 years''',
    'interval ''100000000 years''', 'interval ''292500 years''', 'interval ''293000 years -100000000 days''',
    '''0''', '''-1 hour''', '''293000 years''', '''999999999999999999999 years''', '''infinity''', '''-infinity''',
    '''''', '''soon''', '''1:99:00''', '''1 fortnight''', '''1 hour 1 hour''', 'repeat(''9'', 30)',
    'NULL::interval', 'NULL::float8', 'NULL::text']) ttl;
SELECT kv_get('t'), kv_ttl('t') > interval '59 minutes' AS untouched;
DROP FUNCTION left_of;

-- Every function with a TTL takes it in every type.
SELECT kv_set('t', 'v'), kv_set('n', '0');
SELECT ttl, array_agg(call || ': ' || result) FILTER (WHERE result <> 'no error') AS fails
FROM unnest(ARRAY[$$60$$, $$60::smallint$$, $$60::bigint$$, $$60.5$$, $$60::real$$, $$60::float8$$, $$60::numeric$$, $$'60'$$, $$'60'::text$$,
        $$'60'::varchar$$, $$'1 hour'$$, $$interval '1 hour'$$]) WITH ORDINALITY t(ttl, n),
    unnest(ARRAY[$$kv_set_ex('t', 'v', %s)$$, $$kv_set_ex('t', '\x76'::bytea, %s)$$, $$kv_set_nx('t', 'v', %s)$$, $$kv_set_nx('t', '\x76'::bytea, %s)$$,
        $$kv_set_xx('t', 'v', %s)$$, $$kv_set_xx('t', '\x76'::bytea, %s)$$, $$kv_cas('t', 'v', 'v', %s)$$, $$kv_incr('n', 1, %s)$$, $$kv_mset('{m}', '{v}', %s)$$,
        $$kv_get_ex('t', %s)$$, $$kv_get_ex_bytes('t', %s)$$, $$kv_expire('t', %s)$$, $$kv_set_ex('t', 'v', ttl => %s, store => 'kv_store')$$,
        $$kv_get_ex('t', %1$s, %1$s, 'kv_store')$$, $$kv_rate_limit('r', 9, period => %s, store => 'kv_store')$$, $$kv_incr('n', ttl => %s, by => 1)$$]) call,
    error_of(format('SELECT ' || call, ttl)) result
GROUP BY ttl, n ORDER BY n;
-- So with what a counter is increased by.
SELECT by, array_agg(DISTINCT substring(error_of(format('SELECT ' || call, by)) FROM '^(no error|\w{5})')) AS results
FROM unnest(ARRAY[$$5$$, $$5::smallint$$, $$5::bigint$$, $$'5'$$, $$'5'::text$$, $$-5$$, $$-30$$, $$9223372036854775808$$, $$5.0$$, $$NULL$$, $$'five'$$,
        $$'9223372036854775808'$$]) WITH ORDINALITY b(by, n),
    unnest(ARRAY[$$kv_incr('n', %s)$$, $$kv_incr('n', %s, 60)$$, $$kv_incr('n', %s, 0.5)$$, $$kv_incr('n', %s, '1 hour')$$, $$kv_incr('n', %s, interval '1 hour')$$,
        $$kv_incr('n', by => %s, store => 'kv_store')$$]) call
GROUP BY by, n ORDER BY n;
SELECT kv_set('n', '1'), kv_incr('n', 1), kv_incr('n', 2::smallint), kv_incr('n', 4::bigint), kv_incr('n', '8'), kv_incr('n');
PREPARE incr AS SELECT kv_incr($1, $2), kv_incr($1, $2, $3);
EXECUTE incr('n', '-10', '60');
EXECUTE incr('n', 5, 60);
SELECT parameter_types FROM pg_prepared_statements WHERE name = 'incr';
DEALLOCATE incr;
SELECT call, error_of('SELECT ' || call)
FROM unnest(ARRAY[$$kv_sweep(10)$$, $$kv_sweep(10::smallint)$$, $$kv_sweep('10')$$, $$kv_sweep(NULL)$$, $$kv_sweep(max_rows => 10, store => 'kv_store')$$]) call;
TRUNCATE kv_store;
