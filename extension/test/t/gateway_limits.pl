# What one client of kvstore-redis may cost the others: time, memory, descriptors, names.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Gateway;
use Kvstore;
use PostgreSQL::Test::Utils qw(slurp_file);
use Test::More;
use Time::HiRes qw(time);

plan skip_all => Gateway::missing() if Gateway::missing();

my $node = Kvstore->begin('gateway_limits', "shared_preload_libraries = 'kvstore'", 'shared_buffers = 32MB');
$node->sql(q{
	CREATE EXTENSION kvstore;
	SELECT kv_create_store('kv_redis', value_type => 'bytea');
});
my $gateway = Gateway->begin($node, '--anonymous-user', 'postgres', '--max-request', 8_000_000);
my $client = $gateway->client;
my $other = $gateway->client;

# In MB: VmRSS is what a process takes, VmHWM what it took at most.
sub memory
{
	my ($what, $pid) = @_;
	my ($size) = slurp_file("/proc/$pid/status") =~ /^$what:\s+(\d+)/m;
	return $size / 1024;
}

# --- Time: each of these took minutes in which nobody else was answered --------------------------

is($client->ask('WATCH', map { "key$_" } 1 .. 400_000), '-ERR too many keys are watched', 'WATCH of very many keys');
is($other->ask('PING'), 'PONG', 'the others go on');
is($client->ask('WATCH', map { "key$_" } 1 .. 1025), '-ERR too many keys are watched', 'one too many');
is($client->ask('WATCH', map { "key$_" } 1 .. 1023), 'OK', 'nearly as many as may be');
is($client->ask('WATCH', 'key1', 'key2', 'key1024'), 'OK', 'as many as may be');
is($client->ask('WATCH', 'key1025'), '-ERR too many keys are watched', 'another one');
is($client->ask('WATCH', 'key1024'), 'OK', 'but none that is watched');
is($client->ask('UNWATCH'), 'OK', '..');
is($client->ask('WATCH', ('k') x 100_000), 'OK', 'and of one key very often');
is($client->ask('UNWATCH'), 'OK', 'until it is watched no more');

$client->ask('HELLO', '3');
my @names = map { sprintf '%05d', $_ } 1 .. 5000;
for my $at (map { $_ * 500 } 0 .. 9)
{
	$client->send_all([ 'SUBSCRIBE', map { $_ . 'x' x 5000 } @names[ $at .. $at + 499 ] ]);
	$client->reply for 1 .. 500;
}
$client->send_all(['UNSUBSCRIBE']);
$client->reply for @names;
is($other->ask('PING'), 'PONG', 'UNSUBSCRIBE from very many channels');
is($client->ask('SUBSCRIBE', 'x' x 6000), '-ERR channel of 6000 bytes is too long, it has at most 5989', 'a channel that no message fits on');
is($client->ask('SUBSCRIBE', 'x' x 5989), '>[subscribe ' . 'x' x 5989 . ' 1]', 'the longest one');
is($other->ask('PUBLISH', 'x' x 5989, ''), '1', 'which is heard');
is($client->reply, '>[message ' . 'x' x 5989 . ' ]', 'indeed');
is($client->ask('UNSUBSCRIBE'), '>[unsubscribe ' . 'x' x 5989 . ' 0]', 'until it is left');

