# Until PostgreSQL 16 a snapshot can become too old: what it should see may be gone, and a
# call says so, as SQL does, instead of finding nothing. It takes three minutes,
# since the setting counts minutes, and not the one under way.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'takes three minutes: KVSTORE_TEST_LONG=1 runs it' unless $ENV{KVSTORE_TEST_LONG};

my $node = Kvstore->begin('old_snapshot');
if ($node->sql('SHOW server_version_num') >= 170000)
{
	$node->stop('fast');
	plan skip_all => 'since PostgreSQL 17 no snapshot becomes too old';
}
$node->append_conf('postgresql.conf', "old_snapshot_threshold = '1min'\nautovacuum = off\nkvstore.sweep_interval = 0");
$node->restart;
$node->sql(q{
	CREATE EXTENSION kvstore;
	SELECT kv_create_store('logged', logged => true);
	SELECT kv_set('k' || i, 'old', store => 'logged') FROM generate_series(1, 2000) i});

my %readers;
for my $path ('on', 'off')
{
	$readers{$path} = $node->background_psql('postgres', on_error_stop => 0);
	$readers{$path}->set_query_timer_restart;
	$readers{$path}->query_safe("SET kvstore.fast_path = $path; BEGIN ISOLATION LEVEL REPEATABLE READ");
	is($readers{$path}->query_safe(q{SELECT kv_get('k1', store => 'logged')}), 'old', "fast path $path: a snapshot is taken");
}
# Gone from the table, and from the index, as far as others see, when that is long ago.
$node->sql(q{SELECT kv_mdel(ARRAY(SELECT key FROM logged), store => 'logged')});
for (1 .. 19)
{
	sleep 10;
	$node->sql('SELECT txid_current()');
}
$node->sql(q{SET enable_seqscan = off; SELECT * FROM logged WHERE key >= 'k'}) for 1 .. 3;
$node->sql(q{VACUUM logged});
for my $path ('on', 'off')
{
	my $answer = $readers{$path}->query(q{SELECT coalesce(kv_get('k1', store => 'logged'), 'nothing')});
	like($readers{$path}->{stderr}, qr/snapshot too old/, "fast path $path: it is too old") or diag("it was told: $answer");
	eval { $readers{$path}->quit };
}
$node->stop('fast');
done_testing();
