# On a standby: logged stores can be read, unlogged ones say why they cannot, and
# nothing can be written.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
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
$primary->stop('fast');
done_testing();
