# How kvstore-redis is started: options, a configuration file, TLS and its renewal, the page of counters.
use strict;
use warnings;
use FindBin;
use IO::Socket::IP;
use IPC::Run;
use lib $FindBin::RealBin;
use Gateway;
use Kvstore;
use POSIX qw(mkfifo sigprocmask SIG_BLOCK SIG_UNBLOCK SIGHUP);
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => Gateway::missing() if Gateway::missing();

my $node = Kvstore->begin('gateway_options', "shared_preload_libraries = 'kvstore'");
$node->sql(q{
	CREATE EXTENSION kvstore;
	SELECT kv_create_store('kv_redis', value_type => 'bytea'), kv_create_store('other', value_type => 'bytea');
});
my $folder = PostgreSQL::Test::Utils::tempdir();

# --- The command line and the file ---------------------------------------------------------------

sub run_program
{
	my @options = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([ $ENV{KV_GATEWAY}, @options ], '<', \undef, '>', \$out, '2>', \$err, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	return ($? >> 8) . " $out$err";
}
like(run_program('--help'), qr/\A0 .*--anonymous-user ROLE .*--tls-cert FILE/s, '--help');
like(run_program('--version'), qr/\A0 kvstore-redis \d+\.\d+\.\d+\n\z/, '--version');
like(run_program('--none'), qr/\A2 .*--none.*kvstore-redis --help tells the options/s, 'an option that is none');
my @numbers = (
	[ 'backends', 1, 262143 ], [ 'waiting-backends', 1, 262143 ], [ 'max-clients', 1, 2147483647 ], [ 'client-timeout', 0, 2147483647 ],
	[ 'max-request', 1024, 536870912 ], [ 'slowlog-slower-than', -1, 9223372036854775807 ], [ 'slowlog-max-len', 0, 2147483647 ],
);
for my $each (@numbers)
{
	my ($name, $least, $most) = @$each;
	for my $given ($least - 1, $name eq 'slowlog-slower-than' ? '9223372036854775808' : $most + 1, '99999999999999999999', '1x', '0x10', '1.5')
	{
		my $refused = qr/\A2 .*--$name: '\Q$given\E' is no number from $least to $most; kvstore-redis --help/;
		like(run_program("--$name=$given"), $refused, "--$name=$given");
		unlink "$folder/number";
		append_to_file("$folder/number", "$name = $given\n");
		like(run_program('--config', "$folder/number"), $refused, "$name = $given in the file");
	}
}
like(run_program('--max-request', '600000000'), qr/\A2 .*max-request/, 'a request that no message of PostgreSQL takes');
like(run_program('--listen', 'here'), qr/\A2 .*--listen here: it is HOST:PORT/, 'an address that is none');
like(run_program('--listen', "127.0.0.1:$_"), qr/\A2 .*--listen 127\.0\.0\.1:\Q$_\E: its port is no number from 0 to 65535/, "port '$_'") for '71936', '-1', '', '80x', ' 80';
like(run_program('--listen', '127.0.0.1:0', '--metrics', '127.0.0.1:71936'), qr/\A2 .*--metrics 127\.0\.0\.1:71936: its port/s, 'nor for --metrics');
like(run_program('--listen', '127.0.0.1:0', "--$_", '/none'), qr/\A2 .*--$_ is given without --tls-cert/, "--$_ alone is no TLS") for 'tls-ca', 'tls-key';
like(run_program('--listen', '127.0.0.1:0', '--tls-cert', '/none'), qr/\A2 .*--tls-cert: No such file/, 'a certificate that is not there');

# They would be the first sockets, and what is printed would go to a client.
append_to_file("$folder/closed", "#!/bin/sh\nexec '$ENV{KV_GATEWAY}' \"\$@\" <&- >&-\n");
chmod 0755, "$folder/closed";
{
	local $ENV{KV_GATEWAY} = "$folder/closed";
	my $closed = Gateway->begin($node);
	is(join(' ', map { readlink "/proc/$closed->{pid}/fd/$_" } 0, 1), '/dev/null /dev/null', 'standard input and output that are closed are no sockets');
	is($closed->stop, 0, 'and it ends well');
}

# A value is what stands behind =, or in quotes; what is wrong with it is said with it.
sub value_in_file
{
	my ($line) = @_;
	unlink "$folder/line";
	append_to_file("$folder/line", "listen = 127.0.0.1:0\n# max-clients = 0\n\n$line\n");
	return run_program('--config', "$folder/line") =~ s/\A2 .*kvstore-redis: (?=--)//r;
}
for my $each ([ 'here', 'here' ], [ 'a, b c', 'a, b c' ], [ 'a#b  # a remark', 'a#b' ], [ '"a # b"', 'a # b' ], [ q{'a "b"'   # too}, 'a "b"' ], [ "a\r", 'a' ], [ '%', '%' ])
{
	like(value_in_file("listen = $each->[0]"), qr/\A--listen \Q$each->[1]\E: it is HOST:PORT/, "listen = $each->[0]");
}
like(value_in_file("listen = [::1]:71936\nmax-clients = 0"), qr/--max-clients: '0' is no number/, 'an IPv6 address takes no other line');
like(value_in_file("listen = [::1]:71936\nmax-clients = 7"), qr/\A--listen \[::1\]:71936: its port is no number/, 'and is one');
like(value_in_file($_->[0]), qr/--config: line 4: $_->[1]; kvstore-redis --help/, $_->[0])
	for [ 'user = "a', 'the quote " has no end' ], [ q{user = "a" b}, 'there is something behind the quote "' ], [ '= b', 'there is no option before =' ];
like(value_in_file('none'), qr/--config: .*none/, 'an option that is none');
like(value_in_file("user = a\nmax-clients = 7\nuser = b"), qr/--user: .*1.*2/, 'one that may not be given twice');

append_to_file("$folder/stores", "anonymous-user = postgres\nstores = kv_redis, other\n");
my $of_two = Gateway->begin($node, '--config', "$folder/stores");
my $chooser = $of_two->client;
is($chooser->ask_all(['MULTI'], [ 'CONFIG', 'GET', 'databases' ], ['EXEC']), "OK\nQUEUED\n[[databases 2]]", 'CONFIG GET says how many stores there are before anything is asked for');
is($chooser->ask_all([ 'SELECT', '1' ], [ 'SET', 'there', '1' ], [ 'SELECT', '0' ], [ 'EXISTS', 'there' ]), "OK\nOK\nOK\n0", 'stores of the file');
is($of_two->stop, 0, 'it ends well');
append_to_file("$folder/conf", "anonymous-user = postgres\nslowlog-slower-than = 0\nmax-clients = 7\n");
my $gateway = Gateway->begin($node, '--config', "$folder/conf", '--max-clients', 8, '--metrics', '127.0.0.1:' . (my $port = PostgreSQL::Test::Cluster::get_free_port()));
my $client = $gateway->client;
is($client->ask('CONFIG', 'GET', 'maxclients'), '[maxclients 8]', 'the command line counts before the file');
is($client->ask_all([ 'SET', 'k', 'v' ], [ 'GET', 'k' ]), "OK\nv", 'and what the file says counts');
like($client->ask('SLOWLOG', 'GET'), qr/\A\[\[0 \d+ \d+ \[SET k v \.\.\. \(1 more commands\)\] \S+:0 \]\]\z/, 'SLOWLOG');
is($client->ask_all([ 'SLOWLOG', 'LEN' ], [ 'SLOWLOG', 'RESET' ], [ 'SLOWLOG', 'LEN' ]), "1\nOK\n0", 'and what it forgets');
# What was slow is named: who waited for a row, and an EXEC by its own name.
sub slow { return [ $client->ask('SLOWLOG', 'GET') =~ /\[\d+ \d+ \d+ \[(.*?)\] \S+:0 \]/g ] }
my $holder = $node->background_psql('postgres');
for my $commands ([ [ 'GET', 'k' ], [ 'GET', 'k' ], [ 'INCR', 'n' ], [ 'GET', 'k' ] ], [ ['MULTI'], [ 'GET', 'k' ], [ 'INCR', 'n' ], ['EXEC'] ])
{
	$client->ask_all([ 'SET', 'n', '1' ], [ 'SLOWLOG', 'RESET' ]);
	$holder->query_safe("BEGIN; SELECT kv_incr('n', store => 'kv_redis')");
	$client->send_all(@$commands);
	$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'}) or die;
	$holder->query_safe('ROLLBACK');
	$client->reply for 1 .. 4;
	is_deeply(slow(), $commands->[0][0] eq 'MULTI' ? ['EXEC ... (2 more commands)'] : [ 'GET k', 'INCR n', 'GET k ... (1 more commands)' ], 'SLOWLOG says what took the time');
}
$holder->quit;
$client->ask('SLOWLOG', 'RESET');
is($client->ask('INFO') =~ s/\A#.*//sr . join(' ', @{ slow() }), 'INFO', '.. and calls commands what clients call them');
append_to_file("$folder/wrong", "none = 1\n");
like(run_program('--config', "$folder/wrong"), qr/\A2 .*--config: .*none; kvstore-redis --help/, 'a word in the file that is none');

# --- Where it listens ----------------------------------------------------------------------------

# What is at the first of these addresses, for each of them.
sub answers
{
	my ($port, @hosts) = @_;
	my @heard;
	for my $host (@hosts)
	{
		my $socket = IO::Socket::IP->new(PeerHost => $host, PeerPort => $port);
		print $socket "PING\r\n" if $socket;
		push @heard, $socket ? scalar <$socket> : 'nobody';
	}
	return join ' ', map { s/\s+\z//r } @heard;
}

SKIP:
{
	skip 'this machine has no IPv6', 3 unless IO::Socket::IP->new(Listen => 1, LocalHost => '::1', LocalPort => 0);
	for my $addresses ([':'], ['*:'], [ '0.0.0.0:', '[::]:' ])
	{
		my $both = PostgreSQL::Test::Cluster::get_free_port();
		my $open = Gateway->begin($node, '--anonymous-user', 'postgres', '--allow-plaintext', map { ('--listen', "$_$both") } @$addresses);
		is(answers($both, '127.0.0.1', '::1'), '+PONG +PONG', "--listen @$addresses is IPv4 and IPv6");
	}
}

# Somebody has the path, and is too busy to take anybody on.
my $busy = IO::Socket::UNIX->new(Local => "$folder/busy", Listen => 1) or die "$!";
my @waiting;
while (my $one = IO::Socket::UNIX->new(Type => Socket::SOCK_STREAM()))
{
	$one->blocking(0);
	connect $one, Socket::pack_sockaddr_un("$folder/busy") or last;
	push @waiting, $one;
}
like(run_program('--socket', "$folder/busy"), qr/\A2 .*--socket \S+busy: Address already in use/, 'a path that is in use');

# --- Signals that come early ---------------------------------------------------------------------

# While it reads the file, which is still to be written.
mkfifo("$folder/slow", 0600) or die;
my $early = Gateway->launch($node, '--config', "$folder/slow");
open my $slow, '>', "$folder/slow" or die;
kill 'HUP', $early->{pid};
print $slow "anonymous-user = postgres\n";
close $slow;
$early->wait_for(sub { $early->has_ended || $early->log_text =~ /there is nothing to read again/ });
is(answers($early->{port}, '127.0.0.1'), '+PONG', 'SIGHUP at the beginning is heard when it is ready');
# Started as the worker of the server does, which holds the signal back until somebody wants it.
my $hangup = POSIX::SigSet->new(SIGHUP);
sigprocmask(SIG_BLOCK, $hangup);
my $held = Gateway->launch($node, '--anonymous-user', 'postgres');
sigprocmask(SIG_UNBLOCK, $hangup);
kill 'HUP', $held->{pid};
$held->wait_for(sub { $held->log_text =~ /there is nothing to read again/ });
pass('and so before it');
is($_->stop, 0, 'it ends well') for $early, $held;

# --- The page of counters --------------------------------------------------------------------------

my $browser = $gateway->client($port);
$browser->send_bytes("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
my $page = '';
while ($browser->fill) { }
$page = $browser->{read};
like($page, qr/\AHTTP\/1\.1 200 OK\r\n.*\nkvstore_redis_clients 1\n.*\nkvstore_redis_commands_total [1-9]\d*\n.*\nkvstore_redis_batch_seconds_bucket\{le="\+Inf"\} [1-9]/s, '--metrics');
# A connection that listens:
$client->ask('SUBSCRIBE', 'c');
$browser = $gateway->client($port);
$browser->send_bytes("GET /metrics HTTP/1.1\r\n\r\n");
while ($browser->fill) { }
is(join('', map { /\nkvstore_redis_backends (\d+)\n/ } $browser->{read}), join('', map { $1 + 1 if /\nkvstore_redis_backends (\d+)\n/ } $page), 'is one of the connections to the server');
is($gateway->stop, 0, 'it ends well');

# --- TLS -----------------------------------------------------------------------------------------

sub openssl
{
	my (@arguments) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'openssl', @arguments ], '<', \undef, '>', \$out, '2>', \$err) or die "openssl @arguments: $err";
	return;
}

sub make_certificate
{
	my ($name) = @_;
	openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', "$folder/$name.key", '-out', "$folder/$name.crt", '-subj', "/CN=$name", '-days', '2');
	return;
}

append_to_file("$folder/ping", "PING\r\nQUIT\r\n");

# What a client of TLS that trusts this certificate gets to a line, and what it says of the connection itself.
sub s_client
{
	my ($one, $trusted, @more) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'openssl', 's_client', '-ign_eof', '-verify_return_error', '-connect', "127.0.0.1:$one->{port}", '-CAfile', "$folder/$trusted.crt", @more ],
		'<', "$folder/ping", '>', \$out, '2>', \$err);
	return $out;
}

sub over_tls { my ($one, $trusted, @more) = @_; return s_client($one, $trusted, '-quiet', @more) }

SKIP:
{
	skip 'there is no openssl', 23 unless IPC::Run::run([ 'openssl', 'version' ], '>', \my $version);
	make_certificate($_) for 'first', 'second', 'user';
	my $certificate = sub {
		my $name = shift;
		PostgreSQL::Test::Utils::slurp_file("$folder/$name.key") . PostgreSQL::Test::Utils::slurp_file("$folder/$name.crt");
	};
	append_to_file("$folder/now.pem", $certificate->('first'));
	my $secret = Gateway->begin($node, '--anonymous-user', 'postgres', '--tls-cert', "$folder/now.pem", '--listen', '0.0.0.0:0');
	is(over_tls($secret, 'first'), "+PONG\r\n+OK\r\n", 'TLS');
	is(over_tls($secret, 'second'), '', 'the certificate is looked at');
	my $plain = $secret->tcp_client;
	$plain->send_all(['PING']);
	unlike($plain->reply, qr/PONG/, 'no plain text where TLS is');
	like($secret->log_text, qr/ TLS with 127\.0\.0\.1:\d+ failed: /, 'the log says so');
	my $begun = time;
	for (1 .. 100) { my $next = $secret->tcp_client; $next->send_all(['PING']); $next->reply }
	my @lines = $secret->log_text =~ /TLS with/g;
	cmp_ok(scalar @lines, '<', time - $begun + 4, 'but not as often as somebody likes');
	for my $version ('-tls1_2', '-tls1_3')
	{
		like(s_client($secret, 'first', '-msg', $version), qr/\+OK.*<<< TLS.*Alert.*close_notify/s, "$version: the end is told");
	}
	# Who only begins to greet: such clients are no clients yet, and do not stay.
	my @slow = map { $secret->tcp_client } 1 .. 300;
	$_->send_bytes("\x16\x03\x01\x02\x00\x01") for @slow[ 0 .. 149 ];
	is(over_tls($secret, 'first'), "+PONG\r\n+OK\r\n", 'beside many who do not end the handshake');
	is(join('', map { $_->reply } @slow), '(end)' x 300, 'which are closed');
	unlink "$folder/now.pem";
	append_to_file("$folder/now.pem", $certificate->('second'));
	kill 'HUP', $secret->{pid};
	$secret->wait_for(sub { $secret->log_text =~ /read again/ });
	is(over_tls($secret, 'second'), "+PONG\r\n+OK\r\n", 'another certificate after SIGHUP');
	unlink "$folder/now.pem";
	append_to_file("$folder/now.pem", 'no certificate');
	kill 'HUP', $secret->{pid};
	$secret->wait_for(sub { $secret->log_text =~ /going on with the certificate as it was/ });
	is(over_tls($secret, 'second'), "+PONG\r\n+OK\r\n", 'one that cannot be read changes nothing');
	is($secret->stop, 0, 'it ends well');
	my $strict = Gateway->begin($node, '--anonymous-user', 'postgres', '--tls-cert', "$folder/first.crt", '--tls-key', "$folder/first.key", '--tls-ca', "$folder/user.crt");
	is(over_tls($strict, 'first') . over_tls($strict, 'first', '-cert', "$folder/user.crt", '-key', "$folder/user.key"), "+PONG\r\n+OK\r\n", '--tls-ca: who has no certificate is refused');
	like($strict->log_text, qr/ TLS with 127\.0\.0\.1:\d+ failed: .*certificate/, 'and the log says why');

	# Sessions that clients resume, which is no way around another authority.
	append_to_file("$folder/authority", PostgreSQL::Test::Utils::slurp_file("$folder/user.crt"));
	my $resumed = Gateway->begin($node, '--anonymous-user', 'postgres', '--tls-cert', "$folder/first.crt", '--tls-key', "$folder/first.key", '--tls-ca', "$folder/authority");
	my @user = ('-cert', "$folder/user.crt", '-key', "$folder/user.key");
	for my $version ('-tls1_2', '-tls1_3')
	{
		like(s_client($resumed, 'first', @user, $version, '-sess_out', "$folder/session$version"), qr/^New, TLS.*\+PONG/ms, "$version: a session");
		like(s_client($resumed, 'first', @user, $version, '-sess_in', "$folder/session$version"), qr/^Reused, TLS.*\+PONG/ms, "$version: is resumed");
	}
	unlink "$folder/authority";
	append_to_file("$folder/authority", PostgreSQL::Test::Utils::slurp_file("$folder/second.crt"));
	kill 'HUP', $resumed->{pid};
	$resumed->wait_for(sub { $resumed->log_text =~ /read again/ });
	unlike(s_client($resumed, 'first', @user, $_, '-sess_in', "$folder/session$_"), qr/PONG/, "$_: not after SIGHUP, with another authority") for '-tls1_2', '-tls1_3';
	is(over_tls($resumed, 'first', '-cert', "$folder/second.crt", '-key', "$folder/second.key"), "+PONG\r\n+OK\r\n", 'which lets in whom it has signed');
	is($resumed->stop, 0, 'it ends well');

	# Nobody is there to type a passphrase.
	openssl('pkey', '-in', "$folder/first.key", '-aes256', '-passout', 'pass:secret', '-out', "$folder/locked.key");
	like(run_program('--listen', '127.0.0.1:0', '--tls-cert', "$folder/first.crt", '--tls-key', "$folder/locked.key"),
		qr/\A2 .*--tls-key: it has a passphrase, and nobody is asked for that/, 'a key with a passphrase');

	# The order to end, while it reads what is still to be written.
	mkfifo("$folder/late.crt", 0600) or die;
	my $ended = Gateway->launch($node, '--tls-cert', "$folder/late.crt", '--tls-key', "$folder/first.key");
	open my $late, '>', "$folder/late.crt" or die;
	kill 'TERM', $ended->{pid};
	print $late PostgreSQL::Test::Utils::slurp_file("$folder/first.crt");
	close $late;
	$ended->wait_for(sub { $ended->has_ended });
	is($ended->{status}, 0, 'SIGTERM at the beginning has it end well');
}

done_testing();
