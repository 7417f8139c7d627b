# EXEC of kvstore-redis: all of its commands are of one moment, and so is what WATCH guards; on both
# paths.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Gateway;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => Gateway::missing() if Gateway::missing();

# COPY .. DB 1 takes half a second within a command, and until nobody holds the gate. A write in DB 2
# fails as often as `conflicts` says, as if SQL wrote the same entry each time; the 55th try waits for a gate, too.
my $node = Kvstore->begin('gateway_transactions', "shared_preload_libraries = 'kvstore'", "kvstore.redis_stores = 'kv_redis, slow, contended'");
$node->sql(q{
	CREATE EXTENSION kvstore;
	SELECT kv_create_store('kv_redis', value_type => 'bytea'), kv_create_store('slow', value_type => 'bytea');
	CREATE FUNCTION rest() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		PERFORM pg_sleep(0.5);
		WHILE NOT pg_try_advisory_xact_lock_shared(1) LOOP PERFORM pg_sleep(0.01); END LOOP;
		RETURN NEW;
	END $$;
	CREATE TABLE seen (data text);
	CREATE TRIGGER rest BEFORE INSERT OR UPDATE ON slow FOR EACH ROW EXECUTE FUNCTION rest();
	SELECT kv_create_store('contended', value_type => 'bytea');
	CREATE SEQUENCE tries;
	CREATE TABLE conflicts (number int);
	INSERT INTO conflicts VALUES (0);
	CREATE FUNCTION conflict() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE
		try int := nextval('tries');
	BEGIN
		WHILE try = 55 AND NOT pg_try_advisory_xact_lock_shared(2) LOOP PERFORM pg_sleep(0.01); END LOOP;
		IF try <= (SELECT number FROM conflicts) THEN RAISE 'conflict' USING ERRCODE = 'serialization_failure'; END IF;
		RETURN NEW;
	END $$;
	CREATE TRIGGER conflict BEFORE INSERT OR UPDATE ON contended FOR EACH ROW EXECUTE FUNCTION conflict();
	CREATE ROLE reader LOGIN;
	GRANT SELECT ON kv_redis TO reader;
});
my @rest = ('COPY', 'something', 'copy', 'DB', '1', 'REPLACE');

sub wait_until
{
	my ($count, $state) = @_;
	$node->poll_query_until('postgres', "SELECT count(*) = $count FROM pg_stat_activity WHERE $state") or die "not seen: $state";
}

# A transaction of these commands; the reply of EXEC.
sub transaction
{
	my ($client, @commands) = @_;
	my @replies = split /\n/, $client->ask_all(['MULTI'], @commands, ['EXEC']);
	return $replies[-1];
}

sub at_one_moment
{
	my ($client) = @_;
	$client->ask_all([ 'SET', 'something', '1' ]);
	is(transaction($client, [ 'SET', 'brief', 'v', 'PX', '200' ], \@rest, [ 'GET', 'brief' ], [ 'PTTL', 'brief' ], [ 'EXISTS', 'brief' ], [ 'DBSIZE' ], [ 'KEYS', 'bri*' ], [ 'GETDEL', 'brief' ]),
		'[OK 1 v 200 1 2 [brief] v]', 'the clock stands still for the commands of an EXEC');
	is(transaction($client, [ 'SET', 'brief', 'v', 'PX', '200' ], \@rest), '[OK 1]', '..');
	is($client->ask('GET', 'brief'), '(nil)', '.. and goes on behind it');
}

