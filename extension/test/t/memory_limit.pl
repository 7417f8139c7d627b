# A process that may have no more memory: a clean error, the entry is as it was, and the session, the
# server and the sweeper go on.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'there is no prlimit' if system('prlimit --version >/dev/null 2>&1') != 0;

my $node = Kvstore->begin('memory', "shared_preload_libraries = 'kvstore'", "kvstore.sweep_interval = '10ms'", 'autovacuum = off');
my $megabyte = 1 << 20;
my $large = 16 * $megabyte;
$node->sql(qq{
	CREATE EXTENSION kvstore;
	CREATE EXTENSION amcheck;
	SELECT kv_create_store('logged', logged => true);
	SELECT kv_set('large ' || i, repeat('x', $large), store => 'logged') FROM generate_series(1, 3) i;
});

# Leaves a process so much beside what it has; more than that can be lifted again.
sub limit
{
	my ($pid, $more) = @_;
	my ($pages) = slurp_file("/proc/$pid/statm") =~ /^(\d+)/;
	my $bytes = $pages * 4096 + $more;
	system('prlimit', "--pid=$pid", "--as=$bytes:") == 0 or die;
}
sub lift_limit { return system('prlimit', "--pid=$_[0]", '--as=unlimited:') == 0 || die }

my @calls = (
	"kv_set('large 1', repeat('y', 2 * $large), store => 'logged')",
	"kv_set_nx('new', repeat('y', 2 * $large), store => 'logged')",
	"kv_append('large 1', repeat('y', $large / 3), store => 'logged')",
	"length(kv_get('large 1', store => 'logged') || kv_get('large 2', store => 'logged'))",
	"length(kv_get_set('large 1', 'y', store => 'logged') || kv_get_del('large 2', store => 'logged'))",
	"kv_cas('large 1', repeat('y', $large), 'y', store => 'logged')",
	"length(string_agg(value, '')) FROM kv_mget('{large 1,large 2,large 3}', store => 'logged')",
	"length(string_agg(value, '')) FROM kv_scan('large', store => 'logged')",
	"kv_mset(array_agg('new ' || i), array_agg(repeat('y', $megabyte)), store => 'logged') FROM generate_series(1, 200) i");

for my $path ('on', 'off')
{
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	$session->query("SET kvstore.fast_path = $path");
	$session->query(q{SELECT kv_set('small', 'here', store => 'logged'), kv_get('small', store => 'logged')});
	my $pid = $session->query('SELECT pg_backend_pid()');
	limit($pid, 24 * $megabyte);
	for my $call (@calls)
	{
		$session->{stderr} = '';
		$session->query("SELECT kv_set('within', 'lost', store => 'logged'), $call");
		like($session->{stderr}, qr/ERROR:  out of memory/, "fast path $path: out of memory: " . substr($call, 0, 60));
		is($session->query(q{SELECT kv_get('small', store => 'logged'), kv_incr('n', store => 'logged') > 0}), 'here|t', "fast path $path: and the session goes on");
	}
	$session->query('BEGIN');
	$session->query('SAVEPOINT a');
	$session->{stderr} = '';
	$session->query("SELECT $calls[0]");
	like($session->{stderr}, qr/ERROR:  out of memory/, "fast path $path: in a transaction");
	$session->query('ROLLBACK TO a');
	$session->query(q{SELECT kv_set('after', 'x', store => 'logged')});
	$session->query('COMMIT');
	is($node->sql("SELECT count(*) FILTER (WHERE value = repeat('x', $large)), string_agg(key, ',' ORDER BY key) FILTER (WHERE key NOT LIKE 'large%') FROM kv_scan(store => 'logged')"),
		'3|after,n,small', "fast path $path: nothing of it is left, and all that was there");
	is($node->sql(qq{SET lock_timeout = '10s'; SELECT kv_set('large 1', repeat('x', $large), store => 'logged'), kv_set('new', 'x', store => 'logged'), kv_del('new', store => 'logged'), kv_del('after', store => 'logged')}),
		'||t|t', "fast path $path: nobody is locked out");
	$session->quit;
}
is($node->damages, '', 'all is sound');

# A server whose processes cannot even begin.
my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
my $log = -s $node->logfile;
limit($postmaster, 0);
$node->wait_for_log(qr/(FATAL|ERROR):  out of memory|could not (load|fork|map)|cannot allocate memory/i, $log);
lift_limit($postmaster);
$node->sql(q{SELECT kv_set_ex('brief', 'x', 1e-6, store => 'logged'), kv_set_ex('brief', 'x', 1e-6)});
ok($node->poll_query_until('postgres', q{SELECT (SELECT count(*) FROM logged WHERE key = 'brief') + (SELECT count(*) FROM kv_store) = 0}), 'the sweeper goes on when there is memory again');
unlike(slurp_file($node->logfile), qr/PANIC|TRAP|terminated by signal|WARNING:/, 'nothing has crashed');
$node->stop('fast');
done_testing();
