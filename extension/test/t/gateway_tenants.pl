# Two tenants of one store, whom row security keeps apart, through kvstore-redis: each has its own rows
# only, whatever the command, and learns nothing of the other's.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Gateway;
use Kvstore;
use Test::More;

plan skip_all => Gateway::missing() if Gateway::missing();

my $node = Kvstore->begin('gateway_tenants', "shared_preload_libraries = 'kvstore'", "kvstore.redis_stores = 'kv_redis, other'");
$node->sql(q{
	CREATE EXTENSION kvstore;
	SELECT kv_create_store(name, value_type => 'bytea') FROM unnest('{kv_redis,other}'::text[]) name;
	CREATE ROLE ann LOGIN PASSWORD 'of ann';
	CREATE ROLE ben LOGIN PASSWORD 'of ben';
	GRANT SELECT, INSERT, UPDATE, DELETE ON kv_redis, other TO ann, ben;
	ALTER TABLE kv_redis ENABLE ROW LEVEL SECURITY;
	ALTER TABLE other ENABLE ROW LEVEL SECURITY;
	CREATE POLICY own ON kv_redis USING (starts_with(key, current_user || ':'));
	CREATE POLICY own ON other USING (starts_with(key, current_user || ':'));
});
$node->ask_for_passwords('ann,ben');

my $gateway = Gateway->begin($node);

sub tenant
{
	my $name = shift;
	my $client = $gateway->client;
	is($client->ask('AUTH', $name, "of $name"), 'OK', "$name logs in");
	return $client;
}
my ($ann, $ben) = (tenant('ann'), tenant('ben'));

# What the table has, of all.
sub stored { return $node->sql(q{SELECT string_agg(key || '=' || convert_from(value, 'UTF8') || CASE WHEN expires < 'infinity' THEN '!' ELSE '' END, ' ' ORDER BY key) FROM kv_redis}) }

sub begin_anew
{
	$node->sql('DELETE FROM kv_redis; DELETE FROM other');
	is($ann->ask_all([ 'MSET', map { ("ann:$_", 7) } 1 .. 3 ]), 'OK', 'ann stores');
	is($ben->ask_all([ 'MSET', map { ("ben:$_", 8) } 1 .. 5 ]), 'OK', 'ben stores');
	return stored();
}
my $before = begin_anew();
is($before, 'ann:1=7 ann:2=7 ann:3=7 ben:1=8 ben:2=8 ben:3=8 ben:4=8 ben:5=8', 'in one table');

# --- Seen and counted ---

