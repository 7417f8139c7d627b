# kvstore-redis in front of a standby, which is promoted; in front of two servers, of which it finds the
# primary; and behind a pooler that is not for it.
use strict;
use warnings;
use FindBin;
use IPC::Run;
use lib $FindBin::RealBin;
use Gateway;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => Gateway::missing() if Gateway::missing();

my $primary = Kvstore->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', "shared_preload_libraries = 'kvstore'\nkvstore.redis_stores = 'logged, unlogged'");
$primary->start;
$primary->sql(q{
	CREATE EXTENSION kvstore;
	SELECT kv_create_store('logged', value_type => 'bytea', logged => true);
	SELECT kv_create_store('unlogged', value_type => 'bytea');
});
$primary->backup('base');
my $standby = Kvstore->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

my @anonymous = ('--anonymous-user', $primary->sql('SELECT current_user'));
my $on_primary = Gateway->begin($primary, @anonymous);
my $on_standby = Gateway->begin($standby, @anonymous);
my $writer = $on_primary->client;
my $reader = $on_standby->client;
is($writer->ask_all([ 'SET', 'k', '1' ], [ 'SET', 'e', 'v', 'EX', '100' ], ['ROLE']), "OK\nOK\n[master 0 []]", 'on the primary');
$primary->wait_for_catchup($standby);

# --- Reading, and not writing ------------------------------------------------------------------------

is($reader->ask_all([ 'GET', 'k' ], [ 'MGET', 'k', 'none', 'e' ], [ 'EXISTS', 'k', 'none' ], ['DBSIZE'], [ 'STRLEN', 'e' ]), "1\n[1 (nil) v]\n1\n2\n1",
	'on the standby, a logged store is read');
for my $command ('SET k 2', 'INCR k', 'DEL k', 'GETEX k EX 5', 'GETDEL k', 'APPEND k x', 'RENAME k j', 'MSET a b c d', 'PUBLISH a b', 'FLUSHDB', 'FLUSHALL')
{
	my $reply = $reader->ask(split / /, $command);
	like($reply, qr/^-READONLY /, "$command: READONLY");
}
is($reader->ask('ROLE'), '[slave  0 connected 0]', 'ROLE');
like($reader->ask('INFO', 'replication'), qr/^role:slave\r$/m, 'INFO');
like($reader->ask('HELLO', '3'), qr/ role replica /, 'HELLO');
is($reader->ask_all(['MULTI'], [ 'GET', 'k' ], [ 'GET', 'e' ], ['EXEC']), "OK\nQUEUED\nQUEUED\n[1 v]", 'EXEC that reads');
like($reader->ask_all(['MULTI'], [ 'GET', 'k' ], [ 'SET', 'k', '2' ], ['EXEC']), qr/\[1 -READONLY .*\]/, 'EXEC that writes');
like($reader->ask_all(['MULTI'], [ 'GET', 'k' ], ['FLUSHALL'], ['FLUSHDB'], [ 'PUBLISH', 'a', 'b' ], [ 'GET', 'e' ], ['EXEC']), qr/\[1(?: -READONLY \S[^-]*){3} v\]/, 'whatever it is: the others are carried out');
is($reader->ask_all([ 'WATCH', 'k' ], ['MULTI'], [ 'GET', 'k' ], ['EXEC']), "OK\nOK\nQUEUED\n[1]", 'WATCH of what stays');
is($reader->ask('WATCH', 'k'), 'OK', 'WATCH of what changes');
is($writer->ask('SET', 'k', '3'), 'OK', 'on the primary');
$primary->wait_for_catchup($standby);
is($reader->ask_all(['MULTI'], [ 'GET', 'k' ], ['EXEC']), "OK\nQUEUED\n(nil)", 'is noticed');
is($reader->ask_all([ 'SELECT', '1' ], [ 'GET', 'k' ], [ 'SELECT', '0' ]), "OK\n-ERR store \"unlogged\" cannot be used on a standby. Ask the primary, or create a store with logged => true.\nOK",
	'an unlogged store says why it cannot be read');
like($reader->ask('SUBSCRIBE', 'a'), qr/^-ERR cannot execute LISTEN during recovery/, 'nor are there messages');

