# On a standby: logged stores can be read, unlogged ones say why they cannot, and
# nothing can be written.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Clients;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = Kvstore->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', "shared_preload_libraries = 'kvstore'\nkvstore.sweep_interval = '100ms'");
$primary->start;
$primary->sql(q{
	CREATE EXTENSION kvstore;
	SELECT kv_create_store('logged', logged => true);
	SELECT kv_set('k', 'unlogged'), kv_set('k', 'v', store => 'logged'), kv_set_ex('e', 'v', 3600, store => 'logged');
});
$primary->backup('base');
my $standby = Kvstore->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby);

for my $path ('on', 'off')
{
	my $set = "SET kvstore.fast_path = $path";
	is($standby->sql(qq{$set; SELECT kv_get('k', store => 'logged'), kv_exists('e', store => 'logged'), kv_exists('no', store => 'logged')}),
		'v|t|f', "fast path $path: a logged store is read");
	for my $call (q{kv_get('k')}, q{kv_exists('k')}, q{kv_ttl('k')})
	{
		my $error = $standby->error_of("$set; SELECT $call");
		like($error, qr/0A000: store "kv_store" cannot be used on a standby/, "fast path $path: $call says why not");
	}
	for my $call (q{kv_set('k', 'v')}, q{kv_get_ex('k', 60, store => 'logged')}, q{kv_del('k', store => 'logged')}, q{kv_sweep(store => 'logged')})
	{
		my $error = $standby->error_of("$set; SELECT $call");
		like($error, qr/25006: cannot execute kv_\w+\(\) (during recovery|in a read-only transaction)/, "fast path $path: $call is refused");
	}
}
# Not even about a path, which is told of all stores at once.
is($standby->sql(q{SELECT store, kv_detour(store) FROM kv_stats ORDER BY store::text}),
	"kv_store|nothing can be written on a standby\nlogged|nothing can be written on a standby", 'kv_detour() tells why nothing is written');
is($standby->sql(q{SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'kvstore%'}), 0, 'no worker on a standby');

# Promoted, it has the logged store, an empty unlogged one, and a sweeper.
$standby->promote;
is($standby->sql(q{SELECT kv_get('k', store => 'logged'), kv_exists('k')}), 'v|f', 'promoted: the logged store is there');
$standby->sql(q{SELECT kv_set('k', 'new'), kv_set_ex('brief', 'x', 1e-6), kv_set_ex('brief', 'x', 1e-6, store => 'logged')});
ok($standby->poll_query_until('postgres', q{SELECT count(*) = 0 FROM (SELECT FROM kv_store WHERE key = 'brief' UNION ALL SELECT FROM logged WHERE key = 'brief') b}), 'promoted: it sweeps');
is($standby->sql(q{SELECT kv_get('k')}), 'new', 'promoted: it stores');

$standby->stop('fast');

# The primary is lost in the midst of writes that a synchronous standby has acknowledged.
$primary->sql(q{CREATE EXTENSION amcheck});
$primary->backup('second');
my $heir = Kvstore->new('heir');
$heir->init_from_backup($primary, 'second', has_streaming => 1);
$heir->start;
$primary->append_conf('postgresql.conf', "synchronous_standby_names = '*'\nsynchronous_commit = remote_write");
$primary->reload;
$primary->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'}) or die;
my $clients = 3;
my @started = map {
	Clients->start($primary, "clients.$_", $clients, "-c kvstore.fast_path=$_", qq{
		BEGIN;
		SELECT kv_incr('$_' || :client_id::text, store => 'logged') AS count \\gset
		SELECT kv_set('last $_' || :client_id::text, :count::text, store => 'logged'), kv_set_ex('brief ' || :count::text, 'x', 0.01, store => 'logged'), kv_incr('unlogged');
		COMMIT;
	})
} 'on', 'off';
my $all_write = "SELECT bool_and(coalesce(kv_get(path || i, store => 'logged')::int > 50, false)) FROM unnest('{on,off}'::text[]) path, generate_series(0, $clients - 1) i";
ok($primary->poll_query_until('postgres', $all_write), 'clients write');
$primary->stop('immediate');
$heir->promote;
for my $path (0, 1)
{
	my $name = $path ? 'off' : 'on';
	my @acknowledged = $started[$path]->acknowledged;
	for my $client (0 .. $clients - 1)
	{
		my ($there, $last) = split /\|/, $heir->sql("SELECT kv_get('$name$client', store => 'logged'), kv_get('last $name$client', store => 'logged')");
		ok($there == $acknowledged[$client] || $there == $acknowledged[$client] + 1, "promoted under load: $acknowledged[$client] were acknowledged, $there are there");
		is($last, $there, 'promoted under load: each with all that it wrote');
	}
}
is($heir->sql(q{SELECT kv_count()}), 0, 'promoted under load: the unlogged store is empty');
ok($heir->poll_query_until('postgres', q{SELECT count(*) = 0 FROM logged WHERE key LIKE 'brief%'}), 'promoted under load: it sweeps');
is($heir->sql(q{SELECT kv_incr('unlogged'), kv_incr('on0', store => 'logged') > 50, kv_lease('k', 'x', 60)}), '1|t|t', 'promoted under load: it stores');
is($heir->damages, '', 'promoted under load: all is sound');

$heir->stop('fast');
done_testing();
