# kvstore-redis's clients that hear channels: from when on, as whom, and for how long.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Gateway;
use Kvstore;
use Test::More;

plan skip_all => Gateway::missing() if Gateway::missing();

my $node = Kvstore->begin('gateway_messages', "shared_preload_libraries = 'kvstore'");
$node->sql(q{
	CREATE EXTENSION kvstore;
	SELECT kv_create_store('kv_redis', value_type => 'bytea');
	CREATE ROLE first LOGIN PASSWORD 'one';
	CREATE ROLE second LOGIN PASSWORD 'two';
	CREATE ROLE brief LOGIN PASSWORD 'short';
	ALTER ROLE brief SET idle_session_timeout = '100ms';
	ALTER ROLE brief SET idle_in_transaction_session_timeout = '100ms';
	ALTER ROLE brief SET default_transaction_read_only = on;
	ALTER ROLE brief SET default_transaction_isolation = 'serializable';
	GRANT ALL ON kv_redis TO first, second, brief;
});
$node->ask_for_passwords('first,second,brief');
my $gateway = Gateway->begin($node, '--anonymous-user', 'postgres');
my $client = $gateway->client;

sub wait_for_command
{
	my ($command) = @_;
	$gateway->wait_for(sub { $client->ask('CLIENT', 'LIST') =~ / cmd=$command / });
	return;
}

# --- From when on ------------------------------------------------------------------------------

# The server's process is stopped, with a message for it and then the order to leave the channel: so the
# message comes while somebody else waits for the channel.
my $one = $gateway->client;
$one->ask('SUBSCRIBE', 'news');
my $hub = $node->sql(q{SELECT pid FROM pg_stat_activity WHERE query = 'LISTEN "news"'});
kill 'STOP', $hub or die 'no backend listens';
$node->sql(q{NOTIFY news, 'early'});
is($one->ask('UNSUBSCRIBE', 'news'), '[unsubscribe news 0]', 'who leaves a channel');
my $next = $gateway->client;
$next->send_all([ 'SUBSCRIBE', 'news' ]);
wait_for_command('subscribe');
is($client->ask('PUBSUB', 'NUMSUB', 'news'), '[news 0]', 'who waits for a channel does not hear it yet');
kill 'CONT', $hub;
is($next->reply, '[subscribe news 1]', 'no message comes before the word that one is subscribed');
is($client->ask('PUBLISH', 'news', 'then'), '1', 'a message');
is($next->reply, '[message news then]', 'from then on they do');

# --- As whom -----------------------------------------------------------------------------------

my $renewing = $gateway->client;
$renewing->ask('HELLO', '3', 'AUTH', 'first', 'one');
is($renewing->ask('SUBSCRIBE', 'kept'), '>[subscribe kept 1]', 'who has logged in');
$renewing->ask('PSUBSCRIBE', 'k*');
sub is_heard
{
	my ($name) = @_;
	$node->sql("SELECT pg_notify('kept', 'as $name')");
	is($renewing->reply, ">[message kept as $name]", "$name: a message");
	$client->ask('PUBLISH', 'kind', $name);
	is($renewing->reply, ">[pmessage k* kind $name]", "$name: another one, by its pattern");
	return;
}
is($renewing->ask('AUTH', 'first', 'one'), 'OK', 'AUTH as the same role');
is_heard('the same');
is($renewing->ask('AUTH', 'second', 'two'), 'OK', 'AUTH as another role');
is_heard('another');
like($renewing->ask('CLIENT', 'LIST'), qr/ sub=1 psub=1 .* user=second /, 'which hears them as it did');
is($renewing->ask('SUBSCRIBE', 'more'), '>[subscribe more 3]', 'one more channel');
$client->ask('PUBLISH', 'more', 'm');
is($renewing->reply, '>[message more m]', 'is heard too');
like($renewing->ask('HELLO', '3', 'AUTH', 'first', 'one'), qr/proto 3/, 'HELLO with AUTH');
is_heard('the first again');
is($renewing->ask('UNSUBSCRIBE', 'kept'), '>[unsubscribe kept 2]', 'UNSUBSCRIBE');
is($renewing->ask('UNSUBSCRIBE', 'more'), '>[unsubscribe more 1]', 'and of the other');
is($renewing->ask('PUNSUBSCRIBE'), '>[punsubscribe k* 0]', 'and PUNSUBSCRIBE');
is($renewing->ask('AUTH', 'second', 'two'), 'OK', 'without channels');
is($renewing->ask('SUBSCRIBE', 'kept'), '>[subscribe kept 1]', 'it subscribes');
is($renewing->ask('PUBSUB', 'CHANNELS'), '[kept]', 'as the role that it is now');
is($renewing->ask('RESET'), 'RESET', 'RESET');
is($renewing->ask('SUBSCRIBE', 'last'), '[subscribe last 1]', 'ends what it heard, as in Redis');
$client->ask('PUBLISH', 'kept', 'no more');
$client->ask('PUBLISH', 'last', 'm');
is($renewing->reply, '[message last m]', 'indeed');
$renewing->ask('UNSUBSCRIBE');
$gateway->wait_for(sub { $node->sql(q{SELECT count(*) FROM pg_stat_activity WHERE usename IN ('first', 'second') AND query ~ '^LISTEN'}) eq '0' });
pass('nobody listens for whom nobody hears');