# --- The primary of several servers, and promotion ----------------------------------------------------

my $on_either = Gateway->begin($primary, @anonymous, '--conninfo',
	join ' ', 'host=' . join(',', $standby->host, $primary->host), 'port=' . join(',', $standby->port, $primary->port), 'dbname=postgres target_session_attrs=read-write');
my $either = $on_either->client;
is($either->ask_all([ 'SET', 'k', '4' ], ['ROLE']), "OK\n[master 0 []]", 'it finds the primary');
$primary->wait_for_catchup($standby);
is($reader->ask('WATCH', 'k'), 'OK', 'a key is watched on the standby');
$primary->stop('immediate');
$standby->promote;
like($reader->ask_all(['MULTI'], [ 'INCR', 'k' ], ['EXEC']), qr/\AOK\nQUEUED\n\[(5|-READONLY .*)\]\z/, 'the first EXEC writes, or still takes it for a standby');
$reader->ask('SET', 'k', '5');
is($reader->ask_all([ 'WATCH', 'k' ], ['MULTI'], [ 'INCR', 'k' ], ['EXEC'], ['ROLE']), "OK\nOK\nQUEUED\n[6]\n[master 0 []]", 'promoted: it takes writes over the same connection');
# What was sent to the old primary may have been done there: asked again until the new one answers.
$on_either->wait_for(sub { $either->ask('INCR', 'k') eq '7' });
pass('and the other one finds it');
unlike($_->log_text, qr/pooler/, 'there is no pooler') for $on_primary, $on_either;
is($_->stop, 0, 'ends well') for $on_primary, $on_standby, $on_either;

# --- A pooler ------------------------------------------------------------------------------------------

SKIP:
{
	my ($pgbouncer) = grep { -x } map { "$_/pgbouncer" } split(/:/, $ENV{PATH}), '/usr/sbin';
	skip 'there is no pgbouncer', 8 unless $pgbouncer;
	my $folder = PostgreSQL::Test::Utils::tempdir_short();
	# From 1.21 on it can prepare anew what a session has prepared.
	my ($major, $minor) = `$pgbouncer --version` =~ /PgBouncer (\d+)\.(\d+)/;
	my $settings = "auth_type=any\nunix_socket_dir=$folder\nlisten_addr=\nserver_reset_query=DISCARD ALL\n" . ($major > 1 || $minor > 20 ? "max_prepared_statements=0\n" : '');
	my ($host, $port, $user) = ($standby->host, $standby->port, $anonymous[1]);
	for my $mode ('transaction', 'session')
	{
		my $pool_port = PostgreSQL::Test::Cluster::get_free_port();
		append_to_file("$folder/$mode", "[databases]\npostgres = host=$host port=$port user=$user pool_size=2\n[pgbouncer]\npool_mode=$mode\nlisten_port=$pool_port\n$settings");
		my $pooler = IPC::Run::start([ $pgbouncer, "$folder/$mode" ], '>', '/dev/null', '2>', "$folder/$mode.log");
		my $behind = Gateway->begin($standby, @anonymous, '--conninfo', "host=$folder port=$pool_port dbname=postgres");
		$behind->wait_for(sub { -S "$folder/.s.PGSQL.$pool_port" });
		my $client = $behind->client;
		is($client->ask_all([ 'SET', 'k', $mode ], [ 'GET', 'k' ]), "OK\n$mode", "pool_mode = $mode: while nobody else has the connection");
		# What listens is a second session, which meets the first one's statement.
		my $told = $client->ask('SUBSCRIBE', 'news');
		if ($mode eq 'session') { is($told, '[subscribe news 1]', 'and beside others') }
		else { like($told, qr/^-ERR .*kv_redis_batch" already exists. Is there a pooler .* keep a connection for a session$/, 'and else it says what is wrong') }
		is(scalar(() = $behind->log_text =~ /warning: there is a pooler/g), 1, 'that there is a pooler is said once');
		is($behind->stop, 0, 'ends well');
		$pooler->kill_kill;
	}
}
$standby->stop('fast');
done_testing();