is($client->ask('PSUBSCRIBE', '*' . 'a' x 200_000 . 'b'), '-ERR pattern of 200002 bytes is too long, it has at most 1024', 'a long pattern');
like($client->ask('PSUBSCRIBE', '*' . 'a' x 1022 . 'b'), qr/\A>\[psubscribe /, 'one of 1024 bytes');
like($other->ask('PUBLISH', 'a' x 3_000_000, 'x'), qr/\A-ERR message of 1 bytes is too long/, 'a channel that would take long to compare');
like($client->ask('KEYS', '*[' . 'a' x 1_000_000), qr/\A-ERR pattern of 1000002 bytes is too long, it has at most 16384/, 'KEYS with a long pattern');
like($client->ask('SCAN', '0', 'MATCH', '*[' . 'a' x 1_000_000), qr/\A-ERR pattern of 1000002 bytes is too long/, 'and SCAN');

# --- Memory ------------------------------------------------------------------------------------

is($client->ask('SET', 'large', 'v' x 1_000_000), 'OK', 'a large value');
my $backend = $node->sql(q{SELECT pid FROM pg_stat_activity WHERE application_name = 'kvstore-redis' AND query LIKE '%kv_redis_batch%'});
$other->send_bytes(Gateway::Client::request('GET', 'large') x 400);
is((grep { length $other->reply == 1_000_000 } 1 .. 400), 400, 'many large replies');
cmp_ok(memory('VmHWM', $backend), '<', 250, 'are made some at a time by the backend');
cmp_ok(memory('VmHWM', $gateway->{pid}), '<', 250, 'and so they are held by the gateway');

# Among them messages, and replies that nobody wants.
$client->ask('SUBSCRIBE', 'news');
$other->send_all(([ 'GET', 'large' ]) x 40, [ 'PUBLISH', 'news', 'one' ], ([ 'GET', 'large' ]) x 40, [ 'PUBLISH', 'news', 'two' ], [ 'PUBLISH', 'unheard', '' ]);
is(join(' ', grep { length $_ < 10 } map { $other->reply } 1 .. 83), '1 1 0', 'PUBLISH among many large replies says how many hear it');
is($client->reply . $client->reply, '>[message news one]>[message news two]', 'and they do');
is(join(' ', map { $client->ask($_, $_ eq 'PUNSUBSCRIBE' ? () : 'news') =~ /(\d+)\]\z/ } 'UNSUBSCRIBE', 'PUNSUBSCRIBE'), '1 0', 'until they leave');
$other->send_all([ 'CLIENT', 'REPLY', 'OFF' ], ([ 'GET', 'large' ]) x 40, [ 'INCR', 'counted' ], [ 'CLIENT', 'REPLY', 'ON' ], [ 'GET', 'counted' ]);
is($other->reply . $other->reply, 'OK1', 'CLIENT REPLY OFF before many of them');

# What made an error goes alone, command by command, and so the replies are many again.
$node->sql(q{
	CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not this one'; END $$;
	CREATE TRIGGER refuse BEFORE INSERT ON kv_redis FOR EACH ROW WHEN (NEW.key = 'bad') EXECUTE FUNCTION refuse();
});
$other->send_all([ 'SET', 'bad', '1' ], ([ 'GET', 'large' ]) x 200, [ 'INCR', 'counted' ]);
is($other->reply, '-ERR not this one', 'the command at fault is told');
is((grep { length $other->reply == 1_000_000 } 1 .. 200), 200, 'the others behind it are carried out');
is($other->reply, '2', 'once');
cmp_ok(memory('VmHWM', $gateway->{pid}), '<', 250, 'with as little memory');
$node->sql('DROP TRIGGER refuse ON kv_redis');

# Clients that have sent much are idle: what it took is not kept.
my $before = memory('VmRSS', $gateway->{pid});
my @idle = map { $gateway->client } 1 .. 40;
is(join(' ', map { $_->ask('SET', 'large', 'v' x 3_900_000) } @idle), join(' ', ('OK') x 40), 'large requests');
is(join(' ', map { $_->ask('PING') } @idle), join(' ', ('PONG') x 40), 'and small ones behind them');
cmp_ok(memory('VmRSS', $gateway->{pid}) - $before, '<', 60, 'idle clients keep no memory of them');

# libpq keeps what it needed once, until its connection is closed.
my $roomy = Gateway->begin($node, '--anonymous-user', 'postgres');
my $one = $roomy->client;
is($one->ask('SET', 'larger', 'v' x 60_000_000), 'OK', 'a request of 60 MB');
is(length $one->ask('GET', 'larger'), 60_000_000, 'and its reply');
is($one->ask('PING') . $one->ask('DEL', 'larger') . $one->ask('PING'), 'PONG1PONG', 'small ones behind them');
$roomy->wait_for(sub { memory('VmRSS', $roomy->{pid}) < 80 });
pass('their memory is given back');
is($roomy->stop, 0, 'it ends well');

