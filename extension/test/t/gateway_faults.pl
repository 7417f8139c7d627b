# kvstore-redis when something breaks: nobody is told of a write that is not there, nothing is done
# twice, and who has nothing to do with it goes on.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Gateway;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => Gateway::missing() if Gateway::missing();

my $node = Kvstore->begin('gateway_faults', "shared_preload_libraries = 'kvstore'", "max_connections = 60", 'wal_level = replica', 'max_wal_senders = 1');
$node->sql(q{
	CREATE EXTENSION kvstore;
	SELECT kv_create_store('kv_redis', value_type => 'bytea', logged => true);
	CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		IF NEW.key = 'bad' THEN RAISE 'not this one'; END IF;
		RETURN NEW;
	END $$;
});
my $gateway = Gateway->begin($node, '--anonymous-user', 'postgres', '--waiting-backends', 2);
my $client = $gateway->client;
my $another = $gateway->client;

sub wait_until_locked
{
	my $count = shift;
	$node->poll_query_until('postgres', qq{SELECT count(*) = $count FROM pg_stat_activity WHERE wait_event_type = 'Lock'}) or die 'nobody waits';
}

sub handed_back { $another->ask('INFO', 'stats') =~ /kvstore_handed_back:(\d+)/ ? $1 : die 'INFO does not tell' }

# --- A row that SQL has locked -----------------------------------------------------------------

$client->ask_all([ 'SET', 'held', '1' ], [ 'SET', 'n', '0' ]);
my $holder = $node->background_psql('postgres');
$holder->query_safe("BEGIN; SELECT kv_incr('held', store => 'kv_redis')");
$client->send_all([ 'INCR', 'n' ], [ 'INCR', 'held' ], [ 'INCR', 'n' ]);
wait_until_locked(1);
is($another->ask_all(map { [ 'INCR', 'other' ] } 1 .. 500), join("\n", 1 .. 500), 'others go on while one waits for a row');
is($another->ask('GET', 'n'), '1', 'what stood before has been done, what stands behind has not');
$holder->query_safe('COMMIT');
is(join(' ', map { $client->reply } 1 .. 3), '1 3 2', 'it has its replies when the row is free, in order');

# More wait than there are backends for it.
$holder->query_safe("BEGIN; SELECT kv_incr('held', store => 'kv_redis')");
my @many = map { $gateway->client } 1 .. 6;
my $before = handed_back();
$_->send_all([ 'INCR', 'held' ]) for @many;
wait_until_locked(2);
is($another->ask('INCR', 'other'), 501, 'others go on while many wait');
$node->sql('SELECT pg_sleep(0.5)');    # they are asked for again now and then
$holder->query_safe('ROLLBACK');
is(join(' ', sort map { $_->reply } @many), '4 5 6 7 8 9', 'all of them have their turn');
is(handed_back() - $before, 6, 'each is counted once as handed back');

# Those that wait for one row, more than there are backends for it, keep nobody from another row.
$client->ask('SET', 'brief', '0');
$holder->query_safe("BEGIN; SELECT kv_incr('held', store => 'kv_redis')");
my $brief = $node->background_psql('postgres');
$brief->query_safe("BEGIN; SELECT kv_incr('brief', store => 'kv_redis')");
$_->send_all([ 'INCR', 'held' ]) for @many;
wait_until_locked(2);
$another->send_all([ 'INCR', 'brief' ]);
$brief->query_safe('COMMIT');
is($another->reply, '2', 'a row that is free again, while many wait for one that is not');
$brief->quit;
$holder->query_safe('ROLLBACK');
is(join(' ', sort map { $_->reply } @many), '10 11 12 13 14 15', 'who wait have their turn');
$client->ask('DECRBY', 'held', 6);

# A role with another isolation by default.
$node->sql("ALTER ROLE postgres SET default_transaction_isolation = 'serializable'");
my $strict = Gateway->begin($node, '--anonymous-user', 'postgres');
$node->sql('ALTER ROLE postgres RESET default_transaction_isolation');
my $one_strict = $strict->client;
is($one_strict->ask('SET', 'strict', '0'), 'OK', 'under SERIALIZABLE');
$holder->query_safe("BEGIN; SELECT kv_incr('strict', store => 'kv_redis')");
$one_strict->send_all([ 'INCR', 'strict' ]);
wait_until_locked(1);
$holder->query_safe('COMMIT');
is($one_strict->reply, '2', 'what cannot be serialized is tried again');
is($strict->stop, 0, 'it ends well');