sub anew_after_waiting
{
	my ($client) = @_;
	$client->ask_all([ 'SET', 'held', '1' ], [ 'SET', 'read', 'old' ], [ 'SET', 'brief', 'v', 'PX', '300' ]);
	my $holder = $node->background_psql('postgres');
	$holder->query_safe("BEGIN; SELECT kv_incr('held', store => 'kv_redis')");
	$client->send_all(['MULTI'], [ 'GET', 'read' ], [ 'GET', 'brief' ], [ 'INCR', 'held' ], ['EXEC']);
	wait_until(1, "wait_event_type = 'Lock'");
	$node->sql("SELECT kv_set('read', 'new'::bytea, store => 'kv_redis')");
	$node->poll_query_until('postgres', "SELECT NOT kv_exists('brief', store => 'kv_redis')") or die;
	$holder->query_safe('ROLLBACK');
	is(join(' ', map { $client->reply } 1 .. 5), 'OK QUEUED QUEUED QUEUED [new (nil) 2]', 'an EXEC that has waited is of the moment at which it need not wait any more');
	$holder->quit;
}

sub guarded
{
	my ($client) = @_;
	$client->ask_all([ 'SET', 'guard', 'mine' ], [ 'SET', 'data', '1' ], [ 'WATCH', 'guard' ]);
	my ($gate, $writer) = map { $node->background_psql('postgres') } 1 .. 2;
	$gate->query_safe('SELECT pg_advisory_lock(1)');
	$client->send_all(['MULTI'], \@rest, [ 'SET', 'data', '2' ], ['EXEC']);
	wait_until(1, "wait_event = 'PgSleep'");
	$writer->query_until(qr/begins/, q{
		\echo begins
		SELECT kv_set('guard', 'taken'::bytea, store => 'kv_redis') \g /dev/null
		INSERT INTO seen SELECT convert_from(kv_get_bytes('data', store => 'kv_redis'), 'UTF8');
	});
	wait_until(1, "wait_event_type = 'Lock'");
	$gate->query_safe('SELECT pg_advisory_unlock(1)');
	$node->poll_query_until('postgres', 'SELECT count(*) = 1 FROM seen') or die;
	is($node->sql('DELETE FROM seen RETURNING data'), '2', 'nobody changes a watched entry while EXEC is under way');
	$_->quit for $gate, $writer;
	is(join(' ', map { $client->reply } 1 .. 4), 'OK QUEUED QUEUED [1 OK]', '.. which is carried out');
	$client->ask('WATCH', 'guard');
	is(transaction($client, [ 'RENAMENX', 'guard', 'something' ], [ 'SET', 'guard', 'new' ], [ 'RENAMENX', 'guard', 'something' ], [ 'DEL', 'guard' ]), '[0 OK 0 1]', '.. also after something that was tried and taken back');
	$client->ask_all([ 'SET', 'guard', 'mine' ], [ 'WATCH', 'guard' ]);
	is(transaction($client, [ 'SET', 'guard', 'mine' ], [ 'APPEND', 'guard', '.' ], [ 'DEL', 'guard' ]), '[OK 5 1]', 'what is held can be changed');
}

# How many MultiXacts there have been.
sub multixacts { return $node->sql('CHECKPOINT; SELECT next_multixact_id FROM pg_control_checkpoint()') }

sub held_by_another
{
	my ($client, $another) = @_;
	$client->ask_all([ 'SET', 'watched', '1' ], [ 'SET', 'data', '1' ]);
	my $holder = $node->background_psql('postgres');
	for my $lock ("SELECT kv_incr('watched', store => 'kv_redis')", 'LOCK TABLE kv_redis IN EXCLUSIVE MODE')
	{
		$holder->query_safe("BEGIN; $lock");
		$client->send_all([ 'WATCH', 'watched' ], ['MULTI'], [ 'GET', 'data' ], ['EXEC']);
		wait_until(1, "wait_event_type = 'Lock'");
		is($another->ask('GET', 'data'), '1', 'others go on while EXEC waits for what it watches');
		$holder->query_safe('ROLLBACK');
		is(join(' ', map { $client->reply } 1 .. 4), 'OK OK QUEUED [1]', '.. until it is free');
	}
	$holder->quit;
}

