# Crashes in the midst of writes, on either path: a logged store has all that was acknowledged, and
# of each transaction all or nothing; an unlogged one is empty, and so are the leases. All are sound
# and work at once.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Clients;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = Kvstore->begin('crash', "shared_preload_libraries = 'kvstore'", "kvstore.sweep_interval = '10ms'", 'restart_after_crash = on');
$node->sql(q{
	CREATE EXTENSION kvstore;
	CREATE EXTENSION amcheck;
	SELECT kv_create_store('logged', logged => true);
	CREATE FUNCTION value_of(n int) RETURNS text LANGUAGE sql IMMUTABLE
		RETURN (SELECT string_agg(md5(n || '-' || i), '') FROM generate_series(1, n % 100 + 1) i);
});

# --- Clients that write ---

my $clients = 4;

# A round leaves the counter of the client, and the last three of its entries, some of them out of line.
my $round = q{
	\set n :n + 1
	\set last :n - 3
	BEGIN;
	SELECT kv_set(:name::text || ':' || :n::text, value_of(:n), store => 'logged'), kv_del(:name::text || ':' || :last::text, store => 'logged'),
		kv_incr(:name::text, store => 'logged'), kv_set_ex('brief ' || :name::text || ' ' || :n::text, 'x', 0.01, store => 'logged'),
		kv_set(:name::text || ':' || :n::text, value_of(:n)), kv_incr(:name::text), kv_set_ex('brief ' || :name::text || ' ' || :n::text, 'x', 0.01),
		kv_lease(:name::text || ':' || :n::text, 'x', 3600);
	COMMIT;
};

sub name_of { my ($crash, $client) = @_; return 100 * $crash + $client }

sub start_clients
{
	my ($crash, $fast_path) = @_;
	return Clients->start($node, "clients.$crash", $clients, "-c kvstore.fast_path=$fast_path", "\\set name 100 * $crash + :client_id\n$round");
}

sub wait_for_rounds
{
	my ($crash, $rounds) = @_;
	my @names = map { name_of($crash, $_) } 0 .. $clients - 1;
	$node->poll_query_until('postgres', "SELECT bool_and(coalesce(value::int > $rounds, false)) FROM kv_mget('{" . join(',', @names) . "}', store => 'logged')") or die;
}

# --- The crashes ---

sub stop_immediately
{
	$node->stop('immediate');
	$node->start;
}

sub stops
{
	my $pid = shift;
	kill 'STOP', $pid or return 0;
	for (;;)
	{
		my $stat = eval { slurp_file("/proc/$pid/stat") } // '';
		my $state = $stat =~ /^\d+ \(.*\) (\w)/s ? $1 : 'X';
		return $state eq 'T' if $state =~ /[TZX]/;
		select undef, undef, undef, 0.01;
	}
}

sub kill_and_wait
{
	my $who = shift;
	my $log = -s $node->logfile;
	my $pid;
	# Who is found may be ending, or be gone, when it is to be killed: only what stops dies of the signal.
	do { $pid = $node->sql("SELECT pid FROM pg_stat_activity WHERE $who LIMIT 1") } until $pid && stops($pid);
	kill 'KILL', $pid;
	$node->wait_for_log(qr/terminated by signal 9.*database system is ready to accept connections/s, $log);
}
sub kill_a_client { kill_and_wait(q{state = 'active' AND query LIKE '%kv_lease%' AND pid <> pg_backend_pid()}) }
sub kill_the_sweeper { kill_and_wait(q{backend_type = 'kvstore sweeper'}) }

# --- What there is to be afterwards ---

sub look_at_logged_store
{
	my ($what, $name, $acknowledged) = @_;
	my $there = $node->sql("SELECT kv_get('$name', store => 'logged')");
	ok($acknowledged > 0 && ($there == $acknowledged || $there == $acknowledged + 1), "$what: $acknowledged rounds were acknowledged, $there are there");
	is( $node->sql(qq{
			SELECT string_agg(n, ',' ORDER BY n::int), bool_and(value = value_of(n::int))
			FROM (SELECT split_part(key, ':', 2) AS n, value FROM kv_scan('$name:', store => 'logged')) s}),
		join(',', $there - 2 .. $there) . '|t', "$what: of the last ones all that they wrote");
}

sub look_at_whatever_works
{
	my $what = shift;
	is($node->sql(q{SELECT kv_count(), (SELECT count(*) FROM kv_leases)}), '0|0', "$what: the unlogged store is empty, and nobody holds a lease");
	is($node->damages, '', "$what: tables and indexes are sound");
	is($node->sql(q{SELECT sets FROM kv_counters('kv_store')}), 0, "$what: counting begins anew");
	for my $store ('kv_store', 'logged')
	{
		$node->sql(qq{SELECT kv_set('$what', 'here', store => '$store'), kv_set_ex('$what, brief', 'x', 1e-6, store => '$store')});
		is($node->sql("SELECT kv_get('$what', store => '$store')"), 'here', "$what: $store works");
		ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM $store WHERE expires < clock_timestamp()"), "$what: $store is swept");
	}
	is($node->sql(q{SELECT sets FROM kv_counters('kv_store')}), 2, "$what: and goes on");
	is($node->sql(qq{SELECT kv_lease('100:1', '$what', 60), kv_lease('100:1', 'another', 60)}), 't|f', "$what: leases work");
	is($node->damages, '', "$what: all is sound still");
}

sub test_crash
{
	my ($crash, $what, $fast_path, $happens) = @_;
	my $started = start_clients($crash, $fast_path);
	wait_for_rounds($crash, 20);
	$node->sql('CHECKPOINT');
	wait_for_rounds($crash, 100);
	$happens->();
	my @acknowledged = $started->acknowledged;
	look_at_logged_store($what, name_of($crash, $_), $acknowledged[$_]) for 0 .. $clients - 1;
	look_at_whatever_works($what);
}

test_crash(1, 'stopped at once, fast path', 'on', \&stop_immediately);
test_crash(2, 'stopped at once, SQL path', 'off', \&stop_immediately);
test_crash(3, 'a client killed, fast path', 'on', \&kill_a_client);
test_crash(4, 'a client killed, SQL path', 'off', \&kill_a_client);
test_crash(5, 'the sweeper killed', 'on', \&kill_the_sweeper);

# A clean stop takes nothing away.
$node->sql(q{SELECT kv_lease('kept', 'mine', 3600), kv_set('kept', 'v')});
$node->restart;
is($node->sql(q{SELECT kv_get('kept'), kv_lease('kept', 'another', 3600), kv_release('kept', 'mine')}), 'v|f|t', 'a clean restart keeps it all');
$node->stop('fast');
done_testing();
