# A thousand wrong passwords for kvstore-redis, from the address where its clients are: these go on, and
# log in before those who guess; what guessing costs is bounded.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Gateway;
use Kvstore;
use Test::More;
use Time::HiRes qw(sleep);

plan skip_all => Gateway::missing() if Gateway::missing();

my $connections = 200;
my $guesses = 5;    # of each, sent at once

my $node = Kvstore->begin('gateway_guessing', "shared_preload_libraries = 'kvstore'", "max_connections = 60");
$node->sql(q{
	CREATE EXTENSION kvstore;
	SELECT kv_create_store('kv_redis', value_type => 'bytea');
	CREATE ROLE worker LOGIN PASSWORD 'works';
	CREATE ROLE stranger LOGIN PASSWORD 'is new';
	CREATE ROLE victim LOGIN PASSWORD 'secret';
	GRANT ALL ON kv_redis TO worker, stranger, victim;
});
$node->ask_for_passwords('worker,stranger,victim');

my $gateway = Gateway->begin($node);
sub descriptors { return scalar(() = glob "/proc/$gateway->{pid}/fd/*") }
sub failures { return () = $gateway->log_text =~ /AUTH as "victim" failed/g }
sub backends { return $node->sql(q{SELECT string_agg(usename || ' ' || pid, ', ' ORDER BY pid) FROM pg_stat_activity WHERE application_name = 'kvstore-redis'}) }

my $worker = $gateway->tcp_client;
is($worker->ask('AUTH', 'worker', 'works'), 'OK', 'a client logs in');
is($worker->ask('SET', 'n', '0'), 'OK', 'and works');
sleep 6;    # its password has to be asked for again
my $before = backends();
my $open = descriptors();

my @attackers = map { $gateway->tcp_client } 1 .. $connections;
$_->send_all(map { [ 'AUTH', 'victim', "guess $_" ] } 1 .. $guesses) for @attackers;
$gateway->wait_for(sub { failures() >= 4 });

# Now nearly all of them wait for their turn.
my @fresh;
for my $login ([ 'worker', 'works' ], [ 'stranger', 'is new' ])
{
	my $failed = failures();
	push @fresh, $gateway->tcp_client;
	is($fresh[-1]->ask('AUTH', @$login), 'OK', "another client logs in, $login->[0]");
	my $ahead = failures() - $failed;
	cmp_ok($ahead, '<', $connections / 4, "before most that came before it: $ahead did");
}

my $most_open = 0;
for my $n (1 .. 300)
{
	my $answer = $worker->ask('INCR', 'n');
	is($answer, $n, "who is there goes on: $n") if $answer ne $n || $n % 100 == 0;
	my $now = descriptors();    # of clients and backends
	$most_open = $now if $now > $most_open;
}
cmp_ok(failures(), '<', $connections, 'while most of them have not been answered once');
cmp_ok($most_open - $open - $connections - @fresh, '<=', 4, 'guessing takes few connections to the server');
like(backends(), qr/\A\Q$before\E(, stranger \d+)\z/, "and none of those that work");

# Who comes from elsewhere does not meet them.
is($gateway->client->ask('AUTH', 'victim', 'secret'), 'OK', 'the role whose password they guess logs in, too');

# They get no further, and leave nothing behind.
my @answers = map { $_->reply } @attackers;
is(join(' ', grep { !/\A(?:\(end\)|-WRONGPASS .*|-ERR too many clients of this address try to AUTH)\z/ } @answers), '', 'none of them gets in');
undef @attackers;
$gateway->wait_for(sub { descriptors() <= $open + @fresh + 4 });
is($worker->ask('INCR', 'n'), 301, 'all goes on');
is($gateway->stop, 0, 'it ends well');

done_testing();
