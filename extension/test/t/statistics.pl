# What is counted, where it is counted, and what it survives.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('statistics');
$node->init;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'kvstore'\nkvstore.sweep_interval = 0\nrestart_after_crash = on");
$node->start;

sub sql { return $node->safe_psql('postgres', shift) }
sub counters { return sql("SELECT hits, misses, sets, deletes, expired_removed FROM kv_counters('" . (shift // 'kv_store') . "')") }

sql('CREATE EXTENSION kvstore');
is(counters(), '0|0|0|0|0', 'counting begins at zero');
for my $path ('on', 'off') {
	sql("SELECT kv_stats_reset(); SELECT kv_flush(); SET kvstore.fast_path = $path;" . q{
		SELECT kv_mset('{a,b,c,d}', '{1,2,3,4}'), kv_set_nx('a', 'x'), kv_set_nx('e', 'x'), kv_set_xx('f', 'x'), kv_incr('a');
		SELECT kv_cas('a', '2', '3'), kv_cas('a', '2', '3'), kv_get_set('a', '9'), kv_get_set('g', '9'), kv_expire('a', 60), kv_persist('a');
	});
	is(counters(), '1|1|9|0|0', "sets, $path the fast path");
	sql("SET kvstore.fast_path = $path;" . q{
		SELECT kv_get('a'), kv_get('z'), kv_get_bytes('a'), kv_exists('a'), kv_exists('z'), kv_ttl('a'), kv_get_ex('a', 60), kv_get_ex('z', 60);
		SELECT * FROM kv_mget('{a,b,z}');
	});
	is(counters(), '8|5|9|0|0', "reads, $path the fast path");
	sql("SET kvstore.fast_path = $path;" . q{
		SELECT kv_del('a'), kv_del('a'), kv_get_del('b'), kv_get_del('b'), kv_mdel('{b,c}'), kv_del_if('d', '4'), kv_del_prefix('e'), kv_expire_at('g', '-infinity');
	});
	is(counters(), '9|6|9|6|0', "deletes, $path the fast path");
	sql("SET kvstore.fast_path = $path;" . q{ SELECT kv_set_ex('brief' || i, 'x', 1e-6) FROM generate_series(1, 7) i; SELECT kv_sweep(5), kv_sweep() });
	is(counters(), '9|6|16|6|7', "what was swept, $path the fast path");
}

# Each store has its own, and so has each database.
sql(q{SELECT kv_create_store('own'); SELECT kv_set('k', 'v', store => 'own')});
is(counters('own'), '0|0|1|0|0', 'a store counts for itself');
is(counters(), '9|6|16|6|7', 'alone');
sql('CREATE DATABASE other');
$node->safe_psql('other', "CREATE EXTENSION kvstore; SELECT kv_set('k', 'v')");
is($node->safe_psql('other', "SELECT sets FROM kv_stats"), 1, 'another database, too');

# A row for each store, with its sizes.
sql(q{SELECT kv_set('large', string_agg(md5(i::text), ''), store => 'own') FROM generate_series(1, 10000) i});
is(sql('SELECT string_agg(store::text, \',\' ORDER BY store::text) FROM kv_stats'), 'kv_store,own', 'the view has a row for each store');
is( sql('SELECT table_bytes > 0, index_bytes > 0, toast_bytes > 300000, last_sweep IS NULL FROM kv_stats WHERE store = \'own\'::regclass'),
	't|t|t|t', 'with its sizes');
sql(q{SELECT kv_mset(array_agg('k' || i), array_agg('v'::text), store => 'own') FROM generate_series(1, 1000) i; ANALYZE own});
is(sql(q{SELECT entries_estimated FROM kv_stats WHERE store = 'own'::regclass}), 1002, 'and the number of its entries');

# All sessions add up.
sql('SELECT kv_stats_reset(); SELECT kv_set(\'hot\', \'x\')');
$node->pgbench('--client=8 --transactions=500 --no-vacuum', 0, [qr{4000/4000}], [qr{^$}], 'eight sessions', { get => q{SELECT kv_get('hot');} });
is(counters(), '4000|0|1|0|0', 'no count is lost');

# What it survives.
$node->restart;
is(counters(), '4000|0|1|0|0', 'counters survive a restart');
is($node->safe_psql('other', "SELECT sets FROM kv_stats"), 1, 'in every database');
$node->stop('immediate');
$node->start;
is(counters(), '0|0|0|0|0', 'but not a crash, as the statistics of PostgreSQL');
sql(q{SELECT kv_set('a', '1')});
$node->restart;
is(counters(), '0|0|1|0|0', 'nor does an old file come back');
sql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'kvstore launcher'});
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'kvstore launcher'});
$node->stop('immediate');
$node->start;
is(counters(), '0|0|0|0|0', 'not even if the launcher was ended before');

# Counters of what is dropped are given up.
my $oid = sql(q{SELECT 'own'::regclass::oid});
sql(q{SELECT kv_set('k', 'v', store => 'own'); DROP TABLE own});
is(sql("SELECT sets FROM kv_counters($oid)"), 1, 'they are there until a sweeper comes by');
$node->append_conf('postgresql.conf', "kvstore.sweep_interval = '50ms'");
$node->reload;
ok($node->poll_query_until('postgres', "SELECT sets = 0 FROM kv_counters($oid)"), 'and then gone');
ok($node->poll_query_until('postgres', 'SELECT last_sweep > now() - interval \'1 minute\' AND last_sweep_took >= \'0\' AND last_sweep_left = 0 FROM kv_stats'),
	'the view tells of the last sweep');
$node->stop('fast');

# Asking takes no place, of which there are 512.
$node->start;
sql(q{SELECT kv_set('k', 'v'); CREATE ROLE curious});
sql(q{SET ROLE curious; SELECT count(counted) FROM generate_series(1, 600) o, kv_counters(o::oid::regclass) counted});
sql(q{SELECT kv_create_store('late'); SELECT kv_set('k', 'v', store => 'late')});
is(counters('late'), '0|0|1|0|0', 'who only asks keeps no store from being counted');
# Those that have come too late are not counted, and harm nobody.
sql(q{SELECT kv_create_store('s' || i) FROM generate_series(1, 520) i});
sql(q{SELECT count(kv_set('k', 'v', store => ('s' || i)::regclass)) FROM generate_series(1, 520) i});
is(sql(q{SELECT count(*) FILTER (WHERE sets = 1) > 500, count(*) FILTER (WHERE sets IS NULL) > 0 FROM kv_stats}), 't|t', 'more stores than places');
$node->stop('fast');

# Without shared_preload_libraries.
my $plain = PostgreSQL::Test::Cluster->new('not_preloaded');
$plain->init;
$plain->start;
$plain->safe_psql('postgres', q{CREATE EXTENSION kvstore; SELECT kv_set('k', 'v')});
my $since_17 = $plain->safe_psql('postgres', q{SELECT current_setting('server_version_num')::int >= 170000}) eq 't';
is($plain->safe_psql('postgres', 'SELECT sets FROM kv_stats'), $since_17 ? 1 : '', 'not preloaded: counted since version 17, null before');
is($plain->safe_psql('postgres', 'SELECT kv_stats_reset()'), '', 'a reset does no harm');
if ($since_17)
{
	$plain->safe_psql('postgres', q{SELECT kv_set('k', 'v')});
	$plain->restart;
	is($plain->safe_psql('postgres', 'SELECT sets FROM kv_stats'), 1, 'and survives a restart');
}
$plain->stop('fast');

done_testing();
