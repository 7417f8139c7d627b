# kvstore-redis with clients in order: its own commands, batches, transactions, messages, limits, and
# its end.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Gateway;
use Kvstore;
use Test::More;

plan skip_all => Gateway::missing() if Gateway::missing();

my $node = Kvstore->begin('gateway', "shared_preload_libraries = 'kvstore'", "max_connections = 60");
$node->sql(q{
	CREATE EXTENSION kvstore;
	SELECT kv_create_store('kv_redis', value_type => 'bytea');
	SELECT kv_create_store('another', value_type => 'bytea');
});
my $gateway = Gateway->begin($node, '--anonymous-user', 'postgres', '--stores', 'kv_redis, another', '--max-request', 1000000);
my $client = $gateway->client;

# --- Commands of its own -----------------------------------------------------------------------

is($client->ask('CONFIG', 'GET', 'data*'), '[databases 2]', 'CONFIG GET asks the server for what that knows');
is($client->ask('PING'), 'PONG', 'PING');
is($client->ask('ping', 'hi'), 'hi', 'PING with a message, in any case');
is($client->ask('ECHO', "a\r\nb\0"), "a\r\nb\0", 'ECHO of any bytes');
is($client->ask('NONE', 'a', 'b'), "-ERR unknown command 'NONE', with args beginning with: 'a' 'b' ", 'no such command');
is($client->ask('GET'), "-ERR wrong number of arguments for 'get' command", 'too few arguments');
is($client->ask('CLIENT', 'NONE'), "-ERR unknown subcommand 'NONE'. Try CLIENT HELP.", 'no such subcommand');
is($client->ask('CLIENT', 'SETNAME', 'a b'), '-ERR Client names cannot contain spaces, newlines or special characters.', 'a name that is none');
is($client->ask_all([ 'CLIENT', 'SETNAME', 'me' ], [ 'CLIENT', 'GETNAME' ]), "OK\nme", 'CLIENT SETNAME and GETNAME');
like($client->ask('CLIENT', 'LIST'), qr/\Aid=\d+ addr=.* name=me .* db=0 .* cmd=client\|list user=postgres .* resp=2/, 'CLIENT LIST');
is($client->ask('CLIENT', 'KILL', 'ID', '0'), '-ERR client-id should be greater than 0', 'CLIENT KILL of a number that is none');
my ($first, $second) = map { $gateway->client } 1 .. 2;
my ($one, $two) = map { $_->ask('CLIENT', 'ID') } $first, $second;
is(join(' ', $client->ask('CLIENT', 'LIST', 'ID', $two, 999, $one, $one) =~ /^id=(\d+)/mg), "$two $one", 'CLIENT LIST ID, in the order that was asked for');
is($client->ask('CLIENT', 'KILL', $_, ''), '0', "CLIENT KILL $_ of nothing is of nobody") for 'ADDR', 'LADDR';
is($client->ask('CLIENT', 'KILL', ''), '-ERR No such client', 'likewise');
is($client->ask('CLIENT', 'KILL', 'USER', $_), "-ERR No such user '$_'", "CLIENT KILL USER '$_'") for 'nobody', '', 'default';
is($client->ask('client', 'pause', '1', 'all', 'x'), q{-ERR unknown subcommand or wrong number of arguments for 'pause'. Try CLIENT HELP.}, 'CLIENT PAUSE with too much');
is(join(' ', map { $_->ask('PING') } $first, $second), 'PONG PONG', 'none of these closed others');
is($client->ask('CLIENT', 'KILL', 'USER', 'postgres'), '2', 'one who is there');
is($client->ask('CLIENT', 'TRACKING', 'ON'), '-ERR CLIENT TRACKING is not supported by kvstore', 'CLIENT TRACKING is refused');
is($client->ask('CONFIG', 'GET', 'sav*', 'timeout'), '[save  timeout 0]', 'CONFIG GET');
is($client->ask('CONFIG', 'SET', 'timeout', '5'), q{-NOPERM only the role of kvstore-redis's option --admin-user may do this}, 'CONFIG SET is for the administrator');
is($client->ask_all([ 'CLIENT', 'SETINFO', "lib\0x", 'v' ], [ 'HELLO', '3', "x\0y" ]), "-ERR Unrecognized option 'lib'\n-ERR Syntax error in HELLO option 'x'", 'what was sent is shown up to a zero byte, as Redis does');
is($client->ask('HELLO', '4'), '-NOPROTO unsupported protocol version', 'HELLO 4');
like($client->ask('HELLO', '3', 'SETNAME', 'you'), qr/\A%\[server redis version 7\.4\.0 proto 3 id \d+ mode standalone role master modules \[\]\]\z/, 'HELLO 3');
is($client->ask('GET', 'none'), '(nil)', 'RESP3');
is($client->ask('RESET'), 'RESET', 'RESET');
is($client->ask('CLIENT', 'GETNAME'), '(nil)', 'RESET takes the name away');
like($client->ask('INFO'), qr/# Server.*redis_version:7\.4\.0.*# Clients.*connected_clients:1.*# Stats.*# Keyspace/s, 'INFO');
$client->send_all([ 'CLIENT', 'REPLY', 'SKIP' ], [ 'SET', 'skipped', '1' ], [ 'GET', 'skipped' ]);
is($client->reply, '1', 'CLIENT REPLY SKIP');
$client->send_all([ 'CLIENT', 'REPLY', 'OFF' ], [ 'INCR', 'skipped' ], ['PING'], [ 'CLIENT', 'REPLY', 'ON' ], [ 'GET', 'skipped' ]);
is($client->reply . $client->reply, 'OK2', 'CLIENT REPLY OFF and ON');

# What CLIENT REPLY mutes, from which moment on.
sub all_replies
{
	my $one = $gateway->client;
	$one->send_all((map { [split] } @_), ['QUIT']);
	my $all = '';
	while ($one->fill) { }
	return $one->{read} =~ s/\r\n/ /gr;
}
is(all_replies('CLIENT REPLY OFF', 'RESET'), '+RESET +OK ', 'RESET is answered, and what follows');
is(all_replies('CLIENT REPLY SKIP', 'RESET'), '+OK ', 'but not if it is to be skipped');
is(all_replies('CLIENT REPLY OFF', 'SUBSCRIBE a', 'UNSUBSCRIBE a', 'PING', 'CLIENT REPLY ON'), '*3 $9 subscribe $1 a :1 *3 $11 unsubscribe $1 a :0 +OK +OK ', 'subscribing is confirmed');
is(all_replies('MULTI', 'PING', 'CLIENT REPLY OFF', 'PING', 'SET m 1', 'EXEC', 'PING', 'CLIENT REPLY ON'), '+OK +QUEUED +QUEUED +QUEUED +QUEUED *4 +PONG +OK +OK ', 'OFF within MULTI mutes what follows');
is(all_replies('CLIENT REPLY OFF', 'MULTI', 'PING', 'CLIENT REPLY ON', 'GET none', 'EXEC', 'PING'), '+OK $-1 +PONG +OK ', 'and ON does not any more');

# --- Requests in pieces, and many at once ---------------------------------------------------------

$client->send_bytes("PING\r\n  ECHO \"a b\"\nSET inline 'x y'\r\n");
is(join(' ', map { $client->reply } 1 .. 3), 'PONG a b OK', 'inline commands');
$client->send_bytes("*2\r\n\$3\r\nGE");
select undef, undef, undef, 0.1;
$client->send_bytes("T\r\n\$6\r\ninline\r\n");
is($client->reply, 'x y', 'a request in pieces');
is($client->ask_all(map { ([ 'SET', "k$_", $_ ], [ 'PING' ], [ 'GET', "k$_" ], ['NONE'], [ 'ECHO', $_ ]) } 1 .. 50),
	join("\n", map { ('OK', 'PONG', $_, "-ERR unknown command 'NONE', with args beginning with: ", $_) } 1 .. 50),
	'commands of both kinds, mixed: replies in order');
is($client->ask_all(map { [ 'INCR', 'many' ] } 1 .. 5000), join("\n", 1 .. 5000), 'five thousand commands at once');
my @clients = map { $_ % 2 ? $gateway->client : $gateway->tcp_client } 1 .. 30;
for my $round (1 .. 20)
{
	$clients[$_]->send_all([ 'SET', "c$_", "$_ $round" ], [ 'INCR', 'shared' ], [ 'GET', "c$_" ]) for 0 .. $#clients;
	my @got = map { my $one = $clients[$_]; my @three = map { $one->reply } 1 .. 3; "$three[0] $three[2]" } 0 .. $#clients;
	is_deeply(\@got, [ map { "OK $_ $round" } 0 .. $#clients ], "thirty clients, round $round") or last;
}
is($client->ask('GET', 'shared'), 600, 'each was done once');
like($client->ask('INFO', 'stats'), qr/kvstore_batches:\d+/, 'batches are counted');
@clients = ();

# --- Stores --------------------------------------------------------------------------------------

is($client->ask_all([ 'SELECT', '1' ], [ 'SET', 'here', 'x' ], [ 'SELECT', '0' ], [ 'GET', 'here' ]), "OK\nOK\nOK\n(nil)", 'SELECT');
is($node->sql("SELECT kv_get('here', store => 'another')"), 'x', 'SQL sees it in the other store');
is($client->ask('SELECT', '2'), '-ERR DB index is out of range', 'SELECT past the last store');
is($client->ask('SELECT', 'x'), '-ERR value is not an integer or out of range', 'SELECT of no number');

# --- Transactions ------------------------------------------------------------------------------

is($client->ask_all(['MULTI'], [ 'SET', 'm', '1' ], ['PING'], [ 'INCR', 'm' ], ['EXEC']), "OK\nQUEUED\nQUEUED\nQUEUED\n[OK PONG 2]", 'EXEC, with a command of the gateway within');
is($client->ask_all(['MULTI'], [ 'SET', 'm', 'text' ], [ 'INCR', 'm' ], ['EXEC']), "OK\nQUEUED\nQUEUED\n[OK -ERR value is not an integer or out of range]", 'an error within does not undo the others');
is($client->ask_all(['MULTI'], ['NONE'], ['EXEC']) =~ s/\n.*\n/ /r, 'OK -EXECABORT Transaction discarded because of previous errors.', 'EXECABORT');
is($client->ask_all(['EXEC'], ['DISCARD'], ['MULTI'], ['MULTI'], [ 'WATCH', 'm' ], ['DISCARD']),
	"-ERR EXEC without MULTI\n-ERR DISCARD without MULTI\nOK\n-ERR MULTI calls can not be nested\n-ERR WATCH inside MULTI is not allowed\nOK", 'what is not in its place');
is($client->ask_all(['MULTI'], ['EXEC']), "OK\n[]", 'an empty transaction');
is($client->ask_all([ 'WATCH', 'm', 'absent' ], ['MULTI'], [ 'SET', 'm', '5' ], ['EXEC']), "OK\nOK\nQUEUED\n[OK]", 'WATCH of what nobody changes');
$client->ask('WATCH', 'm', 'absent');
$node->sql("SELECT kv_set('absent', 'now', store => 'kv_redis')");
is($client->ask_all(['MULTI'], [ 'SET', 'm', '6' ], ['EXEC'], [ 'GET', 'm' ]), "OK\nQUEUED\n(nil)\n5", 'WATCH sees what SQL stores');
$client->ask('WATCH', 'm');
$node->sql("SELECT kv_set('m', '5', store => 'kv_redis')");
is($client->ask_all(['UNWATCH'], ['MULTI'], [ 'SET', 'm', '7' ], ['EXEC']), "OK\nOK\nQUEUED\n[OK]", 'UNWATCH');

# --- Messages ----------------------------------------------------------------------------------

my $listener = $gateway->client;
is($listener->ask_all([ 'SUBSCRIBE', 'news', "bin\0ary" ], [ 'PSUBSCRIBE', 'n*' ]) . "\n" . $listener->reply, "[subscribe news 1]\n[subscribe bin\0ary 2]\n[psubscribe n* 3]", 'SUBSCRIBE and PSUBSCRIBE');
is($listener->ask('GET', 'm'), q{-ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context}, 'little else in RESP2');
is($listener->ask('PING'), '[pong ]', 'but PING');
$node->sql("NOTIFY news, 'from SQL'");
is($listener->reply, '[message news from SQL]', 'NOTIFY is heard');
is($client->ask_all([ 'GET', 'm' ], [ 'PUBLISH', 'news', 'hello' ], [ 'GET', 'm' ], [ 'PUBLISH', 'unheard', 'x' ]), "7\n2\n7\n0", 'PUBLISH says how many of this gateway hear it');
is_deeply([ sort map { $listener->reply } 1, 2 ], [ '[message news hello]', '[pmessage n* news hello]' ], 'PUBLISH is heard by the channel and by the pattern');
$client->ask('PUBLISH', "bin\0ary", "\xff\0");
is($listener->reply, "[message bin\0ary \xff\0]", 'any bytes');
is($client->ask('PUBSUB', 'CHANNELS', 'n*'), '[news]', 'PUBSUB CHANNELS');
is($client->ask('PUBSUB', 'NUMSUB', 'news', 'none'), '[news 1 none 0]', 'PUBSUB NUMSUB');
is($client->ask('PUBSUB', 'NUMPAT'), 1, 'PUBSUB NUMPAT');
is($listener->ask('UNSUBSCRIBE', 'news'), '[unsubscribe news 2]', 'UNSUBSCRIBE');
is($listener->ask('PUNSUBSCRIBE'), '[punsubscribe n* 1]', 'PUNSUBSCRIBE of all');
is($listener->ask('UNSUBSCRIBE'), "[unsubscribe bin\0ary 0]", 'and of the last');
is($listener->ask('GET', 'm'), '7', 'then it is a client as others are');
my $third = $gateway->client;
$third->ask('HELLO', '3');
is($third->ask('SUBSCRIBE', 'news'), '>[subscribe news 1]', 'a push in RESP3');
is($third->ask('GET', 'm'), '7', 'where other commands go on');

# --- Pauses ------------------------------------------------------------------------------------

# The answer to PING says that what was sent with it has been read.
my ($writer, $publisher) = map { $gateway->client } 1 .. 2;
is($client->ask_all([ 'DEL', 'p' ], [ 'CLIENT', 'PAUSE', '100000', 'WRITE' ], [ 'CLIENT', 'PAUSE', '1', 'WRITE' ]), "0\nOK\nOK", 'CLIENT PAUSE');
select undef, undef, undef, 0.05;    # the shorter one is over
$writer->send_all(['PING'], [ 'GET', 'p' ], [ 'SET', 'p', '1' ], [ 'GET', 'p' ]);
$publisher->send_all(['PING'], [ 'PUBLISH', 'news', 'paused' ]);
is($writer->reply . $writer->reply . $publisher->reply, 'PONG(nil)PONG', 'what comes before a write is answered');
is($client->ask('GET', 'p'), '(nil)', 'a write waits, although another pause was shorter');
$node->sql("NOTIFY news, 'from SQL again'");
is($third->reply, '>[message news from SQL again]', 'so does a message');
is($client->ask('CLIENT', 'UNPAUSE'), 'OK', 'CLIENT UNPAUSE');
is($writer->reply . $writer->reply . $publisher->reply . ' ' . $third->reply, 'OK11 >[message news paused]', 'they go on');
is($writer->ask_all(['MULTI'], [ 'SET', 'p', '2' ]) . $client->ask('CLIENT', 'PAUSE', '100000', 'WRITE'), "OK\nQUEUEDOK", 'a transaction, and another pause');
$writer->send_all(['PING'], ['EXEC']);
$publisher->send_all(['MULTI'], [ 'SET', 'p', '3' ], ['DISCARD']);
is($writer->reply . $publisher->reply, 'QUEUEDOK', '..');
is($client->ask('GET', 'p'), '1', 'an EXEC that writes waits');
ok(!$publisher->has_reply(1), 'so does what is to be queued for one');
is($client->ask('CLIENT', 'UNPAUSE') . $writer->reply . $publisher->reply . $publisher->reply, 'OK[OK PONG]QUEUEDOK', 'they go on');
is($client->ask('CLIENT', 'PAUSE', '1', 'SOME'), '-ERR CLIENT PAUSE mode must be WRITE or ALL', 'no such pause');
is($client->ask('CLIENT', 'PAUSE', '-1'), '-ERR timeout is negative', 'nor one of that time');

# All commands, even those that are the gateway's own, until it ends; the stricter of two pauses counts, for the longer time.
my $metrics = PostgreSQL::Test::Cluster::get_free_port();
sub count_of
{
	my ($what) = @_;
	my $browser = $gateway->client($metrics);
	$browser->send_bytes("GET /metrics HTTP/1.1\r\n\r\n");
	while ($browser->fill) { }
	return $browser->{read} =~ /\nkvstore_redis_${what}_total (\d+)\n/ ? $1 : die "no $what";
}
my $paused = Gateway->begin($node, '--anonymous-user', 'postgres', '--metrics', "127.0.0.1:$metrics");
my @waiting = map { $paused->client } 1 .. 3;
is($paused->client->ask_all([ 'CLIENT', 'PAUSE', '100000', 'WRITE' ], [ 'CLIENT', 'PAUSE', '1', 'ALL' ]), "OK\nOK", 'CLIENT PAUSE of all');
select undef, undef, undef, 0.05;
my @sent = ([['PING']], [[ 'SUBSCRIBE', 'a' ]], [ ['NONE'], [ 'CLIENT', 'UNPAUSE' ] ]);
my $bytes = count_of('received_bytes');
$waiting[$_]->send_all(@{ $sent[$_] }) for 0 .. 2;
$bytes += length Gateway::Client::request(@$_) for map { @$_ } @sent;
is($waiting[2]->reply, q{-ERR unknown command 'NONE', with args beginning with: }, 'what is no command is refused');
$paused->wait_for(sub { count_of('received_bytes') == $bytes });
is(count_of('commands'), 2, 'nor counted, what waits');
is((grep { $_->has_reply(1) } @waiting), 0, 'but no command is answered');
kill 'TERM', $paused->{pid};
is(join(' ', map { $_->reply } @waiting), 'PONG [subscribe a 1] OK', 'until the end');
is($paused->stop, 0, 'of the gateway, which is a good one');

# --- Counters ------------------------------------------------------------------------------------

# As redis-server counts (7.0.15, whose numbers these are): what was carried out, whatever the reply.
my $counting = Gateway->begin($node, '--anonymous-user', 'postgres', '--metrics', "127.0.0.1:$metrics");
sub increase
{
	my (@commands) = @_;
	my $before = count_of('commands');
	my $one = $counting->client;
	$one->send_all(map { [ split / / ] } @commands);
	$one->{handle}->shutdown(1);
	while ($one->fill) { }
	return count_of('commands') - $before;
}
my @increases = (
	4, 'SET a 1;SET b 2;GET a;GET b', 2, 'SET a x;INCR a', 1, 'MGET a b c', 0, 'GET', 0, 'NOSUCH', 2, 'PING;ECHO x', 1, 'PING a b', 0, 'ECHO',
	4, 'MULTI;SET a 1;GET a;EXEC', 6, 'MULTI;PING;ECHO x;GET a;PUBLISH c x;EXEC', 5, 'MULTI;SET a x;INCR a;GET a;EXEC', 2, 'MULTI;EXEC',
	1, 'MULTI;SET a 1', 2, 'MULTI;SET a 1;DISCARD', 2, 'MULTI;GET;EXEC', 2, 'MULTI;NOSUCH;GET a;EXEC', 2, 'MULTI;EXEC 1;EXEC', 4, 'MULTI;MULTI;WATCH a;EXEC',
	1, 'EXEC', 1, 'DISCARD', 2, 'MULTI;RESET', 2, 'MULTI;QUIT', 1, 'WATCH a', 2, 'WATCH a b;UNWATCH', 3, 'WATCH a;MULTI;EXEC', 4, 'WATCH a;MULTI;GET a;EXEC',
	5, 'SET t 1;WATCH t;SET t 2;MULTI;GET t;EXEC', 2, 'SELECT 0;SELECT 7', 1, 'SELECT 999', 1, 'INFO', 2, 'INFO;INFO', 1, 'AUTH x', 1, 'HELLO', 1, 'HELLO 3', 1, 'HELLO 9',
	1, 'SUBSCRIBE a b', 3, 'SUBSCRIBE a;PING;GET x;UNSUBSCRIBE', 0, 'SUBSCRIBE', 1, 'PUBLISH a x', 1, 'PUBLISH a x;PUBLISH a', 1, 'PUBSUB CHANNELS',
	1, 'CLIENT ID', 0, 'CLIENT NOSUCH', 0, 'CLIENT', 3, 'CLIENT SETNAME a;CLIENT GETNAME;CLIENT LIST', 3, 'CLIENT REPLY SKIP;SET a 1;PING', 3, 'CLIENT REPLY OFF;SET a 1;PING',
	4, 'CLIENT PAUSE 10 WRITE;PING;SET a 1;GET a', 1, 'CLIENT KILL ID 99999', 1, 'RESET', 1, 'QUIT;PING', 1, 'CONFIG GET timeout', 0, 'CONFIG GET', 1, 'SLOWLOG LEN', 1, 'COMMAND COUNT');
while (my ($number, $commands) = splice @increases, 0, 2) { is(increase(split /;/, $commands), $number, "$commands: counted as Redis does") }
my $counter = $counting->client;
like($counter->ask('INFO', 'stats'), qr/total_commands_processed:@{[ count_of('commands') - 1 ]}\r/, 'INFO does not count itself yet');

my $holds = $node->background_psql('postgres');
$holds->query_safe("BEGIN; SELECT kv_set('a', '1'::bytea, store => 'kv_redis')");
my $before_waiting = count_of('commands');
$counter->send_all([ 'INCR', 'b' ], [ 'INCR', 'a' ], [ 'INCR', 'b' ], ['MULTI'], [ 'INCR', 'a' ], ['EXEC']);
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'}) or die;
$holds->query_safe('COMMIT');
$holds->quit;
is(join(' ', map { $counter->reply } 1 .. 6), '3 2 4 OK QUEUED [3]', 'commands that have to wait');
is(count_of('commands') - $before_waiting, 6, '.. are counted once');
is($counting->stop, 0, 'it ends well');

my $of_strangers = Gateway->begin($node, '--metrics', "127.0.0.1:$metrics");
is($of_strangers->client->ask_all([ 'GET', 'a' ], ['PING']), "-NOAUTH Authentication required.\n-NOAUTH Authentication required.", 'who has not logged in');
is(count_of('commands'), 0, '.. is not counted');
is($of_strangers->stop, 0, 'it ends well');

# --- Limits ------------------------------------------------------------------------------------

sub last_words
{
	my ($bytes) = @_;
	my $one = $gateway->client;
	$one->send_bytes($bytes);
	return $one->reply . ' ' . $one->reply;
}
is(last_words("*1\r\n*1\r\n\$4\r\nPING\r\n"), q{-ERR Protocol error: expected '$', got '*' (end)}, 'nested arrays');
is(last_words("*2\r\n\$3\r\nGET\r\n\$629145600\r\n"), '-ERR Protocol error: invalid bulk length (end)', 'a bulk of 600 MB');
is(last_words("*1000001\r\n" . "\$1\r\na\r\n" x 200000), '-ERR Protocol error: invalid bulk length (end)', 'a million arguments');
is(last_words("\xff" x 70000), '-ERR Protocol error: too big inline request (end)', 'garbage');
is($client->ask('PING'), 'PONG', 'the others go on');

# Ten thousand replies of 100 kB, which nobody reads: neither is memory used for them, nor are others disturbed.
my $deaf = $gateway->tcp_client;
$client->ask('SET', 'large', 'x' x 100000);
$deaf->send_bytes(Gateway::Client::request('GET', 'large') x 1500);
is($client->ask('GET', 'm'), '7', 'a client that does not read disturbs nobody');
my ($memory) = map { /VmRSS:\s+(\d+)/ ? $1 : () } split /\n/, PostgreSQL::Test::Utils::slurp_file("/proc/$gateway->{pid}/status");
cmp_ok($memory, '<', 400_000, 'and costs bounded memory');
undef $deaf;

# --- Its end -----------------------------------------------------------------------------------

my $descriptors = () = glob "/proc/$gateway->{pid}/fd/*";
for (1 .. 200) { my $one = $gateway->client; $one->ask('PING') }
$gateway->wait_for(sub { (() = glob "/proc/$gateway->{pid}/fd/*") <= $descriptors });
pass('no descriptor is lost');

my $blocked = $gateway->client;
my $holder = $node->background_psql('postgres');
$holder->query_safe("BEGIN; SELECT kv_set('m', '8', store => 'kv_redis')");
$blocked->send_all([ 'INCR', 'm' ]);
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'}) or die;
kill 'TERM', $gateway->{pid};
$gateway->wait_for(sub { $gateway->log_text =~ /stopping/ });
$holder->query_safe('COMMIT');
$holder->quit;
is($blocked->reply . $blocked->reply, '9(end)', 'what has been accepted is answered');
is($gateway->stop, 0, 'and then it ends');
ok(!-e $gateway->{socket}, 'without leaving its socket');

# Without a server, what depends on it is not known.
my $alone = Gateway->begin($node, '--anonymous-user', 'postgres', '--conninfo', 'host=/none');
like($alone->client->ask('CONFIG', 'GET', $_), qr/\A-ERR no connection to the server: /, "CONFIG GET $_ without a server") for 'databases', '*';
is($alone->client->ask('CONFIG', 'GET', 'timeout'), '[timeout 0]', '.. and what does not');
is($alone->stop, 0, 'it ends well');

# Nobody can be reached over the network without a word for it.
my $open = Gateway->begin($node, '--listen', '0.0.0.0:0');
$open->wait_for(sub { $open->has_ended });
like($open->log_text, qr/--listen 0\.0\.0\.0:\d+ is reached from other machines/, 'no plain text over a network unless told');

done_testing();
