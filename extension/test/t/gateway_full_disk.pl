# A disk that is full, in a small file system of its own, as clients of kvstore-redis meet it: writes are
# refused with the server's reason, what was told is there and nothing else, reads and other stores go
# on, and so do writes when there is room again.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Gateway;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => Gateway::missing() if Gateway::missing();
plan skip_all => 'only in scripts/test run by root, who may mount a small file system' unless $ENV{KV_SMALL_FOLDER};

my $node = Kvstore->begin('gateway_full', "shared_preload_libraries = 'kvstore'", 'kvstore.sweep_interval = 0', 'autovacuum = off', "kvstore.redis_stores = 'kv_redis, elsewhere'");
mkdir "$ENV{KV_SMALL_FOLDER}/space" or die "$ENV{KV_SMALL_FOLDER}: $!";
$node->sql("CREATE TABLESPACE small LOCATION '$ENV{KV_SMALL_FOLDER}/space'");
$node->sql(q{
	CREATE EXTENSION kvstore;
	CREATE EXTENSION amcheck;
	SELECT kv_create_store('elsewhere', value_type => 'bytea');
	SET default_tablespace = small;
	SELECT kv_create_store('kv_redis', value_type => 'bytea', logged => true);
});
my $ballast = "$ENV{KV_SMALL_FOLDER}/ballast";
append_to_file($ballast, 'x' x 1_000_000);

# Of bytes that cannot be compressed, and are the same each time.
sub value_of
{
	my ($key) = @_;
	my $state = unpack('%32C*', $key) * 7919 + length $key;
	return join '', map { $state = ($state * 1103515245 + 12345) & 0x7fffffff; pack 'N', $state } 1 .. 750;
}

my $full = qr/\A-OOM could not (extend|write)/;
my $gateway = Gateway->begin($node, '--anonymous-user', 'postgres', '--backends', '2');
my @clients = map { $gateway->client } 1 .. 8;
my $client = $clients[0];
is($client->ask('SET', 'n', '0'), 'OK', 'there is room');

# --- Until it is full ---

my (%told, %strange);
my $refused = 0;
for (my $round = 0; $refused < @clients; $round++)
{
	die 'it does not become full' if $round > 2000;
	$refused = 0;
	$clients[$_]->send_all(map { [ 'SET', $_, value_of($_) ] } "k$_-$round-a", "k$_-$round-b") for 0 .. $#clients;
	for my $number (0 .. $#clients)
	{
		for my $key ("k$number-$round-a", "k$number-$round-b")
		{
			my $reply = $clients[$number]->reply;
			if ($reply eq 'OK') { $told{$key} = 1 }
			elsif ($reply =~ $full) { $refused++ if $key =~ /b\z/ }
			else { $strange{$reply} = 1 }
		}
	}
}
is(join(' ', keys %strange), '', 'a full disk is told with the reason of the server');
cmp_ok(scalar keys %told, '>', 100, 'many were stored before');

sub check_stored
{
	my $when = shift;
	my @keys = sort keys %told;
	my @wrong = grep { $client->ask('GET', $_) ne value_of($_) } @keys;
	is("@wrong", '', "$when: what was told is there");
	is($client->ask('DBSIZE'), @keys + 1, "$when: and nothing else");
}
check_stored('full');

# --- While it is full ---

is($client->ask('MGET', 'n', 'nothing'), '[0 (nil)]', 'reads go on');
my $large = join '', map { value_of("large $_") } 1 .. 40;
like($client->ask('MSET', 'n', '7', 'large', $large), $full, 'MSET is refused');
like($client->ask('MSETNX', 'large', $large, 'other', 'x'), $full, 'MSETNX, too');
like($client->ask('APPEND', 'n', $large), $full, 'APPEND, too');
like((split /\n/, $client->ask_all(['MULTI'], [ 'INCR', 'n' ], [ 'SET', 'large', $large ], ['EXEC']))[-1], $full, 'EXEC, as a whole');
is($client->ask_all([ 'GET', 'n' ], [ 'EXISTS', 'large', 'other' ]), "0\n0", 'and nothing of these was done');
is($client->ask_all([ 'SELECT', '1' ], [ 'SET', 'k', $large ], [ 'STRLEN', 'k' ], [ 'SELECT', '0' ]), "OK\nOK\n" . length($large) . "\nOK", 'other stores work');

# Among others of its batch, each is told its own.
$clients[$_]->send_all([ 'GET', 'n' ], $_ % 2 ? [ 'SET', "large$_", $large ] : [ 'EXISTS', 'n' ], [ 'GET', 'n' ]) for 0 .. $#clients;
for my $number (0 .. $#clients)
{
	my @replies = map { $clients[$number]->reply } 1 .. 3;
	is("$replies[0] $replies[2]", '0 0', "client $number reads");
	like($replies[1], $number % 2 ? $full : qr/\A1\z/, "client $number: whose write it is, is told");
}
check_stored('still full');

# Removing needs no room.
my @gone = (sort keys %told)[ 0 .. 49 ];
is($client->ask('DEL', @gone), 50, 'DEL works');
delete @told{@gone};
check_stored('some removed');

# --- Room again ---

unlink $ballast or die;
is($client->ask_all(map { [ 'SET', "more$_", value_of("more$_") ] } 1 .. 20), join("\n", ('OK') x 20), 'then writes go on');
$told{"more$_"} = 1 for 1 .. 20;
is($client->ask('INCR', 'n'), 1, 'so do counters');
check_stored('room again');
is($node->damages, '', 'all is sound');
$node->stop('immediate');
$node->start;
$gateway->wait_for(sub { ($client->ask('GET', 'n') // '') eq '1' });
check_stored('after a crash');
is($node->damages, '', 'after a crash: all is sound');
is($gateway->stop, 0, 'it ends well');
$node->sql('DROP TABLE kv_redis; CHECKPOINT');
$node->stop('fast');
done_testing();
