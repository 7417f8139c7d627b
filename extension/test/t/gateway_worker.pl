# The worker that runs kvstore-redis: starts it, starts it again, ends it with the server.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

# In the program's place a script that notes what befalls it: what ends a process and with what arguments
# it runs is the same for any.
my $folder = PostgreSQL::Test::Utils::tempdir();
my $program = "$folder/program";
my $notes = "$folder/notes";
# As kvstore-redis does: SIGHUP, which is held back when it is started, is heard from here on.
my $unblock = <<"SCRIPT";
if [ -z "\$begun" ]; then
	[ ! -e '$folder/wait' ] || say "waits \$\$"
	while [ -e '$folder/wait' ]; do sleep 0.05; done
	begun=1 exec perl -e 'use POSIX ":signal_h"; \$SIG{HUP} = sub { system "echo heard >>$notes" };
		sigprocmask(SIG_UNBLOCK, POSIX::SigSet->new(SIGHUP)); exec \@ARGV' "\$0" "\$@"
fi
SCRIPT
sub write_program
{
	my $body = shift;
	open my $file, '>', "$program.new" or die;
	print $file "#!/bin/bash\nsay() { echo \"\$*\" >>'$notes'; }\n$unblock$body";
	close $file;
	chmod 0755, "$program.new";
	rename "$program.new", $program or die;
}
my $lasting = <<'SCRIPT';
trap 'say hangup' HUP
trap 'say asked to end; exit 0' TERM
printf -v given ' <%s>' "$@"
say "began $$$given"
until read -t 0.1 -r line; status=$?; [ $status -le 128 ]; do :; done
say input ended
SCRIPT
sub notes { return -e $notes ? slurp_file($notes) : '' }
sub clear { append_to_file($notes, ''); truncate $notes, 0 or die }
sub pid { my @began = notes() =~ /^began (\d+)/mg; return $began[-1] // 0 }
sub comes
{
	my ($pattern, $what) = @_;
	for (1 .. 1800)
	{
		last if notes() =~ $pattern;
		select undef, undef, undef, 0.1;
	}
	like(notes(), $pattern, $what);
}
sub is_gone
{
	my ($pid, $what) = @_;
	for (1 .. 1800)
	{
		last unless kill 0, $pid;
		select undef, undef, undef, 0.1;
	}
	ok($pid && !kill(0, $pid), $what);
}

my $node = Kvstore->begin('gateway_worker', "shared_preload_libraries = 'kvstore'", "kvstore.redis_program = '$program'", 'restart_after_crash = on');
sub reload { my %set = @_; $node->sql("ALTER SYSTEM SET $_ = '$set{$_}'") for keys %set; $node->reload }
sub logged { my ($pattern, $what) = @_; $node->wait_for_log($pattern); pass($what) }

write_program($lasting);
is(notes(), '', 'nothing runs where nothing is to listen');

$node->append_conf('postgresql.conf', qq{kvstore.redis_listen = '127.0.0.1:6399'\nkvstore.redis_database = 'it''s'});
$node->restart;
comes(qr/^began/m, 'the program is started');
like(notes(), qr/<--until-input-ends> <--listen> <127\.0\.0\.1:6399> <--conninfo> <host='[^>]+' port=\d+ dbname='it\\'s'>$/m, 'with where to listen, and this server');
logged(qr/LOG:  started "\Q$program\E" for Redis clients at 127\.0\.0\.1:6399/, 'and the log says so');

my $first = pid();
clear();
kill 'KILL', $first;
comes(qr/^began/m, 'killed, it is started again');
logged(qr/"\Q$program\E" was terminated by signal 9/, 'and the log says so');

$node->reload;
comes(qr/^hangup/m, 'a reload is passed on');
my $second = pid();
append_to_file("$folder/wait", '');
clear();
kill 'KILL', $second;
comes(qr/^waits \d+$/m, 'one that takes its time to come up');
my ($waiting) = notes() =~ /^waits (\d+)$/m;
$node->reload;
for (1 .. 1800)
{
	last if !-e "/proc/$waiting/status" || slurp_file("/proc/$waiting/status") =~ /^ShdPnd:\s+0*1$/m;
	select undef, undef, undef, 0.1;
}
unlink "$folder/wait";
comes(qr/^heard\nbegan $waiting\b/m, 'hears of a reload in the meantime when it is ready');
$second = pid();
clear();
reload('kvstore.redis_user' => 'guest', 'kvstore.redis_config' => '/etc/some file');
comes(qr/^began.* <--anonymous-user> <guest> <--config> <\/etc\/some file>$/m, 'with other settings it is started anew');
like(notes(), qr/^asked to end\n/, 'having been asked to end');
is_gone($second, 'which it did');

my $third = pid();
clear();
reload('kvstore.redis_listen' => '');
comes(qr/^asked to end/m, 'turned off, it is asked to end');
is_gone($third, 'and is gone');
reload('kvstore.redis_listen' => '/run/redis');
comes(qr/^began.* <--socket> <\/run\/redis>/m, 'turned on again, it is started, at a socket');

# One that does not want to end.
clear();
write_program("trap '' TERM\nsay \"began \$\$\"\nwhile :; do sleep 1; done\n");
reload('kvstore.redis_user' => 'stubborn');
comes(qr/^began/m, 'one that is there to stay');
my $stubborn = pid();
clear();
write_program("say began \$\$; exit 3\n");
reload('kvstore.redis_user' => 'brief');
is_gone($stubborn, 'is killed');
comes(qr/(^began \d+\n){3}/m, 'one that ends at once is started again and again');
logged(qr/"\Q$program\E" exited with exit code 3/, 'and the log says so');

reload('kvstore.redis_program' => '/nowhere/kvstore-redis');
logged(qr/could not start "\/nowhere\/kvstore-redis": No such file or directory\n.*HINT:  kvstore\.redis_program names the program/, 'one that is not there is reported');

# It ends with the server, however that ends.
write_program($lasting);
reload('kvstore.redis_program' => $program);
comes(qr/^began.* <brief>/m, 'it runs again');
sub ends_with_the_server
{
	my ($what, $end, $notes) = @_;
	my $pid = pid();
	$end->();
	comes($notes, "$what: it hears of it");
	is_gone($pid, "$what: it is gone");
	clear();
	# A child of a postmaster that was killed may still be ending.
	for (1 .. 1800) { last if $node->start(fail_ok => 1); select undef, undef, undef, 0.1 }
	comes(qr/^began/m, "$what: it is started anew");
}
ends_with_the_server('a fast shutdown', sub { $node->stop('fast') }, qr/^asked to end/m);
ends_with_the_server('an immediate one', sub { $node->stop('immediate') }, qr/^(asked to end|input ended)/m);
ends_with_the_server('a crash', sub { $node->kill9 }, qr/^input ended/m);
# The worker itself, which is the program's parent.
my $pid = pid();
my ($worker) = slurp_file("/proc/$pid/stat") =~ /^\d+ \(.*\) \S (\d+)/;
clear();
kill 'KILL', $worker;
comes(qr/^input ended/m, 'the worker killed: it hears of it');
is_gone($pid, 'the worker killed: it is gone');
comes(qr/^began/m, 'the worker killed: it is started anew');
$node->stop('fast');
done_testing();
