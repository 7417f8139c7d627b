# Clients of kvstore-redis that go while their commands wait: for a row that SQL has locked, for their
# turn, or for the end of CLIENT PAUSE. What nobody waits for is not carried out, and takes no place.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Gateway;
use Kvstore;
use PostgreSQL::Test::Utils qw(slurp_file);
use Socket qw(IPPROTO_TCP SHUT_WR SOL_SOCKET SO_LINGER);
use Test::More;

plan skip_all => Gateway::missing() if Gateway::missing();

my $node = Kvstore->begin('gateway_gone', "shared_preload_libraries = 'kvstore'");
$node->sql(q{
	CREATE EXTENSION kvstore;
	SELECT kv_create_store('kv_redis', value_type => 'bytea');
	CREATE ROLE hearer1 LOGIN PASSWORD 'p';
	CREATE ROLE hearer2 LOGIN PASSWORD 'p';
});
$node->ask_for_passwords('hearer1,hearer2');

# They hear something, and go: what becomes of that is seen below.
my $messages = Gateway->begin($node);
my $listen = q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'kvstore-redis' AND query ~ 'LISTEN'};
for my $role ('hearer1', 'hearer2')
{
	my $hearer = $messages->client;
	is($hearer->ask_all([ 'AUTH', $role, 'p' ], [ 'SUBSCRIBE', 'c' ]), "OK\n[subscribe c 1]", "$role hears a channel");
}
is($node->sql($listen), '2', 'over a connection of its own');

my $gateway = Gateway->begin($node, '--anonymous-user', 'postgres', '--waiting-backends', 2, '--max-clients', 8);
my $client = $gateway->client;
$client->ask('MSET', 'held', '0', 'other', '0', 'n', '0');
my $holder = $node->background_psql('postgres');

sub hold { $holder->query_safe(q{BEGIN; SELECT FROM kv_redis WHERE key = 'held' FOR UPDATE}); return }
sub release { $holder->query_safe('COMMIT'); return }

sub wait_until_locked
{
	my $count = shift;
	$node->poll_query_until('postgres', qq{SELECT count(*) = $count FROM pg_stat_activity WHERE wait_event_type = 'Lock'}) or die 'not as many wait';
	return;
}

# As many as there are besides the one that asks.
sub wait_for_clients
{
	my ($count) = @_;
	$gateway->wait_for(sub { $client->ask('INFO', 'clients') =~ /connected_clients:(\d+)/ && $1 == $count + 1 });
	return;
}

sub block
{
	my (@who) = @_;
	$_->send_all([ 'INCR', 'held' ]) for @who;
	wait_until_locked(@who < 2 ? scalar @who : 2);
	$gateway->wait_for(sub { my @all = $client->ask('CLIENT', 'LIST') =~ / cmd=incr /g; @all == @who });
	return;
}

# --- They hang up ------------------------------------------------------------------------------

# Two wait for the row, and the others for their turn.
hold();
my @many = map { $gateway->client } 1 .. 7;
block(@many);
is($gateway->client->reply, '-ERR max number of clients reached', 'all places are taken');
@many = ();
wait_for_clients(0);
wait_until_locked(0);
pass('who have gone keep neither a place nor a backend');
release();
is($client->ask('GET', 'held'), '0', 'and nothing of theirs is done');

# A transaction likewise.
hold();
my $leaving = $gateway->client;
$leaving->ask_all(['MULTI'], [ 'INCR', 'n' ], [ 'INCR', 'held' ]);
$leaving->send_all(['EXEC']);
wait_until_locked(1);
undef $leaving;
wait_for_clients(0);
wait_until_locked(0);
release();
is($client->ask('MGET', 'held', 'n'), '[0 0]', 'nor of a transaction');

# Over TCP: whose system says that there is no such connection any more, at once, or when it is asked. (It is
# told here to forget it soon; usually it does after a minute.)
hold();
my ($reset, $closed) = map { $gateway->tcp_client } 1 .. 2;
block($reset, $closed);
$reset->{handle}->setsockopt(SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0) or die;
undef $reset;
wait_for_clients(1);
pass('a connection that was reset');
use constant TCP_LINGER2 => 8;
$closed->{handle}->setsockopt(IPPROTO_TCP, TCP_LINGER2, pack 'i', -1) or die;
undef $closed;
wait_for_clients(0);
pass('one that was closed');
release();
is($client->ask('GET', 'held'), '0', 'nothing of theirs is done');