sub seen_while_absent
{
	my ($client, $another) = @_;
	$client->ask_all([ 'DEL', 'lock' ], [ 'WATCH', 'lock', 'held' ]);
	$another->ask('SET', 'lock', 'its');
	is($client->ask('GET', 'lock'), 'its', 'an absent key that is watched is there');
	$another->ask('DEL', 'lock');
	is(transaction($client, [ 'SET', 'lock', 'mine' ]), '(nil)', '.. which EXEC knows when it is gone again');
	is($client->ask_all([ 'GET', 'lock' ], ['MULTI'], [ 'SET', 'lock', 'mine' ], ['EXEC'], [ 'DEL', 'lock' ]), "(nil)\nOK\nQUEUED\n[OK]\n1", '.. and forgets');

	$client->ask('WATCH', 'lock');
	$another->ask('SET', 'lock', 'its');
	$client->ask('EXISTS', 'lock');
	$another->ask('DEL', 'lock');
	is($client->ask_all(['UNWATCH'], ['MULTI'], [ 'SET', 'lock', 'mine' ], ['EXEC'], [ 'DEL', 'lock' ]), "OK\nOK\nQUEUED\n[OK]\n1", 'UNWATCH forgets, too');

	is($client->ask_all([ 'WATCH', 'lock' ], [ 'SET', 'text', 'a' ], [ 'INCR', 'text' ], [ 'APPEND', 'text', 'b' ], [ 'GET', 'lock' ], ['MULTI'], [ 'SET', 'lock', 'mine' ], ['EXEC'], [ 'DEL', 'lock' ]),
		"OK\nOK\n-ERR value is not an integer or out of range\n2\n(nil)\nOK\nQUEUED\n[OK]\n1", 'commands between WATCH and EXEC are carried out as others are');

	my $holder = $node->background_psql('postgres');
	$holder->query_safe("BEGIN; SELECT kv_incr('held', store => 'kv_redis')");
	$client->send_all([ 'WATCH', 'lock' ], [ 'INCR', 'held' ], [ 'GET', 'lock' ]);
	wait_until(1, "wait_event_type = 'Lock'");
	is($another->ask('PING'), 'PONG', '..');
	is($another->ask('SET', 'lock', 'its', 'PX', '60000'), 'OK', '..');
	$holder->query_safe('COMMIT');
	is(join(' ', map { $client->reply } 1 .. 3), 'OK 4 its', '.. wait for rows ..');
	$another->ask('DEL', 'lock');
	is(transaction($client, [ 'SET', 'lock', 'mine' ]), '(nil)', '.. and see what is there then');
	$holder->quit;
}

# Three equal messages, of text and of bytes; and so is it said how many hear them.
sub equal_messages
{
	my ($client, $gateway) = @_;
	my ($listener, $by_pattern) = map { $gateway->client } 1 .. 2;
	my $in_sql = $node->background_psql('postgres');
	$in_sql->query_safe('LISTEN dup');
	$listener->ask_all([ 'SUBSCRIBE', 'dup' ]);
	$by_pattern->ask('PSUBSCRIBE', 'd*');
	is(transaction($client, ([ 'PUBLISH', 'dup', 'x' ]) x 3, ([ 'PUBLISH', 'dup', "\0" ]) x 2, [ 'PUBLISH', 'none', 'x' ]), '[2 2 2 2 2 0]', 'PUBLISH within EXEC says how many hear it');
	is($client->ask('PUBLISH', 'dup', 'end'), '2', '..');
	is(join(' ', map { $listener->reply } 1 .. 6), join(' ', map { "[message dup $_]" } 'x', 'x', 'x', "\0", "\0", 'end'), 'equal messages of an EXEC are heard, each');
	is(join(' ', map { $by_pattern->reply } 1 .. 6), join(' ', map { "[pmessage d* dup $_]" } 'x', 'x', 'x', "\0", "\0", 'end'), '.. and by who listens to a pattern');
	my $heard = '';
	$gateway->wait_for(sub { ($heard .= $in_sql->query('SELECT 1')) =~ /payload "end"/ });
	is(join(' ', $heard =~ /payload "(\w+)"/g), 'x end', '.. and SQL hears the first as it is');
	is((() = $heard =~ /payload "\x01[\w+\/=]+"/g), 4, '.. and what is equal in base64');
	$in_sql->quit;
}

