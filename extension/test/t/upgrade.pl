# pg_upgrade with kvstore preloaded on both sides: of the same version to itself, or of the
# installation $KV_OLD_INSTALLATION to this one. Nothing of ours may write meanwhile: the new
# server counts transactions from where the old one stood when pg_upgrade began.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

my %old_installation = $ENV{KV_OLD_INSTALLATION} ? (install_path => $ENV{KV_OLD_INSTALLATION}) : ();
my $preloaded = "shared_preload_libraries = 'kvstore'\n";
my $not_sweeping = $preloaded . "kvstore.sweep_interval = 0\n";
# In many transactions, of which the new server would know nothing.
my $sweeping = $preloaded . "kvstore.sweep_interval = 10ms\nkvstore.sweep_budget = 1ms\nkvstore.sweep_pause = 0\n";

# The last of these lines count.
sub configure { my ($node, $lines) = @_; $node->append_conf('postgresql.conf', $lines) }

sub old_cluster
{
	my $old = Kvstore->new(shift, %old_installation);
	$old->init;
	configure($old, $not_sweeping);
	$old->start;
	$old->sql(q{
		CREATE EXTENSION kvstore;
		SELECT kv_create_store('kept', logged => true);
		SELECT kv_limit('1 GB', evict => 'oldest', store => 'kept');
		INSERT INTO kept SELECT 'expired ' || i, 'x', now() - interval '1 s' FROM generate_series(1, 100000) i;
		SELECT count(kv_set('lives ' || i, i::text, store => 'kept')) FROM generate_series(1, 1000) i;
		SELECT kv_set('unlogged', 'lives'), kv_set_ex('gone', 'x', 1e-6);
	});
	$old->stop;
	configure($old, $sweeping);
	return $old;
}

sub new_cluster
{
	my ($name, $old) = @_;
	my $new = Kvstore->new($name);
	my $adds_checksums = $new->pg_version >= 18 && $old->pg_version < 18;
	$new->init($adds_checksums ? (extra => ['--no-data-checksums']) : ());
	configure($new, $sweeping);
	return $new;
}

sub bindir { my $node = shift; return $node->config_data('--bindir') }

sub upgrade
{
	my ($old, $new, @mode) = @_;
	$new->command_ok(
		[
			'pg_upgrade', '--no-sync', @mode,
			'--old-datadir' => $old->data_dir, '--new-datadir' => $new->data_dir,
			'--old-bindir' => bindir($old), '--new-bindir' => bindir($new),
			'--socketdir' => $new->host,
			'--old-port' => $old->port, '--new-port' => $new->port
		],
		"pg_upgrade @mode");
}

# What amcheck says of the stores: nothing, if all is well.
my $damages = q{
	SELECT count(*) FROM kv_stats, verify_heapam(store);
	SELECT string_agg(bt_index_check(indexrelid, true)::text, '') FROM pg_index JOIN kv_stats ON indrelid = store
};

for my $mode (@ARGV ? @ARGV : ('--copy', '--link'))
{
	my ($name) = $mode =~ /(\w+)/;
	my $old = old_cluster("old_$name");
	my $new = new_cluster("new_$name", $old);
	upgrade($old, $new, $mode eq '--copy' ? () : $mode);

	configure($new, $not_sweeping);
	$new->start;
	my $sql = sub { return $new->sql("SET statement_timeout = '2min';" . shift) };
	$sql->('CREATE EXTENSION amcheck');
	is($sql->($damages), "0\n", "$name: table and index are sound");
	is($sql->('SELECT count(*) FROM kept'), 101000, 'nothing was swept meanwhile');
	is($sql->(q{SELECT count(kv_get('lives ' || i, store => 'kept')), count(kv_get('expired ' || i, store => 'kept')) FROM generate_series(1, 1000) i}),
		'1000|0', 'what lived is there, what had expired is not');
	is($sql->(q{SELECT kv_get('unlogged'), kv_get('gone')}), 'lives|', 'in an unlogged store, too');
	is($sql->(q{SELECT max_size FROM kv_stats WHERE store = 'kept'::regclass}), '1 GB', 'and the limit');
	is($sql->(q{SELECT count(kv_set('expired ' || i, 'lives', store => 'kept')) FROM generate_series(1, 100000, 100) i}), 1000, 'what had expired can be set');

	configure($new, $sweeping);
	$new->reload;
	ok($new->poll_query_until('postgres', q{SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'kvstore sweeper'}), 'a sweeper comes');
	ok($new->poll_query_until('postgres', 'SELECT count(*) = 2000 FROM kept'), 'and sweeps');
	is($sql->($damages), "0\n", 'all is sound');
	$new->stop;
}

done_testing();