# A transaction that has to wait is one that waits.
$holder->query_safe("BEGIN; SELECT kv_incr('held', store => 'kv_redis')");
$client->send_all(['MULTI'], [ 'INCR', 'n' ], [ 'INCR', 'held' ], ['EXEC']);
is(join(' ', map { $client->reply } 1 .. 3), 'OK QUEUED QUEUED', 'a transaction that will wait');
wait_until_locked(1);
is($another->ask('GET', 'n'), '2', 'nothing of it is seen before');
$holder->query_safe('COMMIT');
is($client->reply, '[3 11]', 'EXEC waits for a row');

# With a limit to it.
$node->sql("ALTER ROLE postgres SET lock_timeout = '200ms'");
my $hasty = Gateway->begin($node, '--anonymous-user', 'postgres');
$holder->query_safe("BEGIN; SELECT kv_incr('held', store => 'kv_redis')");
my $short = $hasty->client;
is($short->ask_all([ 'INCR', 'n' ], [ 'INCR', 'held' ], [ 'INCR', 'n' ]), "4\n-ERR canceling statement due to lock timeout\n5", 'lock_timeout is an error of that command alone');
$holder->query_safe('ROLLBACK');
is($hasty->stop, 0, 'it ends well');
$node->sql('ALTER ROLE postgres RESET lock_timeout');

# --- An error of a batch -----------------------------------------------------------------------

$node->sql('CREATE TRIGGER refuse BEFORE INSERT ON kv_redis FOR EACH ROW EXECUTE FUNCTION refuse()');
is($client->ask_all([ 'INCR', 'n' ], [ 'SET', 'bad', '1' ], [ 'INCR', 'n' ], [ 'SET', 'bad', '2' ], [ 'GET', 'n' ]),
	"6\n-ERR not this one\n7\n-ERR not this one\n7", 'exactly the commands at fault are told, and the others are done once');