# --- Conflicts, more than a few ------------------------------------------------------------------

sub let_conflict { return $node->sql("UPDATE conflicts SET number = $_[0]; SELECT setval('tries', 1, false)") }
sub was_tried { return $node->sql('SELECT is_called FROM tries') }

sub wait_for_tries
{
	my ($count) = @_;
	$node->poll_query_until('postgres', "SELECT last_value > $count FROM tries") or die 'it was not tried so often';
}

sub contender
{
	my ($gateway) = @_;
	my $one = $gateway->client;
	$one->ask('SELECT', '2');
	return $one;
}

sub in_spite_of_conflicts
{
	my ($gateway) = @_;
	my $client = contender($gateway);
	let_conflict(60);
	is(transaction($client, [ 'SET', 'n', '1' ], [ 'INCR', 'n' ]), '[OK 2]', 'an EXEC with 60 conflicts is carried out');
	let_conflict(60);
	$client->ask('WATCH', 'n');
	is(transaction($client, [ 'INCR', 'n' ]), '[3]', 'so is one that watches');
	let_conflict(60);
	is($client->ask_all([ 'INCR', 'n' ], [ 'GET', 'n' ], [ 'INCR', 'n' ]), "4\n4\n5", 'so are commands of a batch, in their order');

	my $holder = $node->background_psql('postgres');
	for my $commands ([ [ 'INCR', 'n' ], [ 'GET', 'n' ] ], [ ['MULTI'], [ 'INCR', 'n' ], ['EXEC'] ])
	{
		$holder->query_safe(q{BEGIN; SELECT FROM contended WHERE key = 'n' FOR UPDATE});
		let_conflict(60);
		$client->send_all(@$commands);
		wait_until(1, "wait_event_type = 'Lock'");
		$holder->query_safe('ROLLBACK');
		is(join(' ', map { $client->reply } @$commands), @$commands == 2 ? '6 6' : 'OK QUEUED [7]', 'so is what had to wait for a row before');
	}
	$holder->quit;
}

sub changed_among_conflicts
{
	my ($gateway) = @_;
	my ($client, $another) = map { $gateway->client } 1 .. 2;
	$client->ask_all([ 'SET', 'guard', 'mine' ], [ 'WATCH', 'guard' ], [ 'SELECT', '2' ]);
	let_conflict(1_000_000);
	my ($gate, $writer) = map { $node->background_psql('postgres') } 1 .. 2;
	$gate->query_safe('SELECT pg_advisory_lock(2)');
	$client->send_all(['MULTI'], [ 'INCR', 'n' ], ['EXEC']);
	wait_until(1, "wait_event = 'PgSleep'");
	$writer->query_until(qr/begins/, q{
		\echo begins
		SELECT kv_set('guard', 'taken'::bytea, store => 'kv_redis') \g /dev/null
	});
	wait_until(1, "wait_event_type = 'Lock'");
	$gate->query_safe('SELECT pg_advisory_unlock(2)');
	is(join(' ', map { $client->reply } 1 .. 3), 'OK QUEUED (nil)', 'a watched key that changes between two tries');
	let_conflict(0);
	is($client->ask('GET', 'n'), '7', '.. has nothing done');
	$_->quit for $gate, $writer;
}

# An EXEC that has had more than so many tries.
sub begin_to_conflict
{
	my ($gateway, $conflicts, $tries) = @_;
	my $client = contender($gateway);
	let_conflict($conflicts);
	$client->send_all(['MULTI'], [ 'INCR', 'n' ], ['EXEC']);
	is($client->reply . $client->reply, 'OKQUEUED', 'an EXEC has conflicts');
	wait_for_tries($tries);
	return $client;
}

