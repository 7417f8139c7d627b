# The background workers: what is swept, by whom, and that nothing is in their way
# nor they in anybody's, with shared_preload_libraries and without.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

my $workers = q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'kvstore launcher'};

sub expired_row_goes
{
	my ($node, $db, $what, $store) = @_;
	$store //= 'kv_store';
	$node->safe_psql($db, qq{SELECT kv_set_ex('brief', 'x', 1e-6, store => '$store'), kv_set_ex('long', 'x', 3600, store => '$store')});
	ok($node->poll_query_until($db, qq{SELECT count(*) = 0 FROM $store WHERE key = 'brief'}), "$what: the expired row goes");
	is($node->safe_psql($db, qq{SELECT kv_get('long', store => '$store')}), 'x', "$what: the live one stays");
}

# Sets the interval and waits until the server knows.
sub set_interval
{
	my ($node, $interval) = @_;
	$node->sql("ALTER SYSTEM SET kvstore.sweep_interval = '$interval'");
	$node->reload;
}

sub test_workers
{
	my ($mode, $preload) = @_;
	my $node = Kvstore->new($mode);
	$node->init;
	$node->append_conf('postgresql.conf', $preload ? "shared_preload_libraries = 'kvstore'" : '');
	$node->append_conf('postgresql.conf', "kvstore.sweep_interval = '100ms'\nlog_min_messages = log\nautovacuum = off\nrestart_after_crash = on");
	$node->start;

	ok($node->poll_query_until('postgres', "SELECT ($workers) = $preload"), "$mode: launchers before CREATE EXTENSION");
	$node->sql('CREATE EXTENSION kvstore');
	expired_row_goes($node, 'postgres', "$mode, first database");
	$node->sql('CREATE DATABASE second');
	$node->safe_psql('second', 'CREATE SCHEMA kv; CREATE EXTENSION kvstore SCHEMA kv; ALTER DATABASE second SET search_path = public, kv');
	expired_row_goes($node, 'second', "$mode, second database");
	expired_row_goes($node, 'postgres', "$mode, first database again");
	is($node->sql($workers), 1, "$mode: one launcher");

	# Stores of one's own.
	$node->safe_psql('second', q{SELECT kv_create_store('own', logged => true, value_type => 'bytea')});
	expired_row_goes($node, 'second', "$mode, own store", 'own');

	# What the sweeper finds it leaves: a table that is no store, one that is locked.
	$node->safe_psql('second', 'CREATE TABLE keyless OF kv.kv_entry');
	my $locker = $node->background_psql('second');
	$locker->query_safe(q{SELECT kv_create_store('aaa')});
	$locker->query_safe('BEGIN; LOCK TABLE aaa');
	expired_row_goes($node, 'second', "$mode, beside a locked store", 'own');
	$locker->query_safe(q{ROLLBACK; SELECT kv_set('locked', 'x', store => 'aaa'); UPDATE aaa SET expires = now(); INSERT INTO aaa VALUES ('brief', 'x', now() + interval '1 hour')});
	$locker->quit;

	# After a restart, and after a crash, which empties unlogged stores.
	$node->restart;
	expired_row_goes($node, 'postgres', "$mode, after a restart");
	my $victim = $node->background_psql('postgres');
	my $pid = $victim->query_safe('SELECT pg_backend_pid()');
	$node->sql(q{SELECT kv_set('lost', 'x')});
	kill 'KILL', $pid;
	ok($node->poll_query_until('postgres', q{SELECT NOT kv_exists('lost')}), "$mode: back after the crash, the store is empty");
	eval { $victim->quit };
	expired_row_goes($node, 'postgres', "$mode, after a crash");
	expired_row_goes($node, 'second', "$mode, second database after a crash");
	ok($node->poll_query_until('postgres', "SELECT ($workers) = 1"), "$mode: one launcher after the crash");

	# A launcher that is terminated comes back.
	my $launcher = q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'kvstore launcher'};
	my $before = $node->sql($launcher);
	$node->sql("SELECT pg_terminate_backend($before)");
	ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM ($launcher AND pid <> $before) l"), "$mode: a terminated launcher comes back");

	# Settings take effect at once: off, and from an hour to a moment.
	set_interval($node, 0);
	sleep 1;
	$node->sql(q{SELECT kv_set_ex('off', 'x', 1e-6)});
	sleep 1;
	is($node->sql(q{SELECT count(*) FROM kv_store WHERE key = 'off'}), 1, "$mode: 0 turns sweeping off");
	is($node->sql(q{SELECT kv_exists('off')}), 'f', "$mode: expired is absent with sweeping off");
	set_interval($node, '1h');
	ok($node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM kv_store WHERE key = 'off'}), "$mode: turning it on sweeps at once");
	set_interval($node, '100ms');
	expired_row_goes($node, 'postgres', "$mode, after one hour was set to 100 ms");

	# Nobody is kept waiting.
	set_interval($node, '5ms');
	for my $i (1 .. 15)
	{
		$node->sql('CREATE DATABASE brief');
		$node->safe_psql('brief', q{CREATE EXTENSION kvstore; SELECT count(kv_set_ex(i::text, 'x', 1e-6)) FROM generate_series(1, 5000) i});
		$node->sql('CREATE DATABASE copy TEMPLATE brief') if $i % 5 == 0;
		$node->sql('DROP DATABASE brief');
		$node->sql('DROP DATABASE IF EXISTS copy');
	}
	pass("$mode: databases are created, copied and dropped while sweeps run");
	for my $i (1 .. 15)
	{
		$node->sql(q{SELECT count(kv_set_ex(i::text, 'x', 1e-6)) FROM generate_series(1, 5000) i});
		$node->sql('DROP EXTENSION kvstore CASCADE');
		$node->sql('CREATE EXTENSION kvstore');
	}
	set_interval($node, '100ms');
	expired_row_goes($node, 'postgres', "$mode, after the extension was dropped and created again and again");

	# Where the extension has gone from all databases, so has the launcher, unless it is preloaded.
	$node->sql('DROP EXTENSION kvstore CASCADE');
	$node->safe_psql('second', 'DROP EXTENSION kvstore CASCADE');
	ok($node->poll_query_until('postgres', "SELECT ($workers) = $preload"), "$mode: launchers after DROP EXTENSION");
	$node->sql('CREATE EXTENSION kvstore');
	expired_row_goes($node, 'postgres', "$mode, after the launcher had gone") if $preload;

	my @pids = split /\n/, $node->sql(q{SELECT pid FROM pg_stat_activity WHERE backend_type LIKE 'kvstore%'});
	$node->stop('fast');
	is(scalar(grep { kill 0, $_ } @pids), 0, "$mode: no worker is left behind");

	# Other than the crash itself, only this may happen: a database is dropped between
	# the launcher's look at pg_database and the sweeper's arrival.
	my @strange = grep { /ERROR|FATAL|PANIC|TRAP|WARNING/ } split /\n/, slurp_file($node->logfile);
	@strange = grep { !/FATAL:  database \d+ does not exist|FATAL:  the database system is|WARNING:  terminating connection because of crash|FATAL:  terminating .* due to administrator command/ } @strange;
	is(join("\n", @strange), '', "$mode: nothing strange in the log");
}

test_workers('preloaded', 1);
test_workers('on_demand', 0);

done_testing();
