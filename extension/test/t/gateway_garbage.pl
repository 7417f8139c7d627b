# Random bytes for kv_redis_batch() and for kvstore-redis: the server and the program stay up, raise no internal
# error, keep no memory, and go on serving others. KV_GARBAGE_SECONDS has it go on for longer, KV_GARBAGE_SEED repeat.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Gateway;
use Kvstore;
use PostgreSQL::Test::Utils qw(slurp_file);
use RandomCalls;
use Test::More;
use Time::HiRes qw(time);

plan skip_all => Gateway::missing() if Gateway::missing();

my $seconds = $ENV{KV_GARBAGE_SECONDS} || 5;
my $seed = $ENV{KV_GARBAGE_SEED} || int rand 1e9;
note "KV_GARBAGE_SEED=$seed";
srand $seed;

my $node = Kvstore->begin('gateway_garbage', "shared_preload_libraries = 'kvstore'", "kvstore.redis_stores = 'kv_redis, kv_store, nowhere, pg_class'", 'log_min_messages = fatal');
$node->sql(q{
	CREATE EXTENSION kvstore;
	SELECT kv_create_store('kv_redis', value_type => 'bytea');
});

sub one { return $_[ rand @_ ] }

# SETRANGE far behind the end takes half a gigabyte, as in Redis: not thousands of times.
my @commands = grep { my $words = $_; !grep { $_ eq '536870911' } @$words } map { [ RandomCalls::redis_command() ] } 1 .. 2000;

# Bytes that are changed, left out, put in, or there twice.
sub spoilt
{
	my $bytes = shift;
	for (1 .. one(1, 1, 2, 5))
	{
		my $at = int rand(1 + length $bytes);
		my $size = one(0, 1, 1, 4, int rand 100);
		my $with = one('', '', pack('C*', map { int rand 256 } 1 .. one(1, 4)), "\r\n", "\n", '*', '$', '-1', '*3', "\0", pack('N', one(0, 1, 2**31 - 1, 2**31, 2**32 - 1, int rand 2**32)), '999999999999', substr($bytes, rand(1 + length $bytes), 50));
		substr($bytes, $at, $size) = $with if $at <= length $bytes;
	}
	return $bytes;
}

# --- For the function --------------------------------------------------------------------------

sub batch
{
	my $exec = rand() < 0.2;
	my @sections = map {
		my @some = map { one(@commands) } 1 .. one(0, 1, 2, 5);
		pack 'N/a*', pack('CCn n N', one(2, 3), 0, one(0, 0, 1, 2, 3, 4, 65535), 0, scalar @some) . join '', map { pack('N', scalar @$_) . join '', map { pack 'N/a*', $_ } @$_ } @some;
	} 1 .. ($exec ? 1 : one(1, 1, 2, 4));
	return pack('CC', 1, ($exec ? 2 : 0) + one(0, 1)) . join '', @sections;
}

my $batches = 0;
for (my $end = time + $seconds / 2; time < $end;)
{
	my $values = join ",\n", map { "('\\x" . unpack('H*', spoilt(batch())) . "')" } 1 .. 200;
	my $internal = $node->sql(qq{
		CREATE TEMP TABLE batches (batch bytea);
		CREATE TEMP TABLE internal (batch bytea, error text);
		INSERT INTO batches VALUES $values;
		DO \$\$
		DECLARE one bytea;
		BEGIN
			FOR one IN SELECT batch FROM batches LOOP
				BEGIN
					PERFORM kv_redis_batch(one);
				EXCEPTION WHEN others THEN
					IF SQLSTATE ~ '^XX' THEN INSERT INTO internal VALUES (one, SQLERRM); END IF;
				END;
			END LOOP;
		END \$\$;
		SELECT * FROM internal LIMIT 5;
	});
	$batches += 200;
	next if $internal eq '';
	is($internal, '', 'no batch makes an internal error');
	last;
}
cmp_ok($batches, '>', 0, "$batches spoilt batches");

# --- For the program ---------------------------------------------------------------------------

my $gateway = Gateway->begin($node, '--anonymous-user', 'postgres', '--max-request', 100_000);
my $good = $gateway->client;
$good->ask('SET', 'kept', 'v');
my @requests = map { Gateway::Client::request(@$_) } @commands, map { [ split / / ] } ('MULTI', 'EXEC', 'DISCARD', 'WATCH a', 'UNWATCH', 'HELLO 3', 'HELLO 2', 'AUTH a b', 'CLIENT REPLY OFF', 'CLIENT REPLY ON', 'CLIENT REPLY SKIP',
	'CLIENT LIST', 'CLIENT SETNAME x', 'CLIENT KILL ID 999999', 'CLIENT PAUSE 1', 'SUBSCRIBE a b', 'PSUBSCRIBE a*', 'UNSUBSCRIBE', 'PUNSUBSCRIBE', 'PUBLISH a b', 'SELECT 1', 'RESET', 'QUIT', 'INFO', 'CONFIG GET *', 'SLOWLOG GET', 'PUBSUB CHANNELS', 'ECHO x');

my $sent = 0;
my $rounds = 0;
for (my $end = time + $seconds / 2; time < $end; $rounds++)
{
	my @crowd = map { $gateway->client } 1 .. 20;
	for my $each (@crowd)
	{
		my $number = one(1, 5, 50, 400);
		my $bytes = join '', map { one(@requests) } 1 .. $number;
		$bytes = spoilt($bytes) for 1 .. 1 + $number / 20;
		$sent += $number;
		$each->{handle}->blocking(0);    # who does not read gets no further
		syswrite $each->{handle}, substr $bytes, 0, one(length $bytes, length $bytes, rand length $bytes);
	}
	# Some read what there is, and some go at once.
	for (grep { rand() < 0.5 } @crowd) { 1 while sysread $_->{handle}, my $ignored, 65536 }
	if ($rounds % 20 == 0)
	{
		my $reply = $good->ask('PING');
		next if $reply eq 'PONG';
		is($reply, 'PONG', 'another client is served');
		last;
	}
}
cmp_ok($sent, '>', 0, "$sent commands, some of each client's spoilt");
is($good->ask('PING'), 'PONG', 'another client was served all the time');
# What was under way when their clients went.
$gateway->wait_for(sub { $good->ask('INFO', 'clients') =~ /connected_clients:1\r/ });
pass('none of the clients is left');
my ($memory) = slurp_file("/proc/$gateway->{pid}/status") =~ /^VmRSS:\s+(\d+)/m;
cmp_ok($memory / 1024, '<', 200, 'nor their memory');
is($gateway->stop, 0, 'it ends well');
is($node->complaints(qr{role ".*" does not exist|not permitted to log in}), '', 'the server has nothing to complain of');
done_testing();