sub gone_among_conflicts
{
	my ($gateway) = @_;
	my $another = $gateway->client;
	my $count = sub { $another->ask('CLIENT', 'LIST') =~ / cmd=exec / ? 1 : 0 };
	my $leaving = begin_to_conflict($gateway, 1_000_000, 60);
	undef $leaving;
	$gateway->wait_for(sub { !$count->() });
	let_conflict(0);
	is($another->ask_all([ 'SELECT', '2' ], [ 'GET', 'n' ]), "OK\n7", 'its client goes: it is not carried out any more');
	my $killed = begin_to_conflict($gateway, 1_000_000, 60);
	is($another->ask('CLIENT', 'KILL', 'TYPE', 'normal'), '1', '.. or is killed');
	$gateway->wait_for(sub { !$count->() });
	let_conflict(0);
	is($another->ask('GET', 'n'), '7', 'likewise');
	is(was_tried(), 'f', '.. and it is not tried again');
}

sub broken_among_conflicts
{
	my ($gateway) = @_;
	my $client = begin_to_conflict($gateway, 100, 10);
	$node->sql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kvstore-redis'});
	my $reply = $client->reply;
	like($reply, qr/\A(\[8\]|-ERR the connection to the server broke, and this may have been done: .*)\z/, 'a connection that breaks meanwhile');
	let_conflict(0);
	like($client->ask('GET', 'n'), $reply eq '[8]' ? qr/\A8\z/ : qr/\A[78]\z/, '.. and all goes on');
	$client->ask('SET', 'n', '7');
}

sub conflicts_without_end
{
	my ($gateway) = @_;
	my $client = begin_to_conflict($gateway, 1_000_000, 500);
	is($client->reply, '-ERR conflict', 'it is not tried for ever');
	let_conflict(0);
	is($client->ask('GET', 'n'), '7', '.. and then it is not done');
}

for my $path ('on', 'off')
{
	$node->sql("ALTER DATABASE postgres SET kvstore.fast_path = $path");
	note("kvstore.fast_path = $path");
	my $gateway = Gateway->begin($node, '--anonymous-user', 'postgres');
	my ($client, $another) = map { $gateway->client } 1 .. 2;
	$client->ask('FLUSHALL');
	at_one_moment($client);
	anew_after_waiting($client);
	guarded($client);
	held_by_another($client, $another);
	seen_while_absent($client, $another);
	equal_messages($client, $gateway);
	my $before = multixacts();
	is($client->ask_all(map { ([ 'SET', 'guard', $_ ], [ 'WATCH', 'guard' ], ['MULTI'], [ 'INCR', 'guard' ], ['EXEC']) } 1 .. 3) =~ s/OK\nOK\nOK\nQUEUED\n//gr, "[2]\n[3]\n[4]", 'transactions on what they watch');
	is(multixacts(), $before, '.. take no MultiXacts') if $path eq 'on';
	$gateway->stop;
}

my $contended = Gateway->begin($node, '--anonymous-user', 'postgres');
$_->($contended) for \&in_spite_of_conflicts, \&changed_among_conflicts, \&gone_among_conflicts, \&broken_among_conflicts, \&conflicts_without_end;
my $last = begin_to_conflict($contended, 60, 10);
is($contended->stop, 0, 'SIGTERM meanwhile');
is($last->reply . $last->reply, '[8](end)', '.. has it answered first');

# Who may not change an entry cannot hold it, and need not.
my $gateway = Gateway->begin($node, '--anonymous-user', 'reader');
$node->sql("SELECT kv_set('read', 'old'::bytea, store => 'kv_redis')");
my $reader = $gateway->client;
$reader->ask('WATCH', 'read', 'missing');
is(transaction($reader, [ 'GET', 'read' ]), '[old]', 'WATCH of a role that may only read');
$reader->ask('WATCH', 'read', 'missing');
$node->sql("SELECT kv_set('read', 'new'::bytea, store => 'kv_redis')");
is(transaction($reader, [ 'GET', 'read' ]), '(nil)', '.. sees a change');

done_testing();