# More messages than a listener reads, and than fit into memory.
my $flooded = Gateway->begin($node, '--anonymous-user', 'postgres');
my $listener = $flooded->client;
is($listener->ask('SUBSCRIBE', 'flood'), '[subscribe flood 1]', 'a listener');
$node->sql(q{SELECT pg_notify('flood', repeat('x', 7900) || i) FROM generate_series(1, 40000) AS i});
$flooded->wait_for(sub { $flooded->client->ask('PUBSUB', 'NUMSUB', 'flood') eq '[flood 0]' });
pass('a flood of messages: who does not read them is closed');
cmp_ok(memory('VmHWM', $flooded->{pid}), '<', 150, 'before they take much memory');
is($flooded->stop, 0, 'it ends well');

# --- Names -------------------------------------------------------------------------------------

is($client->ask('CLIENT', 'SETNAME', 'n' x 1025), '-ERR Client names cannot be longer than 1024 bytes.', 'a long name');
is($client->ask('CLIENT', 'SETNAME', 'n' x 1024), 'OK', 'the longest one');
is($client->ask('HELLO', '3', 'SETNAME', 'n' x 1025), '-ERR Client names cannot be longer than 1024 bytes.', 'HELLO with a long one');
is($client->ask('CLIENT', 'SETINFO', 'lib-ver', 'n' x 1025), '-ERR lib-ver cannot be longer than 1024 bytes.', 'and a version');

# --- A transaction that is too large ---------------------------------------------------------------

