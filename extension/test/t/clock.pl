# The clock is set back under a running server: what is not expiry goes on as before.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

my ($library) = glob('/usr/lib/*/faketime/libfaketime.so.1');
plan skip_all => 'there is no libfaketime' unless $library;

my $node = Kvstore->new('clock');
$node->init;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'kvstore'\nkvstore.sweep_interval = '1s'\nkvstore.sweep_pause = '1s'\nautovacuum = off\nfsync = off");
my $clock = $node->basedir . '/clock';
sub set_clock
{
	my $offset = shift;
	open my $file, '>', "$clock.new" or die;
	print $file "$offset\n";
	close $file;
	rename "$clock.new", $clock or die;
}
set_clock('+0');
{
	local %ENV = (%ENV, LD_PRELOAD => $library, FAKETIME_TIMESTAMP_FILE => $clock, FAKETIME_NO_CACHE => 1,
		FAKETIME_DONT_FAKE_MONOTONIC => 1, DONT_FAKE_MONOTONIC => 1);
	$node->start;
}

# PostgreSQL 15 forks its workers in a signal handler, within a call that libfaketime has replaced
# and during which it lets the true time through: there they would never notice.
if ($node->sql(q{SELECT current_setting('server_version_num')}) < 160000)
{
	$node->stop('fast');
	plan skip_all => 'libfaketime does not reach the workers of PostgreSQL 15';
}
$node->sql('CREATE EXTENSION kvstore');
$node->sql(q{SELECT kv_set_ex('before', 'x', 1e-6)});
ok($node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM kv_store'), 'what has expired goes');

# A sweeper is at work on what takes many of its lives.
$node->sql(q{INSERT INTO kv_store SELECT i, repeat('x', 500), now() - interval '1 day' FROM generate_series(1, 60000) i});
my $sweeper = q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'kvstore sweeper' AND datname = 'postgres'};
my $before = $node->sql('SELECT clock_timestamp()');
my ($first, $at_work) = ('', '');
for ($first = $node->sql($sweeper); $at_work eq '' || $at_work eq $first; $at_work = $node->sql($sweeper)) { }    # one that has just begun
set_clock('-3600');
ok($node->poll_query_until('postgres', "SELECT clock_timestamp() < '$before'::timestamptz - interval '50 min'"), 'the clock is set back an hour');
# It has work for minutes.
ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $at_work"), 'a sweeper at work leaves');
cmp_ok($node->sql('SELECT count(*) FROM kv_store'), '>', 1000, 'with work left');
$node->sql('TRUNCATE kv_store');
# The first may go in a round that began before.
for my $round (1 .. 3)
{
	$node->sql(q{SELECT kv_set_ex('after', 'x', 1e-6)});
	ok($node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM kv_store'), "what expires then goes, $round");
}

# Nor do databases stay because of it.
$node->sql('CREATE DATABASE brief');
$node->safe_psql('brief', q{CREATE EXTENSION kvstore; INSERT INTO kv_store SELECT i, repeat('x', 500), now() - interval '1 day' FROM generate_series(1, 60000) i});
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'kvstore sweeper' AND datname = 'brief' AND query LIKE 'sweeping%'}) or die;
set_clock('-7200');
is($node->psql('postgres', 'DROP DATABASE brief'), 0, 'a database can be dropped after the clock was set back under its sweeper');

$node->stop('fast');
done_testing();
