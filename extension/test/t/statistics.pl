# What is counted, where it is counted, and what it survives.
use strict;
use warnings;
use File::Copy qw(copy);
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'only in scripts/test, which builds the other library and an installation to try it in' unless $ENV{KV_ANOTHER_BUILD};

# The library can be replaced by that of another build while servers run.
my ($library) = run_command([ 'pg_config', '--pkglibdir' ]);
$library .= '/kvstore.so';
my $this_build = "$PostgreSQL::Test::Utils::tmp_check/this_build.so";
copy($library, $this_build) or die "$library: $!";

sub install
{
	copy(shift, "$library.new") or die "$library.new: $!";
	rename("$library.new", $library) or die "$library: $!";
}
END { my $status = $?; install($this_build); $? = $status }

my $node = Kvstore->begin('statistics', "shared_preload_libraries = 'kvstore'", "kvstore.sweep_interval = 0", "restart_after_crash = on");

sub counters { return $node->sql("SELECT hits, misses, sets, deletes, expired_removed FROM kv_counters('" . (shift // 'kv_store') . "')") }

$node->sql('CREATE EXTENSION kvstore');
is(counters(), '0|0|0|0|0', 'counting begins at zero');
for my $path ('on', 'off') {
	$node->sql("SELECT kv_stats_reset(); SELECT kv_flush(); SET kvstore.fast_path = $path;" . q{
		SELECT kv_mset('{a,b,c,d}', '{1,2,3,4}'), kv_set_nx('a', 'x'), kv_set_nx('e', 'x'), kv_set_xx('f', 'x'), kv_incr('a');
		SELECT kv_cas('a', '2', '3'), kv_cas('a', '2', '3'), kv_get_set('a', '9'), kv_get_set('g', '9'), kv_expire('a', 60), kv_persist('a');
	});
	is(counters(), '1|1|9|0|0', "sets, $path the fast path");
	$node->sql("SET kvstore.fast_path = $path;" . q{
		SELECT kv_get('a'), kv_get('z'), kv_get_bytes('a'), kv_exists('a'), kv_exists('z'), kv_ttl('a'), kv_get_ex('a', 60), kv_get_ex('z', 60);
		SELECT * FROM kv_mget('{a,b,z}');
	});
	is(counters(), '8|5|9|0|0', "reads, $path the fast path");
	$node->sql("SET kvstore.fast_path = $path;" . q{
		SELECT kv_del('a'), kv_del('a'), kv_get_del('b'), kv_get_del('b'), kv_mdel('{b,c}'), kv_del_if('d', '4'), kv_del_prefix('e'), kv_expire_at('g', '-infinity');
	});
	is(counters(), '9|6|9|6|0', "deletes, $path the fast path");
	$node->sql("SET kvstore.fast_path = $path;" . q{ SELECT kv_set_ex('brief' || i, 'x', 1e-6) FROM generate_series(1, 7) i; SELECT kv_sweep(5), kv_sweep() });
	is(counters(), '9|6|16|6|7', "what was swept, $path the fast path");
}

# Each store has its own, and so has each database.
$node->sql(q{SELECT kv_create_store('own'); SELECT kv_set('k', 'v', store => 'own')});
is(counters('own'), '0|0|1|0|0', 'a store counts for itself');
is(counters(), '9|6|16|6|7', 'alone');
$node->sql('CREATE DATABASE other');
$node->safe_psql('other', "CREATE EXTENSION kvstore; SELECT kv_set('k', 'v')");
is($node->safe_psql('other', "SELECT sets FROM kv_stats"), 1, 'another database, too');

# A row for each store, with its sizes.
$node->sql(q{SELECT kv_set('large', string_agg(md5(i::text), ''), store => 'own') FROM generate_series(1, 10000) i});
is($node->sql('SELECT string_agg(store::text, \',\' ORDER BY store::text) FROM kv_stats'), 'kv_store,own', 'the view has a row for each store');
is( $node->sql('SELECT table_bytes > 0, index_bytes > 0, toast_bytes > 300000, last_sweep IS NULL FROM kv_stats WHERE store = \'own\'::regclass'),
	't|t|t|t', 'with its sizes');
$node->sql(q{SELECT kv_mset(array_agg('k' || i), array_agg('v'::text), store => 'own') FROM generate_series(1, 1000) i; ANALYZE own});
is($node->sql(q{SELECT entries_estimated FROM kv_stats WHERE store = 'own'::regclass}), 1002, 'and the number of its entries');
$node->sql(q{CREATE TABLE parted OF kv_entry (key PRIMARY KEY, value NOT NULL, expires NOT NULL DEFAULT 'infinity') PARTITION BY HASH (key);
	CREATE TABLE part0 PARTITION OF parted FOR VALUES WITH (modulus 2, remainder 0);
	CREATE TABLE part1 PARTITION OF parted FOR VALUES WITH (modulus 2, remainder 1);
	SELECT kv_set(i::text, repeat('x', 100), store => 'parted') FROM generate_series(1, 1000) i; VACUUM ANALYZE parted});
for my $store ('own', 'parted')
{
	my $parts = "unnest('{" . ($store eq 'own' ? 'own' : 'part0,part1') . "}'::regclass[]) t";
	is($node->sql("SELECT table_bytes + toast_bytes, index_bytes FROM kv_stats WHERE store = '$store'::regclass"),
		$node->sql("SELECT sum(pg_table_size(t)), sum(pg_indexes_size(t)) FROM $parts"), "the sizes of $store are those that the server tells");
}

# Whoever locks a store of his own, an index, or a part of it, holds up nobody who looks.
for my $held ('LOCK own', 'REINDEX INDEX own_pkey', 'LOCK part1')
{
	my $holder = $node->background_psql('postgres');
	$holder->query_safe("BEGIN; $held");
	is( $node->sql(q{SET lock_timeout = '20s'; SELECT string_agg(store::text, ',' ORDER BY store::text) FILTER (WHERE table_bytes IS NULL), count(entries_estimated) FROM kv_stats}),
		($held =~ /own/ ? 'own' : 'parted') . '|2', "$held: only its sizes are not told");
	$holder->query_safe('ROLLBACK');
	$holder->quit;
}
$node->sql('DROP TABLE parted');

# All sessions add up.
$node->sql('SELECT kv_stats_reset(); SELECT kv_set(\'hot\', \'x\')');
$node->pgbench('--client=8 --transactions=500 --no-vacuum', 0, [qr{4000/4000}], [qr{^$}], 'eight sessions', { get => q{SELECT kv_get('hot');} });
is(counters(), '4000|0|1|0|0', 'no count is lost');

# What it survives.
$node->restart;
is(counters(), '4000|0|1|0|0', 'counters survive a restart');
is($node->safe_psql('other', "SELECT sets FROM kv_stats"), 1, 'in every database');
$node->stop('immediate');
$node->start;
is(counters(), '0|0|0|0|0', 'but not a crash, as the statistics of PostgreSQL');
$node->sql(q{SELECT kv_set('a', '1')});
$node->restart;
is(counters(), '0|0|1|0|0', 'nor does an old file come back');
my $launcher = q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'kvstore launcher'};
my $ended = $node->sql($launcher);
$node->sql("SELECT pg_terminate_backend($ended)");
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM ($launcher AND pid <> $ended) AS another") or die 'no launcher';
for (1 .. 1800) { last unless -e $node->data_dir . '/pg_stat/kvstore.stat'; select undef, undef, undef, 0.1 }
$node->stop('immediate');
$node->start;
is(counters(), '0|0|0|0|0', 'not even if the launcher was ended before');

# Counters of what is dropped are given up.
my $oid = $node->sql(q{SELECT 'own'::regclass::oid});
$node->sql(q{SELECT kv_set('k', 'v', store => 'own'); DROP TABLE own});
is($node->sql("SELECT sets FROM kv_counters($oid)"), 1, 'they are there until a sweeper comes by');
$node->append_conf('postgresql.conf', "kvstore.sweep_interval = '50ms'");
$node->reload;
ok($node->poll_query_until('postgres', "SELECT sets = 0 FROM kv_counters($oid)"), 'and then gone');
ok($node->poll_query_until('postgres', 'SELECT last_sweep > now() - interval \'1 minute\' AND last_sweep_took >= \'0\' AND last_sweep_left = 0 FROM kv_stats'),
	'the view tells of the last sweep');
$node->stop('fast');

# Asking takes no place, of which there are 512.
$node->start;
$node->sql(q{SELECT kv_set('k', 'v'); CREATE ROLE curious});
$node->sql(q{SET ROLE curious; SELECT count(counted) FROM generate_series(1, 600) o, kv_counters(o::oid::regclass) counted});
$node->sql(q{SELECT kv_create_store('late'); SELECT kv_set('k', 'v', store => 'late')});
is(counters('late'), '0|0|1|0|0', 'who only asks keeps no store from being counted');
# Those that have come too late are not counted, and harm nobody.
$node->sql(q{SELECT kv_create_store('s' || i) FROM generate_series(1, 520) i});
$node->sql(q{SELECT count(kv_set('k', 'v', store => ('s' || i)::regclass)) FROM generate_series(1, 520) i});
is($node->sql(q{SELECT count(*) FILTER (WHERE sets = 1) > 500, count(*) FILTER (WHERE sets IS NULL) > 0 FROM kv_stats}), 't|t', 'more stores than places');

# What a session knows of places is true when they are given up and taken by others.
my $session = $node->background_psql('postgres');
my @counted = split /\n/, $node->sql(q{SELECT store FROM kv_stats WHERE sets IS NOT NULL AND store::text ~ '^s' ORDER BY store});
my @uncounted = split /\n/, $node->sql(q{SELECT store FROM kv_stats WHERE sets IS NULL ORDER BY store});
sub set_in { return join ', ', map { "kv_set('k', 'v', store => '$_')" } @_ }
sub list_of { return "'{" . join(',', @_) . "}'::regclass[]" }
sub sets_of { return $session->query_safe("SELECT string_agg(coalesce((kv_counters(store)).sets::text, 'null'), ',' ORDER BY i) FROM unnest(" . list_of(@_) . ') WITH ORDINALITY stores(store, i)') }
my ($kept, $kept_too, @dropped) = @counted[ 0 .. 1 + @uncounted ];
my ($first, $second) = @uncounted;
$session->query_safe('SELECT ' . set_in(($kept, $first, $kept_too, $second, $dropped[0]) x 3));
is(sets_of($kept, $kept_too, $dropped[0], $first, $second), '4,4,4,null,null', 'calls in turn count where there is a place');
my $oids = $node->sql("SELECT string_agg(store::oid::text, ',') FROM unnest(" . list_of(@dropped) . ') store');
$node->sql('DROP TABLE ' . join(', ', @dropped));
ok($node->poll_query_until('postgres', "SELECT bool_and(coalesce(sets, 0) = 0) FROM unnest('{$oids}'::oid[]) o, kv_counters(o)"), 'some are dropped');
$session->query_safe('SELECT ' . set_in(($kept, @uncounted, $kept_too) x 2));
is(sets_of($kept, $kept_too, @uncounted), join(',', 6, 6, (2) x @uncounted), 'and others have their places at once');
$session->quit;
$node->stop('fast');

# What another build has left is not taken for one's own.
isnt($node->start && counters(), '0|0|0|0|0', 'counters are there after a restart');
$node->stop('fast');
install($ENV{KV_ANOTHER_BUILD});
$node->start;
is($node->sql(q{SELECT sum(hits), sum(sets) FROM kv_stats}), '0|0', 'a file of another layout is not read');
$node->sql(q{SELECT kv_set('k', 'v')});
is($node->sql(q{SELECT sum(sets) FROM kv_stats}), '1', 'and counting begins anew');
$node->stop('fast');
install($this_build);
$node->start;
is($node->sql(q{SELECT sum(hits), sum(sets) FROM kv_stats}), '0|0', 'the other way round as well');
$node->stop('fast');

# Without shared_preload_libraries.
my $plain = Kvstore->begin('not_preloaded');
$plain->sql(q{CREATE EXTENSION kvstore; SELECT kv_set('k', 'v')});
my $since_17 = $plain->sql(q{SELECT current_setting('server_version_num')::int >= 170000}) eq 't';
is($plain->sql('SELECT sets FROM kv_stats'), $since_17 ? 1 : '', 'not preloaded: counted since version 17, null before');
is($plain->sql('SELECT kv_stats_reset()'), '', 'a reset does no harm');
if ($since_17)
{
	$plain->sql(q{SELECT kv_set('k', 'v')});
	$plain->restart;
	is($plain->sql('SELECT sets FROM kv_stats'), 1, 'and survives a restart');
}

# With the files of another build, and no restart: who has loaded the old ones goes on with them.
my $old = $plain->background_psql('postgres');
$old->query_safe(q{SELECT kv_stats_reset(), kv_set('k', 'v')});
install($ENV{KV_ANOTHER_BUILD});
is($plain->sql(q{SELECT kv_set('k', 'v'), kv_set('k', 'v'); SELECT kv_get('k')}), "|\nv", 'another build works beside this one');
is($plain->sql('SELECT sets FROM kv_stats'), $since_17 ? 2 : '', 'counts apart from it');
is($old->query_safe(q{SELECT kv_set('k', 'v'); SELECT sets FROM kv_stats}), $since_17 ? "\n2" : "\n", 'and leaves it alone');
$old->quit;
install($this_build);
$plain->stop('fast');

# Calls do not fail because there is no memory to count in.
my $poor = Kvstore->begin('no_memory', "dynamic_shared_memory_type = mmap", "max_parallel_workers_per_gather = 0");
my $segments = $poor->data_dir . '/pg_dynshmem';
chmod(0500, $segments) or die;
$poor->sql('CREATE EXTENSION kvstore');
is($poor->sql(q{SELECT kv_set('k', 'v'); SELECT kv_get('k'); SELECT sets FROM kv_stats}), "\nv\n", 'no memory: calls work, and are not counted');
is($poor->sql(q{BEGIN; SELECT kv_set('k', 'w'); COMMIT; SELECT kv_get('k'), kv_stats_reset()}), "\nw|", 'transactions go on');
chmod(0700, $segments) or die;
is($poor->sql(q{SELECT kv_set('k', 'v'); SELECT sets FROM kv_stats}), $since_17 ? "\n1" : "\n", 'once there is some, they are counted again');
$poor->stop('fast');

done_testing();
