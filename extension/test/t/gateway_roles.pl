# Who clients of kvstore-redis are: AUTH is the server's own, and so are privileges; what attackers may do.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Gateway;
use Kvstore;
use Test::More;

plan skip_all => Gateway::missing() if Gateway::missing();

my $node = Kvstore->begin('gateway_roles', "shared_preload_libraries = 'kvstore'", "max_connections = 60");
$node->sql(q{
	CREATE EXTENSION kvstore;
	SELECT kv_create_store('kv_redis', value_type => 'bytea');
	CREATE ROLE writer LOGIN PASSWORD 'writes';
	CREATE ROLE reader LOGIN PASSWORD 'reads';
	CREATE ROLE nobody NOLOGIN PASSWORD 'nothing';
	CREATE ROLE trusted LOGIN PASSWORD 'asked for by nobody';
	GRANT ALL ON kv_redis TO writer;
	GRANT SELECT ON kv_redis TO reader;
});
$node->ask_for_passwords('writer,reader,nobody,none,first,crowded,"a b\\c"');

my $gateway = Gateway->begin($node, '--user', 'writer', '--admin-user', 'writer');
my $wrong = '-WRONGPASS invalid username-password pair or user is disabled.';

my $client = $gateway->client;
is($client->ask('GET', 'k'), '-NOAUTH Authentication required.', 'nothing without AUTH');
like($client->ask('HELLO', '3'), qr/\A-NOAUTH HELLO must be called with the client already authenticated/, 'nor HELLO');
is($client->ask('AUTH', 'writer', 'reads'), $wrong, 'a wrong password');
is($client->ask('AUTH', 'none', 'writes'), $wrong, 'a role that is not there');
is($client->ask('AUTH', 'nobody', 'nothing'), $wrong, 'one that may not log in');
is($client->ask('AUTH', 'writer', ''), $wrong, 'an empty password');
is($client->ask('GET', 'k'), '-NOAUTH Authentication required.', 'none of these helps');
is($client->ask('AUTH', 'trusted', 'any'), q{-ERR AUTH is not possible now: see kvstore-redis's log}, 'a server that does not ask for the password is not believed');
like($gateway->log_text, qr/AUTH as "trusted" failed: the server did not ask for the password/, 'and the log says why');
is($client->ask('AUTH', 'writer', 'writes'), 'OK', 'the right one');
is($client->ask_all([ 'SET', 'k', 'v' ], [ 'GET', 'k' ]), "OK\nv", 'then all may be done that the role may');

my $reader = $gateway->client;
like($reader->ask('HELLO', '3', 'AUTH', 'reader', 'reads', 'SETNAME', 'r'), qr/\A%\[server redis /, 'HELLO with AUTH');
is($reader->ask('GET', 'k'), 'v', 'who may read reads');
like($reader->ask('SET', 'k', 'w'), qr/\A-NOPERM permission denied/, 'and gets NOPERM for a write');
like($reader->ask_all(['MULTI'], [ 'SET', 'k', 'w' ], ['EXEC']), qr/-NOPERM permission denied/, 'in a transaction too');
is($reader->ask('GET', 'k'), 'v', 'nothing has changed');
ok($node->poll_query_until('postgres', q{SELECT string_agg(DISTINCT usename, ' ') FROM pg_stat_activity WHERE application_name = 'kvstore-redis'}, 'reader writer'), 'each role has backends of its own');
unlike($reader->ask('CLIENT', 'LIST'), qr/user=writer/, 'a role sees its own clients');
is($reader->ask('CLIENT', 'KILL', 'TYPE', 'normal'), 0, 'and closes its own only');
is($reader->ask('CONFIG', 'SET', 'timeout', '7'), q{-NOPERM only the role of kvstore-redis's option --admin-user may do this}, 'CONFIG SET is not for all');
is($client->ask_all([ 'CONFIG', 'SET', 'timeout', '7' ], [ 'CONFIG', 'GET', 'timeout' ], [ 'CONFIG', 'SET', 'timeout', '0' ]), "OK\n[timeout 7]\nOK", 'but for --admin-user');
is($client->ask('CONFIG', 'SET', $_->[0], $_->[1]), "-ERR CONFIG SET failed (possibly related to argument '$_->[0]') - $_->[2]", "CONFIG SET @$_[0, 1]")
	for [ 'timeout', '10000000000', 'argument must be between 0 and 2147483647 inclusive' ], [ 'timeout', '-1', 'argument must be between 0 and 2147483647 inclusive' ],
	[ 'timeout', '99999999999999999999', q{argument couldn't be parsed into an integer} ], [ 'timeout', '7s', q{argument couldn't be parsed into an integer} ],
	[ 'maxclients', '0', 'argument must be between 1 and 2147483647 inclusive' ], [ 'slowlog-log-slower-than', '-2', 'argument must be between -1 and 9223372036854775807 inclusive' ];
is($client->ask_all([ 'CONFIG', 'SET', 'timeout', '2147483647' ], [ 'CONFIG', 'GET', 'timeout' ]), "OK\n[timeout 2147483647]", 'the longest time');
sleep 2;    # in which idle clients are looked for
is($client->ask('CONFIG', 'SET', 'timeout', '0'), 'OK', '.. in which nobody is idle');

is($client->ask('CONFIG', 'SET', @{ $_->[0] }), "-ERR $_->[1]", "CONFIG SET @{ $_->[0] }")
	for [ [ 'timeout', '1', 'TIMEOUT', '2' ], q{CONFIG SET failed (possibly related to argument 'TIMEOUT') - duplicate parameter} ],
	[ [ 'timeout', 'x', 'none', '1' ], q{Unknown option or number of arguments for CONFIG SET - 'none'} ], [ [ 'timeout', '1', 'databases', '1' ], q{CONFIG SET failed (possibly related to argument 'databases') - can't set immutable config} ],
	[ [ 'timeout', '1', 'slowlog-max-len', 'x' ], q{CONFIG SET failed (possibly related to argument 'slowlog-max-len') - argument couldn't be parsed into an integer} ];
is($client->ask('CONFIG', 'GET', 'timeout'), '[timeout 0]', 'none of it was done');
my $named = $gateway->client;
is($named->ask('AUTH', 'writes'), 'OK', 'AUTH without a name is --user');
is($client->ask('CLIENT', 'KILL', 'USER', 'default'), '1', 'whom CLIENT KILL calls "default", too');
is($gateway->client->ask('AUTH', 'default', 'writes'), 'OK', "and so is Redis's user default");
is($reader->ask('AUTH', 'writer', 'writes'), 'OK', 'a client may become another');
is($reader->ask('SET', 'k', 'w'), 'OK', 'and then may what that may');

# A password that was changed: the old one is remembered for seconds at most.
$node->sql("ALTER ROLE writer PASSWORD 'anew'");
is($gateway->client->ask('AUTH', 'writer', 'anew'), 'OK', 'a new password counts at once');
is($gateway->client->ask('AUTH', 'writer', 'writes'), $wrong, 'and the old one no more');

# A pool that reconnects: one exchange of SCRAM, not one for each connection.
my $before = $node->sql(q{SELECT sessions FROM pg_stat_database WHERE datname = 'postgres'});
is($gateway->client->ask('AUTH', 'writer', 'anew'), 'OK', 'once more') for 1 .. 50;
$node->sql('SELECT pg_stat_force_next_flush()');
cmp_ok($node->sql(q{SELECT sessions FROM pg_stat_database WHERE datname = 'postgres'}) - $before, '<', 10, 'a password that was right a moment ago is remembered');

# Who is told that a password is wrong is not to take it for one that is right, at a bad moment.
$node->sql(q{CREATE ROLE crowded LOGIN PASSWORD 'crowds' CONNECTION LIMIT 0});
is($gateway->client->ask('AUTH', 'crowded', 'guess'), $wrong, 'a wrong password');
is($gateway->client->ask('AUTH', 'crowded', 'crowds'), q{-ERR AUTH is not possible now: see kvstore-redis's log}, 'the right one, but no more connections for the role');
like($gateway->log_text, qr/AUTH as "crowded" failed: .*FATAL:  53300: too many connections for role "crowded"\n/, 'and the log says why');

# Large commands behind AUTH, that were sent with it.
my $hasty = $gateway->client;
is($hasty->ask_all([ 'AUTH', 'writer', 'anew' ], [ 'SET', 'long', 'v' x 5000 ], [ 'MGET', ('long') x 12 ], ['RESET'], [ 'GET', 'x' x 2000 ]) =~ s/v{5000}/v/gr,
	"OK\nOK\n[" . join(' ', ('v') x 12) . "]\nRESET\n-ERR Protocol error: unauthenticated bulk length", 'limits are those of who one is by then');

# A role is renamed, and another one gets its name, but not what the first one may.
$node->sql(q{
	CREATE ROLE first LOGIN PASSWORD 'one';
	GRANT ALL ON kv_redis TO first;
});
my $first = $gateway->client;
is($first->ask_all([ 'AUTH', 'first', 'one' ], [ 'CONFIG', 'GET', 'databases' ], [ 'SET', 'secret', 'its own' ]), "OK\n[databases 1]\nOK", 'a role');
$node->sql(q{
	ALTER ROLE first RENAME TO former;
	CREATE ROLE first LOGIN PASSWORD 'two';
});
my $next = $gateway->client;
is($next->ask('AUTH', 'first', 'two'), 'OK', 'another one of its name');
like($next->ask('GET', 'secret'), qr/\A-NOPERM permission denied/, 'may do what it may itself');
is($first->ask('GET', 'secret'), 'its own', 'and the first one goes on');
unlike($next->ask('CLIENT', 'LIST'), qr/id=.*id=/s, 'neither sees the clients of the other');

# CLIENT LIST is lines of words, whatever roles are called.
$node->sql(q{ALTER ROLE former RENAME TO "a b\\c"; ALTER ROLE "a b\\c" PASSWORD 'three'});
my $odd = $gateway->client;
is($odd->ask('AUTH', 'a b\\c', 'three'), 'OK', 'a role whose name is no word');
like($odd->ask('CLIENT', 'LIST'), qr/\A\S+=\S*(?: \S+=\S*)* user=a\\x20b\\x5cc(?: \S+=\S*)*\n\z/, 'CLIENT LIST shows it as one');
like($first->ask('CLIENT', 'LIST'), qr/\A\S+=\S*(?: \S+=\S*)* user=first\(renamed\)(?: \S+=\S*)*\n\z/, 'and so one that was renamed');
is($odd->ask('CLIENT', 'KILL', 'USER', 'a\\x20b\\x5cc', 'SKIPME', 'no'), '1', 'CLIENT KILL knows what LIST shows');
is($odd->reply, '(end)', 'indeed');

# Attackers: each failure takes longer, and the others notice nothing.
my @attackers = map { $gateway->tcp_client } 1 .. 12;
$_->send_all([ 'AUTH', 'reader', 'guess' ]) for @attackers;
is($client->ask('GET', 'k'), 'w', 'who is there goes on while others guess');
is($gateway->client->ask('AUTH', 'reader', 'reads'), 'OK', 'and who comes from elsewhere gets in');
is(join(' ', grep { $_ ne $wrong && !/\A(?:\(end\)|-ERR too many clients of this address try to AUTH)\z/ } map { $_->reply } @attackers), '', 'none of them gets in, in the time that there is for it');

# Before AUTH.
my $large = $gateway->client;
$large->send_bytes("*2\r\n\$4\r\nAUTH\r\n\$2000\r\n");
is($large->reply . $large->reply, '-ERR Protocol error: unauthenticated bulk length(end)', 'little may be sent before AUTH');
my $many = $gateway->client;
$many->send_bytes("*20\r\n");
is($many->reply . $many->reply, '-ERR Protocol error: unauthenticated multibulk length(end)', 'nor many arguments');
# Ten seconds, from RESET on too.
my $old = $gateway->client;
is($old->ask('AUTH', 'writer', 'anew'), 'OK', 'somebody');
my $stranger = $gateway->client;
sleep 6;
is($old->ask('RESET'), 'RESET', 'becomes a stranger later');
is($stranger->reply, '(end)', 'who does not log in is closed');
is($old->ask('AUTH', 'writer', 'anew'), 'OK', 'who has just become a stranger is not');
is($gateway->stop, 0, 'it ends well');
unlike($gateway->log_text, qr/writes|reads|guess|anew|crowds/, 'no password is in the log');

# Without AUTH a client is --anonymous-user, and can still become somebody.
my $open = Gateway->begin($node, '--anonymous-user', 'trusted', '--max-clients', 2);
my $anonymous = $open->client;
is($anonymous->ask('PING'), 'PONG', 'an anonymous client');
like($anonymous->ask('GET', 'k'), qr/\A-NOPERM permission denied/, 'has the rights of its role');
is($anonymous->ask('AUTH', 'writes'), '-ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?', 'AUTH without a name and without --user');
is($anonymous->ask_all([ 'AUTH', 'writer', 'anew' ], [ 'GET', 'k' ], ['RESET'], [ 'CLIENT', 'KILL', 'ID', '1' ]), "OK\nw\nRESET\n0", 'RESET makes it anonymous again');
my $second = $open->client;
$second->ask('PING');
my $third = $open->client;
is($third->reply . $third->reply, '-ERR max number of clients reached(end)', '--max-clients');

done_testing();