# --- For how long ------------------------------------------------------------------------------

# Whatever PostgreSQL says of sessions that do nothing.
my $patient = $gateway->client;
$patient->ask('HELLO', '3', 'AUTH', 'brief', 'short');
is($patient->ask('SUBSCRIBE', 'seldom'), '>[subscribe seldom 1]', 'a role whose sessions end when they are idle');
is($patient->ask('GET', 'k'), '(nil)', 'has one for commands, too');
my $sessions = q{SELECT string_agg(pid::text, ' ' ORDER BY pid) FROM pg_stat_activity WHERE usename = 'brief'};
my $before = $node->sql($sessions);
sleep 1;
is($node->sql($sessions), $before, "kvstore-redis's are not ended");
$client->ask('PUBLISH', 'seldom', 'm');
is($patient->reply, '>[message seldom m]', 'and messages come');
is($patient->ask_all(['MULTI'], [ 'GET', 'k' ], ['EXEC']), "OK\nQUEUED\n[(nil)]", 'a transaction');
is($gateway->stop, 0, 'it ends well');

# --- Names that are not ASCII --------------------------------------------------------------------

# What a channel is called depends on the database. One comes before there is a connection to it, the other while the
# server takes its time to open that.
$node->sql(q{CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0});
$node->sql(q{CREATE EXTENSION kvstore; SELECT kv_create_store('kv_redis', value_type => 'bytea')}, 'latin');
my $latin = Gateway->begin($node, '--anonymous-user', 'postgres', '--conninfo', $node->connstr('latin'), '--stores', qq{kv_redis, "t\xc3\xa9xt", "l\xc3\xa0", "o\xc3\xb9"});
sub delay_logins
{
	my ($seconds) = @_;
	$node->append_conf('postgresql.conf', "pre_auth_delay = ${seconds}s");
	$node->reload;
	$node->poll_query_until('postgres', "SELECT setting = '$seconds' FROM pg_settings WHERE name = 'pre_auth_delay'") or die;
	return;
}
delay_logins(1);
my ($early, $late, $publisher) = map { $latin->client } 1 .. 3;
$early->send_all([ 'SUBSCRIBE', 'first' ]);
$latin->wait_for(sub { $publisher->ask('CLIENT', 'LIST') =~ / cmd=subscribe / });
$late->send_all([ 'SUBSCRIBE', "\xc3\xa9t\xc3\xa9" ], [ 'SUBSCRIBE', 'behind' ]);
is($early->reply, '[subscribe first 1]', 'a channel in a database that is not in UTF8');
is($late->reply, "[subscribe \xc3\xa9t\xc3\xa9 1]", 'another one');
is($late->reply, '[subscribe behind 2]', 'and one behind');
delay_logins(0);
is($publisher->ask('PUBLISH', "\xc3\xa9t\xc3\xa9", 'm'), '1', 'a message');
$publisher->ask('PUBLISH', 'behind', 'it');
is($late->reply, "[message \xc3\xa9t\xc3\xa9 m]", 'is heard by who came while the server was connected to');

# Errors are in UTF8, whatever the database is in, but for what they repeat.
$node->sql(qq{SET client_encoding = 'UTF8'; SELECT kv_create_store('"t\xc3\xa9xt"'); CREATE TABLE "l\xc3\xa0" (a int)}, 'latin');
my $asking = $latin->client;
sub told { my ($database, @command) = @_; $asking->ask('SELECT', $database); return $asking->ask(@command) }
is(told(1, 'SET', 'k', "\0"), "-ERR value is not valid text in encoding LATIN1, and the store t\xc3\xa9xt keeps text", 'a name in an error: a store of text');
is(told(2, 'GET', 'k'), "-ERR \"l\xc3\xa0\" is not a store", 'what is no store');
is(told(3, 'GET', 'k'), "-ERR no store \"o\xc3\xb9\": SELECT kv_create_store('\"o\xc3\xb9\"', value_type => 'bytea')", 'and one that is not there');
is(told(1, 'EXPIRE', 'k', '1', "\xe9"), "-ERR Unsupported option \xe9", 'what a client has sent is as it was');
is(told(1, "\xe9", "\xe9"), "-ERR unknown command '\xe9', with args beginning with: '\xe9' ", 'likewise');
is($asking->ask('AUTH', 'first', 'one'), 'OK', 'a role without rights');
is(told(1, 'GET', 'k'), "-NOPERM permission denied for table t\xc3\xa9xt", 'an error of the server that was foreseen');
is($latin->stop, 0, 'it ends well');

done_testing();