my @crowd = map { $gateway->client } 1 .. 20;
for (1 .. 10)
{
	$crowd[$_]->send_all([ 'INCR', "own$_" ], [ 'SET', $_ % 5 ? "good$_" : 'bad', '1' ], [ 'INCR', 'together' ]) for 0 .. 19;
	my @got = map { my $one = $_; join ' ', (map { $one->reply } 1 .. 3)[ 0, 1 ] } @crowd;
	my $round = $_;
	is_deeply(\@got, [ map { "$round " . ($_ % 5 ? 'OK' : '-ERR not this one') } 0 .. 19 ], "a crowd, some at fault, round $round");
}
is($client->ask('GET', 'together'), 200, 'nothing is done twice or lost');
is($client->ask_all(['MULTI'], [ 'INCR', 'n' ], [ 'SET', 'bad', '1' ], ['EXEC'], [ 'GET', 'n' ]) =~ s/.*QUEUED\n//sr, "-ERR not this one\n7", 'of a transaction nothing is done');
$node->sql('DROP TRIGGER refuse ON kv_redis');

# One that only the commit finds, when the replies are there already.
$node->sql(q{CREATE CONSTRAINT TRIGGER refuse_late AFTER INSERT ON kv_redis DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW EXECUTE FUNCTION refuse()});
is($client->ask('SET', 'bad', '1'), '-ERR not this one', 'an error of the commit');
is($client->ask_all([ 'INCR', 'n' ], [ 'SET', 'bad', '1' ], [ 'INCR', 'n' ], [ 'EXISTS', 'bad' ]),
	"8\n-ERR not this one\n9\n0", 'an error of the commit is told to the command at fault, and the others are done once');
$crowd[$_]->send_all([ 'INCR', "own$_" ], [ 'SET', $_ % 5 ? "good$_" : 'bad', '1' ]) for 0 .. 19;
is_deeply([ map { my $one = $_; join ' ', map { $one->reply } 1 .. 2 } @crowd ], [ map { '11 ' . ($_ % 5 ? 'OK' : '-ERR not this one') } 0 .. 19 ],
	'a crowd, some at fault at the commit');
is($client->ask_all(['MULTI'], [ 'INCR', 'n' ], [ 'SET', 'bad', '1' ], ['EXEC'], [ 'GET', 'n' ]) =~ s/.*QUEUED\n//sr, "-ERR not this one\n9", 'of a transaction nothing is done then, either');
$node->sql('DROP TRIGGER refuse_late ON kv_redis');
$client->ask('SET', 'n', '7');

# PostgreSQL's queue of notifications is full, since a session that listens does not end its transaction: an error of the
# commit. How large the queue is can be set from 17 on; before, it has eight gigabytes.
SKIP:
{
	skip 'the queue of notifications has eight gigabytes', 5 if $node->pg_version < 17;
	$node->append_conf('postgresql.conf', 'max_notify_queue_pages = 64');
	$holder->quit;
	$node->restart;
	$holder = $node->background_psql('postgres');
	my $listener = $node->background_psql('postgres');
	$listener->query_safe('LISTEN "news"');
	$listener->query_safe('BEGIN; SELECT 1');
	my $long = 'x' x 5000;
	my ($published, $refused) = (0, '');
	while ($published < 1000 && !$refused)
	{
		my $reply = $client->ask('PUBLISH', 'news', $long);
		$published++ if $reply eq '0';
		$refused = $reply if $reply =~ /queue/;
	}
	is($refused, '-ERR too many notifications in the NOTIFY queue', 'no more can be published');
	$client->ask('SET', 'n', '7');
	is($client->ask_all([ 'INCR', 'n' ], [ 'PUBLISH', 'news', $long ], [ 'INCR', 'n' ]), "8\n$refused\n9", 'and only that is told so');
	is($client->ask_all(['MULTI'], [ 'INCR', 'n' ], [ 'PUBLISH', 'news', $long ], ['EXEC'], [ 'GET', 'n' ]) =~ s/.*QUEUED\n//sr, "$refused\n9", 'of a transaction nothing is done');
	$listener->query_safe('COMMIT');
	$listener->quit;
	# Who asks how full it is has PostgreSQL look whether it still is.
	cmp_ok($node->sql('SELECT pg_notification_queue_usage()'), '<', 1, 'the session has ended its transaction');
	is($client->ask('PUBLISH', 'news', 'again'), '0', 'it goes on');
	$client->ask('SET', 'n', '7');
}

# --- A backend that is killed ------------------------------------------------------------------

$holder->query_safe("BEGIN; SELECT kv_incr('held', store => 'kv_redis')");
$client->send_all([ 'INCR', 'held' ], [ 'INCR', 'n' ]);
wait_until_locked(1);
$node->sql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kvstore-redis' AND wait_event_type = 'Lock'});
like($client->reply, qr/\A-ERR the connection to the server broke, and this may have been done: .*terminating connection due to administrator command/, 'a backend that is killed');
is($client->reply, '8', 'what stood behind had not been sent, and is done');
$holder->query_safe('ROLLBACK');
is($client->ask_all([ 'GET', 'held' ], [ 'GET', 'n' ]), "11\n8", 'then it goes on');
$node->sql(q{SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'kvstore-redis'});
is($client->ask('INCR', 'n'), 9, 'idle backends that are killed are nobody\'s trouble');

# One that has committed, and waits for a standby before it says so. That it has to wait is known a moment
# after the reload.
my $waits_for_standby = q{FROM pg_stat_activity WHERE application_name = 'kvstore-redis' AND wait_event = 'SyncRep'};
my $committed = 0;
for my $how ([ 'a command', [ 'INCR', 'committed' ] ], [ 'a transaction', ['MULTI'], [ 'INCR', 'committed' ], ['EXEC'] ])
{
	my ($what, @commands) = @$how;
	$node->sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
	$node->reload;
	for (my $waits = 0; !$waits;)
	{
		$client->send_all(@commands);
		$committed++;
		$gateway->wait_for(sub { ($waits = $node->sql("SELECT count(*) $waits_for_standby")) || $client->has_reply(scalar @commands) });
		$client->reply for $waits ? () : @commands;
	}
	$node->sql("SELECT pg_terminate_backend(pid, 10000) $waits_for_standby");
	like((map { $client->reply } @commands)[-1], qr/\A-ERR the connection to the server broke, and this may have been done: /, "$what whose backend is killed at the end of its COMMIT");
	$node->sql('ALTER SYSTEM RESET synchronous_standby_names');
	$node->reload;
}
is($client->ask('GET', 'committed'), $committed, 'each was done, once, and all goes on');

# --- Deadlocks ---------------------------------------------------------------------------------

$client->ask('MSET', 'left', '0', 'right', '0');
my $second = Gateway->begin($node, '--anonymous-user', 'postgres');
my ($one, $two) = ($gateway->client, $second->client);
for (1 .. 100)
{
	$one->send_all(['MULTI'], [ 'INCR', 'left' ], [ 'INCR', 'right' ], ['EXEC']);
	$two->send_all(['MULTI'], [ 'INCR', 'right' ], [ 'INCR', 'left' ], ['EXEC']);
	my @got = map { my $each = $_; (map { $each->reply } 1 .. 4)[3] } $one, $two;
	like("@got", qr/\A\[\d+ \d+\] \[\d+ \d+\]\z/, 'transactions in opposite orders') or last;
}
is($client->ask('MGET', 'left', 'right'), '[200 200]', 'each was done, once');

# --- The server takes its time -----------------------------------------------------------------

# Who subscribes while the channel is being left hears it: here for as long as the backend is stopped.
my $returning = $gateway->client;
$returning->ask('SUBSCRIBE', 'news');
my $hub = $node->sql(q{SELECT pid FROM pg_stat_activity WHERE query = 'LISTEN "news"'});
kill 'STOP', $hub or die "no backend listens";
is($returning->ask('UNSUBSCRIBE', 'news'), '[unsubscribe news 0]', 'UNSUBSCRIBE waits for nothing');
is($returning->ask('PING'), 'PONG', 'nor what comes then');
$returning->send_all([ 'SUBSCRIBE', 'news' ]);
kill 'CONT', $hub;
is($returning->reply, '[subscribe news 1]', 'SUBSCRIBE again');
is($client->ask('PUBLISH', 'news', 'm'), '1', 'a message');
is($returning->reply, '[message news m]', 'is heard');
$returning->ask('UNSUBSCRIBE');

# --- The server is away ------------------------------------------------------------------------

my $listener = $gateway->client;
$listener->ask('SUBSCRIBE', 'news');
$node->stop('fast');
is($listener->reply, '(end)', 'who hears channels is closed, since messages may be lost');
like($client->ask('INCR', 'n'), qr/\A-ERR no connection to the server: /, 'no server: an error that says so');
is($client->ask('PING'), 'PONG', 'and the gateway is there');
like($client->ask_all(['MULTI'], [ 'INCR', 'n' ], ['EXEC']), qr/\AOK\nQUEUED\n-ERR no connection to the server: /, 'EXEC too');
my $early = Gateway->begin($node, '--anonymous-user', 'postgres');
my $first = $early->client;
like($first->ask('GET', 'n'), qr/\A-ERR no connection to the server: /, 'no server when the gateway starts');
$node->start;
$gateway->wait_for(sub { $client->ask('GET', 'n') eq '9' });
pass('when it is back all goes on');
$gateway->wait_for(sub { $first->ask('INCR', 'n') eq '10' });
pass('for whoever came before it too');

# What was under way when the server broke down may have been done: it is counted, and compared.
my $sent = 0;
my $told = 0;
my $unsure = 0;
my @writers = map { $gateway->client } 1 .. 8;
$_->send_all([ 'INCR', 'sum' ]) for @writers;
for my $round (1 .. 300)
{
	$node->stop('immediate'), $node->start if $round == 100 || $round == 200;
	for my $writer (@writers)
	{
		my $reply = $writer->reply;
		if ($reply =~ /\A\d+\z/) { $told++ }
		elsif ($reply =~ /may have been done/) { $unsure++ }
		elsif ($reply !~ /no connection/) { fail("a reply to INCR: $reply") }
		$writer->send_all([ 'INCR', 'sum' ]);
	}
}
for my $writer (@writers)
{
	my $reply = $writer->reply;
	$told++ if $reply =~ /\A\d+\z/;
	$unsure++ if $reply =~ /may have been done/;
}
$gateway->wait_for(sub { ($client->ask('GET', 'sum') // '') =~ /\A\d+\z/ });
my $sum = $client->ask('GET', 'sum');
cmp_ok($sum, '>=', $told, "no write is lost that was told ($told told, $unsure unsure, $sum done)");
cmp_ok($sum, '<=', $told + $unsure, 'nothing is done that nobody was told of');

# --- The extension moves -------------------------------------------------------------------------

$holder = $node->background_psql('postgres');
# Backends know where it was: that of all, those that wait for rows, and those of transactions.
sub wait_for_row
{
	$holder->query_safe("BEGIN; SELECT FROM kv_redis WHERE key = 'held' FOR UPDATE");
	$another->send_all([ 'INCR', 'held' ]);
	wait_until_locked(1);
	$holder->query_safe('COMMIT');
	return $another->reply;
}
$node->sql(q{
	DROP EXTENSION kvstore CASCADE;
	CREATE SCHEMA one;
	CREATE EXTENSION kvstore SCHEMA one;
	SELECT one.kv_create_store('kv_redis', value_type => 'bytea', logged => true);
});
is($client->ask('MSET', 'n', '0', 'held', '0'), 'OK', 'it is dropped, and created in another schema: all goes on');
is(wait_for_row(), '1', 'and who waits for a row');
$node->sql('ALTER SCHEMA one RENAME TO two');
is($client->ask('INCR', 'n'), '1', 'its schema is renamed: commands are carried out, once');
is(wait_for_row(), '2', 'and those that wait for a row');
$node->sql('ALTER SCHEMA two RENAME TO three');
is($client->ask_all(['MULTI'], [ 'INCR', 'n' ], [ 'GET', 'held' ], ['EXEC']), "OK\nQUEUED\nQUEUED\n[2 2]", 'and transactions');

# What user code lacks is something else, and is not done over.
$node->sql(q{
	CREATE SEQUENCE tries;
	CREATE FUNCTION call_in_vain() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('tries'); PERFORM nowhere.to_be_found(); RETURN NEW; END $$;
	CREATE TRIGGER in_vain BEFORE INSERT ON kv_redis FOR EACH ROW WHEN (NEW.key = 'in vain') EXECUTE FUNCTION call_in_vain();
});
is($client->ask_all(['MULTI'], [ 'SET', 'in vain', '1' ], ['EXEC']), "OK\nQUEUED\n-ERR schema \"nowhere\" does not exist", "a trigger's schema is not there");
is($node->sql('SELECT last_value FROM tries'), '1', 'which nothing here helps against');

# Without it nothing goes.
$node->sql('DROP EXTENSION kvstore CASCADE');
is($client->ask('GET', 'n'), '-ERR no connection to the server: database "postgres" does not have the extension: CREATE EXTENSION kvstore', 'it is not there');
$node->sql(q{CREATE EXTENSION kvstore SCHEMA public; SELECT kv_create_store('kv_redis', value_type => 'bytea', logged => true)});
$gateway->wait_for(sub { $client->ask('SET', 'n', '1') eq 'OK' });
pass('and there again');

# --- Versions that do not fit ------------------------------------------------------------------

$node->sql(q{CREATE OR REPLACE FUNCTION kv_redis_batch(batch bytea) RETURNS bytea LANGUAGE sql AS $$ SELECT '\x09'::bytea $$});
my $stranger = Gateway->begin($node, '--anonymous-user', 'postgres');
is($stranger->client->ask('GET', 'n'), '-ERR no connection to the server: the extension kvstore answers in version 9 of the batch format, and this program knows 1: update the older of them', 'another version of batches');
$node->sql('ALTER EXTENSION kvstore DROP FUNCTION kv_redis_batch(bytea); DROP FUNCTION kv_redis_batch(bytea)');
is(Gateway->begin($node, '--anonymous-user', 'postgres')->client->ask('GET', 'n'), '-ERR no connection to the server: the extension kvstore in database "postgres" is older than this program: ALTER EXTENSION kvstore UPDATE', 'an extension without them');
$node->sql('CREATE DATABASE bare');
is(Gateway->begin($node, '--anonymous-user', 'postgres', '--conninfo', $node->connstr('bare'))->client->ask('GET', 'n'), '-ERR no connection to the server: database "bare" does not have the extension: CREATE EXTENSION kvstore', 'a database without the extension');

done_testing();