for my $each ([ $ann, 'ann', 'ben', 3, 7 ], [ $ben, 'ben', 'ann', 5, 8 ])
{
	my ($client, $own, $foreign, $count, $value) = @$each;
	my @keys = map { "$own:$_" } 1 .. $count;
	is($client->ask('DBSIZE'), $count, "$own counts own keys");
	is(join(' ', sort split ' ', $client->ask('KEYS', '*') =~ tr/[]//dr), "@keys", "$own lists own keys");
	is(join(' ', sort split ' ', $client->ask('SCAN', '0', 'COUNT', '100') =~ tr/[]//dr), "0 @keys", "$own scans own keys");
	is($client->ask('KEYS', "$foreign:*") . $client->ask('SCAN', '0', 'MATCH', "$foreign:*", 'COUNT', '100'), '[][0 []]', "$own finds no foreign ones");
	is($client->ask('MGET', "$own:1", "$foreign:1", "$own:2"), "[$value (nil) $value]", "$own gets own values among many");
	is($client->ask('EXISTS', "$own:1", "$foreign:1", "$foreign:2"), 1, "$own: EXISTS counts own keys");
	like($client->ask('RANDOMKEY'), qr/\A$own:/, "$own: RANDOMKEY is an own one") for 1 .. 10;
	unlike($client->ask('INFO', 'keyspace'), qr/keys=8\b/, "$own: INFO does not count the others'");
}

# --- Commands on a foreign key ---
#
# Each is answered as if there were no such key, whether there is one or not: F stands for it. Nothing
# foreign changes. Where it would be written the answer is an error, which says no more.

my @seeing = map { [split] } (
	'GET F', 'STRLEN F', 'GETRANGE F 0 9', 'TYPE F', 'TTL F', 'PTTL F', 'EXPIRETIME F', 'EXISTS F', 'TOUCH F', 'MGET F', 'OBJECT ENCODING F', 'MEMORY USAGE F',
	'DEL F', 'UNLINK F', 'GETDEL F', 'GETEX F EX 10', 'GETEX F', 'DELEX F IFEQ 8', 'DELEX F', 'EXPIRE F 10', 'PEXPIRE F 10', 'EXPIRE F 10 NX', 'EXPIREAT F 1', 'PERSIST F',
	'SET F x XX', 'SET F x XX GET', 'SET F x IFEQ 8', 'RENAME F ann:9', 'RENAMENX F ann:9', 'COPY F ann:9', 'COPY F ann:9 DB 1', 'MOVE F 1',
);
my @writing = map { [split] } (
	'SET F x', 'SET F x NX', 'SET F x EX 10', 'SET F x KEEPTTL', 'SET F x GET', 'SET F x IFNE y', 'SETEX F 10 x', 'PSETEX F 10 x', 'SETNX F x', 'GETSET F x', 'INCR F', 'DECRBY F 2',
	'INCRBYFLOAT F 1.5', 'APPEND F x', 'SETRANGE F 1 x', 'MSET ann:1 x F x', 'MSET F x ann:9 x', 'MSETNX ann:8 x F x', 'MSETEX 2 ann:1 x F x EX 10',
	'RENAME ann:1 F', 'RENAMENX ann:1 F', 'COPY ann:1 F', 'COPY ann:1 F REPLACE',
);
my $error = '-NOPERM new row violates row-level security policy for table "kv_redis"';

sub on_key { my ($command, $key) = @_; return [ map { $_ eq 'F' ? $key : $_ } @$command ] }

# The reply to a command about a foreign key that is there, and about one that is not.
sub replies { my ($command, $ask) = @_; return map { $ask->(on_key($command, $_)) } 'ben:1', 'ben:none' }

sub alone { return $ann->ask(@{ $_[0] }) }
sub in_transaction { return (split /\n/, $ann->ask_all(['MULTI'], $_[0], ['EXEC']))[2] }

for my $how ([ 'alone', \&alone, '%s' ], [ 'in MULTI', \&in_transaction, '[%s]' ])
{
	my ($name, $ask, $form) = @$how;
	for my $command (@seeing)
	{
		my ($there, $none) = replies($command, $ask);
		is($there, $none, "@$command, $name: as if there were none");
		unlike($there, qr/NOPERM|security/, "@$command, $name: is no error of rights");
	}
	is(stored(), $before, "$name: nothing has changed");
	for my $command (@writing)
	{
		my ($there, $none) = replies($command, $ask);
		is($there, sprintf($form, $error), "@$command, $name: an error");
		is($there, $none, "@$command, $name: the same if there is none");
	}
	is(stored(), $before, "$name: nothing has changed, nor half of what was for several keys");
}

# --- In transactions ---

is($ann->ask_all(['MULTI'], [ 'INCR', 'ann:1' ], [ 'SET', 'ben:1', 'x' ], [ 'GET', 'ben:1' ], [ 'DBSIZE' ], ['EXEC']),
	"OK\nQUEUED\nQUEUED\nQUEUED\nQUEUED\n[8 $error (nil) 3]", 'among others of a transaction, too');
is($ann->ask_all([ 'WATCH', 'ben:1', 'ann:2' ], [ 'GET', 'ben:1' ]), "OK\n(nil)", 'a foreign key can be watched');
is($ben->ask_all([ 'SET', 'ben:1', 'y' ], [ 'DEL', 'ben:2' ], [ 'SET', 'ben:2', '8' ]), "OK\n1\nOK", 'its owner changes it');
is($ann->ask_all(['MULTI'], [ 'INCR', 'ann:1' ], ['EXEC']), "OK\nQUEUED\n[9]", 'which is not noticed');
$ann->ask('WATCH', 'ann:2');
my $ann_too = tenant('ann');
$ann_too->ask('SET', 'ann:2', '0');
is($ann->ask_all(['MULTI'], [ 'INCR', 'ann:1' ], ['EXEC']), "OK\nQUEUED\n(nil)", 'what is her own is');

# --- Another database, another client of a shared batch ---

is($ben->ask_all([ 'SELECT', '1' ], [ 'SET', 'ben:1', 'z' ], [ 'SET', 'ann:1', 'z' ], [ 'SELECT', '0' ]), "OK\nOK\n" . ($error =~ s/kv_redis/other/r) . "\nOK", 'another database has its own policy');
is($ann->ask_all([ 'SELECT', '1' ], [ 'GET', 'ben:1' ], [ 'DBSIZE' ], [ 'SELECT', '0' ]), "OK\n(nil)\n0\nOK", 'and is seen by it');
is($ann->ask_all([ 'COPY', 'ann:1', 'ben:9', 'DB', '1' ], [ 'COPY', 'ann:1', 'ann:9', 'DB', '1' ]), ($error =~ s/kv_redis/other/r) . "\n1", 'COPY into it, too');

# A client that becomes another has that one's rows.
is($ann_too->ask_all([ 'GET', 'ann:3' ], [ 'AUTH', 'ben', 'of ben' ], [ 'GET', 'ann:3' ], [ 'GET', 'ben:3' ], [ 'DBSIZE' ]), "7\nOK\n(nil)\n8\n5", 'AUTH changes whose rows there are');
my ($cursor) = $ann->ask('SCAN', '0', 'COUNT', '1') =~ /\A\[(\d+) \[ann:1\]\]\z/;
is($ann_too->ask('SCAN', $cursor), $ann_too->ask('SCAN', '4711'), "a cursor is as unknown to another as one that never was");
like($ann_too->ask('SCAN', $cursor), qr/\A-ERR invalid cursor/, 'which is an error');

# --- FLUSHDB ---

# It is TRUNCATE, which knows no row security, as in SQL: who has that privilege is no tenant.
begin_anew();
like($ann->ask($_), qr/\A-NOPERM permission denied/, "$_ is not for tenants") for 'FLUSHDB', 'FLUSHALL';
is(stored(), $before, 'and does nothing');
is($ann->ask('DEL', map { ("$_:1", "$_:2", "$_:3") } 'ann', 'ben'), 3, 'DEL of what they find is');
is(stored(), join(' ', map { "ben:$_=8" } 1 .. 5), "which leaves what is not one's own");

done_testing();