sub begin_large
{
	$other->send_all(['MULTI'], [ 'SET', 'k', 'v' x 6_000_000 ], [ 'SET', 'k', 'v' x 6_000_000 ], [ 'SET', 'k', 'v' ]);
	return join ' ', map { $other->reply } 1 .. 4;
}
my $too_large = q{OK QUEUED QUEUED -ERR the transaction is larger than kvstore-redis's option --max-request};
is(begin_large() . ' ' . $other->ask('EXEC'), "$too_large -EXECABORT Transaction discarded because of previous errors.", 'EXEC is refused');
is(begin_large() . ' ' . $other->ask('DISCARD'), "$too_large OK", 'DISCARD is not');
is(begin_large() . ' ' . $other->ask('RESET'), "$too_large RESET", 'nor RESET');

# --- Descriptors ---------------------------------------------------------------------------------

# The shell's limit is the hard one, too: clients leave some for the server.
my $page;
my $narrow = do
{
	local $ENV{KV_GATEWAY} = PostgreSQL::Test::Utils::tempdir() . '/narrow';
	open my $script, '>', $ENV{KV_GATEWAY} or die;
	print $script "#!/bin/sh\nulimit -n 64\nexec '$gateway->{program}' \"\$@\"\n";
	close $script;
	chmod 0755, $ENV{KV_GATEWAY};
	Gateway->begin($node, '--anonymous-user', 'postgres', '--admin-user', 'postgres', '--metrics', '127.0.0.1:' . ($page = PostgreSQL::Test::Cluster::get_free_port()));
};
like($narrow->log_text, qr/--max-clients is 32, since only 64 files may be open/, 'few descriptors');
my @crowd = map { $narrow->client } 1 .. 60;
is((grep { $_ eq '-ERR max number of clients reached' } map { $_->ask('PING') } @crowd), 28, 'some clients are not taken on');
is($crowd[0]->ask('GET', 'counted'), '2', 'those that are reach the server');
is($crowd[0]->ask('CONFIG', 'SET', 'maxclients', '33'),
	q{-ERR CONFIG SET failed (possibly related to argument 'maxclients') - The operating system is not able to handle the specified number of clients, try with 32},
	'nor can there be more later');
is($crowd[0]->ask_all([ 'CONFIG', 'SET', 'maxclients', '31' ], [ 'CONFIG', 'SET', 'maxclients', '32' ], [ 'CONFIG', 'GET', 'maxclients' ]), "OK\nOK\n[maxclients 32]", 'but fewer, and as many again');
# Who looks at the page of counters, and does nothing, takes no place of theirs.
@crowd = $crowd[0];
my @readers = map { $narrow->client($page) } 1 .. 90;
my @clients = map { $narrow->client } 1 .. 10;
is(join(' ', map { $_->ask('GET', 'counted') } @clients), '2 ' x 9 . 2, 'clients beside many readers of the page');
my $reader = $narrow->client($page);
$reader->send_bytes("GET / HTTP/1.1\r\n\r\n");
while ($reader->fill) { }
like($reader->{read}, qr/\AHTTP\/1\.1 200 OK.*\nkvstore_redis_clients \d/s, 'and one that reads it');
unlike($narrow->log_text, qr/no client can be taken on/, 'with files to spare');
is($narrow->stop, 0, 'it ends well');

# --- Idle clients -------------------------------------------------------------------------------

# Idle is who sends nothing and waits for nothing: from the last answer on, and the last byte of it.
my $holder = $node->background_psql('postgres');
my $busy = $gateway->client;
$busy->ask('CLIENT', 'SETNAME', 'busy');
$busy->ask_all([ 'SET', 'held', '0' ], [ 'SET', 'long', 'v' x 900_000 ]);
sub idle_time { return ($other->ask('CLIENT', 'LIST') =~ / name=busy age=\d+ idle=(\d+) /)[0] }

# Two seconds pass before what it waits for. How long that is ago is known better than the idle time, which is in whole seconds.
sub is_idle_since
{
	my ($it, $what) = @_;
	$gateway->wait_for(sub { idle_time() >= 2 });
	my $then = time;
	$it->();
	$gateway->wait_for(sub { my $ago = time - $then; idle_time() <= $ago + 1 });
	pass("$what: then it is idle, not before");
	return;
}
for my $replies ('ON', 'OFF')
{
	$holder->query_safe(q{BEGIN; SELECT kv_incr('held', store => 'kv_redis')});
	$busy->send_all([ 'CLIENT', 'REPLY', $replies ], [ 'INCR', 'held' ]);
	is_idle_since(sub { $holder->query_safe('COMMIT') }, "who waits for a row, replies $replies");
}
is($busy->reply . $busy->reply, 'OK2', 'one of them is answered');
is($other->ask('CLIENT', 'PAUSE', '100000', 'WRITE') . $busy->ask('CLIENT', 'REPLY', 'ON'), 'OKOK', 'a pause');
$busy->send_all([ 'INCR', 'held' ]);
is_idle_since(sub { $other->ask('CLIENT', 'UNPAUSE') }, 'who waits for its end');
is($busy->reply, '5', 'is answered');
$busy->send_all([ 'GET', 'long' ]);
is_idle_since(sub { $busy->reply }, 'who has yet to read');

my $strict = Gateway->begin($node, '--anonymous-user', 'postgres', '--admin-user', 'postgres');
my ($waiting, $listening, $idle) = map { $strict->client } 1 .. 3;
$holder->query_safe(q{BEGIN; SELECT kv_incr('held', store => 'kv_redis')});
$waiting->send_all([ 'INCR', 'held' ]);
is($listening->ask('SUBSCRIBE', 'c'), '[subscribe c 1]', 'a client that hears a channel');
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'}) or die 'nobody waits';
is($idle->ask('PING') . $strict->client->ask('CONFIG', 'SET', 'timeout', '1') . $idle->reply, 'PONGOK(end)', '--client-timeout closes who is idle');
$holder->query_safe('COMMIT');
$holder->quit;
is($waiting->reply . $waiting->reply, '7(end)', 'who waits when that is over');
is($listening->ask('UNSUBSCRIBE') . $listening->reply, '[unsubscribe c 0](end)', 'and who hears channels when it has left them');
is($strict->stop, 0, 'it ends well');

is($gateway->stop, 0, 'and so does the first one');
done_testing();