# Who has sent all, and still reads, has not gone.
hold();
my @half = ($gateway->client, $gateway->tcp_client);
block(@half);
$_->{handle}->shutdown(SHUT_WR) for @half;
# By now kvstore-redis has looked who has gone.
my $last = $gateway->client;
$last->send_all([ 'INCR', 'held' ]);
undef $last;
wait_for_clients(2);
release();
is(join(' ', sort map { $_->reply } @half), '1 2', 'who sends nothing more is answered all the same');
is(join('', map { $_->reply } @half), '(end)(end)', 'and then closed');
wait_for_clients(0);

# --- They are killed ---------------------------------------------------------------------------

hold();
@many = map { $gateway->client } 1 .. 5;
block(@many);
is($client->ask('CLIENT', 'KILL', 'TYPE', 'normal'), '5', 'CLIENT KILL of who wait');
unlike($client->ask('CLIENT', 'LIST'), qr/cmd=incr/, 'has them out of CLIENT LIST');
is(join('', map { $_->reply } @many), '(end)' x 5, 'and closed');
wait_for_clients(0);
wait_until_locked(0);
# What comes then is not hit by what was meant for others.
@many = map { $gateway->client } 1 .. 5;
block(@many);
is($client->ask('PING'), 'PONG', 'others go on');
release();
is(join(' ', sort map { $_->reply } @many), '3 4 5 6 7', 'nothing of theirs is done, and others that wait have their turn');
@many = ();
wait_for_clients(0);

# --- While all pause -----------------------------------------------------------------------------

my ($killed, $gone, $waiting) = map { $gateway->client } 1 .. 3;
$client->ask('CLIENT', 'PAUSE', '100000', 'WRITE');
$_->send_all([ 'INCR', 'n' ]) for $killed, $gone;
$waiting->send_all([ 'INCR', 'other' ]);
$gateway->wait_for(sub { my @all = $client->ask('CLIENT', 'LIST') =~ /id=(\d+) .* cmd=incr /g; @all == 3 });
my ($number) = $client->ask('CLIENT', 'LIST') =~ /\Aid=\d+ .*\nid=(\d+) .* cmd=incr /;
is($client->ask('CLIENT', 'KILL', 'ID', $number), '1', 'CLIENT KILL of who pauses');
is($killed->reply, '(end)', 'closes');
undef $gone;
wait_for_clients(1);
is($client->ask('CLIENT', 'UNPAUSE'), 'OK', 'the pause ends');
is($waiting->reply, '1', 'who has waited is answered');
is($client->ask('GET', 'n'), '0', 'nothing is done for who has gone');

# --- kvstore-redis itself goes ---------------------------------------------------------------------

my $held = $client->ask('GET', 'held');
is($gateway->stop, 0, 'it ends well');

# What waits when its time to end is over: a row that one waits for, and others for their turn.
sub begin_another
{
	$gateway = Gateway->begin($node, '--anonymous-user', 'postgres', '--waiting-backends', 2);
	$client = $gateway->client;
	hold();
	my @waiting = map { $gateway->client } 1 .. 3;
	block(@waiting);
	return @waiting;
}
my @left = begin_another();
my $logged = -s $node->logfile;
is($gateway->stop, 0, 'it ends well although some wait');
is(join('', map { $_->reply } @left), '(end)' x 3, 'who are not answered');
like($gateway->log_text, qr/3 clients were not answered in time/, 'as the log says');
my @canceled = slurp_file($node->logfile, $logged) =~ /canceling statement due to user request/g;
is(scalar @canceled, 2, 'and the backends are canceled');
release();

# Killed, it cannot do that; the server notices.
@left = begin_another();
kill 'KILL', $gateway->{pid};
wait_until_locked(0);
pass('a server whose kvstore-redis was killed waits for nothing more');
release();
$holder->quit;
is($node->sql(q{SELECT kv_get('held', store => 'kv_redis')}), $held, 'nothing of all that is done');

# A connection that listened for those who have gone is closed a minute later.
$node->poll_query_until('postgres', "$listen", '0') or die;
pass('nobody listens any more for whom nobody hears');
is($messages->stop, 0, 'it ends well');

done_testing();
