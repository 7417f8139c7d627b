# A store that has grown too large is cut down to its limit, in the order that was asked for.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = Kvstore->begin('eviction', "shared_preload_libraries = 'kvstore'", "kvstore.sweep_interval = '50ms'");

sub stats { return $node->sql("SELECT $_[1] FROM kv_stats WHERE store = '$_[0]'::regclass") }

# Waits for a round that began after all that was done till now.
sub wait_for_round
{
	my $store = shift;
	my $now = $node->sql('SELECT clock_timestamp()');
	$node->poll_query_until('postgres', "SELECT last_sweep - last_sweep_took > '$now' FROM kv_stats WHERE store = '$store'::regclass") or die;
}

$node->sql('CREATE EXTENSION kvstore');

# Both ways to remove, and both orders.
for my $path ('fast', 'SQL')
{
	# The soonest to expire: of 20,000 entries, in no order of the keys.
	$node->sql(q{DROP TABLE IF EXISTS s; SELECT kv_create_store('s')});
	$node->sql(q{CREATE OR REPLACE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';
		CREATE TRIGGER nothing BEFORE DELETE ON s FOR EACH ROW EXECUTE FUNCTION nothing()}) if $path eq 'SQL';
	$node->sql(q{SELECT count(kv_set_ex(md5(i::text), repeat('x', 100), i * interval '1 minute', store => 's')) FROM generate_series(1, 20000) i});
	$node->sql(q{SELECT count(kv_set('for ever' || i, repeat('x', 100), store => 's')) FROM generate_series(1, 100) i});
	wait_for_round('s');
	my $all = stats('s', 'entry_bytes');
	is(stats('s', 'evicted'), 0, "$path path: without a limit nothing is evicted");
	my $limit = int($all / 2);
	$node->sql("SELECT kv_limit('$limit', store => 's')");
	ok($node->poll_query_until('postgres', "SELECT entry_bytes BETWEEN $limit * 0.99 AND $limit FROM kv_stats WHERE store = 's'::regclass"),
		"$path path: the store is cut down to its limit");
	# Counters are told of a transaction just before it commits.
	ok($node->poll_query_until('postgres', "SELECT (SELECT count(*) FROM s) + evicted = 20100 FROM kv_stats WHERE store = 's'::regclass"), "$path path: what was evicted is counted");
	my $left = $node->sql('SELECT count(*) FROM s');
	is($node->sql(q{SELECT count(*) FROM s WHERE key LIKE 'for ever%'}), 100, "$path path: what does not expire stays");
	my $gone = 20100 - $left;
	# The order is exact as long as the sample is the whole store.
	cmp_ok($node->sql(qq{SELECT count(*) FROM s JOIN generate_series(1, $gone) i ON s.key = md5(i::text)}), '<=', $gone / 50,
		"$path path: the soonest to expire are gone");
	wait_for_round('s');
	is(stats('s', "$left + evicted"), 20100, "$path path: and that is enough");

	# What expired goes first, and may be enough.
	$node->sql(qq{UPDATE s SET expires = now() - interval '1 s' WHERE key IN (SELECT key FROM s ORDER BY expires LIMIT 500)});
	$node->sql(q{SELECT count(kv_set('more' || i, repeat('x', 100), store => 's')) FROM generate_series(1, 400) i});
	wait_for_round('s');
	wait_for_round('s');
	is(stats('s', "$left + evicted, expired_removed"), '20100|500', "$path path: nobody is evicted for want of a sweep");

	# The oldest written: touched entries are new again.
	$node->sql(q{SELECT kv_flush(store => 's'), kv_limit(NULL, store => 's'), kv_stats_reset()});
	$node->sql(qq{SELECT count(kv_set_ex('$_:' || i, repeat('x', 100), interval '1 day' / $_, store => 's')) FROM generate_series(1, 1000) i}) for 1 .. 10;
	$node->sql(q{SELECT count(kv_get_ex('1:' || i, '1 minute', store => 's')) FROM generate_series(1, 1000) i});
	wait_for_round('s');
	$limit = int(stats('s', 'entry_bytes') * 0.7);
	$node->sql("SELECT kv_limit('$limit', 'oldest', store => 's')");
	ok($node->poll_query_until('postgres', "SELECT entry_bytes BETWEEN $limit * 0.99 AND $limit FROM kv_stats WHERE store = 's'::regclass"),
		"$path path: again");
	ok( $node->poll_query_until('postgres', q{SELECT string_agg(batch || ':' || n, ' ' ORDER BY batch) FROM
		(SELECT batch, count(*) AS n FROM (SELECT split_part(key, ':', 1)::int AS batch FROM s) k GROUP BY 1) b WHERE n > 0 AND batch NOT IN (5)},
		'1:1000 6:1000 7:1000 8:1000 9:1000 10:1000'), "$path path: the oldest are gone, not the touched");
}

# What cannot be evicted is not taken for evicted: others go in its place, on both paths.
$node->sql(q{SELECT kv_create_store('bound')});
for my $what ('referred to', 'locked')
{
	my $fill = sub { $node->sql(qq{INSERT INTO bound SELECT 'k' || lpad(i::text, 4, '0'), repeat('x', 1000), now() + i * interval '1 h' FROM generate_series($_[0], $_[1]) i}) };
	$fill->(1, 300);
	$node->sql(q{CREATE UNLOGGED TABLE refers (key text COLLATE "C" REFERENCES bound); INSERT INTO refers SELECT key FROM bound}) if $what eq 'referred to';
	wait_for_round('bound');
	my $limit = 3 * stats('bound', 'entry_bytes');
	$node->sql("SELECT kv_limit('$limit', store => 'bound')");
	my $holder = $node->background_psql('postgres');
	$holder->query_safe('BEGIN');
	$holder->query_safe('SELECT count(*) FROM (SELECT FROM bound FOR UPDATE) k') if $what eq 'locked';
	$fill->(301, 1000);
	ok($node->poll_query_until('postgres', q{SELECT evicted >= 100 FROM kv_stats WHERE store = 'bound'::regclass}), "$what: others are evicted");
	wait_for_round('bound');
	is(stats('bound', "entry_bytes BETWEEN $limit * 0.98 AND $limit, evicted BETWEEN 100 AND 110"), 't|t', "$what: what is left counts");
	is($node->sql(q{SELECT count(*) FROM bound WHERE key <= 'k0300'}), 300, "$what: they are there");
	cmp_ok($node->sql(q{SELECT count(*) FROM bound WHERE key > 'k0500'}), '>=', 490, "$what: those that come next in the order are gone");
	$holder->query_safe('ROLLBACK');
	$holder->quit;
	$node->sql(q{DROP TABLE IF EXISTS refers; TRUNCATE bound; SELECT kv_limit(NULL, store => 'bound'), kv_stats_reset()});
}

# What was renewed meanwhile is not evicted: here by the trigger of the entry before it.
$node->sql(q{ALTER SYSTEM SET kvstore.sweep_budget = '250ms'});
$node->reload;
$node->sql(q{
	SELECT kv_create_store('renewed');
	CREATE FUNCTION renew() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE renewed SET expires = 'infinity' WHERE key = 'b'; RETURN OLD; END $$;
	CREATE TRIGGER renew BEFORE DELETE ON renewed FOR EACH ROW WHEN (OLD.key = 'a') EXECUTE FUNCTION renew();
	INSERT INTO renewed SELECT k, repeat('x', 1000), now() + ascii(k) * interval '1 h' FROM unnest('{a,b,c,d,e,f}'::text[]) k;
	SELECT kv_limit('4500', store => 'renewed')});
ok($node->poll_query_until('postgres', q{SELECT evicted >= 2 AND entry_bytes <= 4500 FROM kv_stats WHERE store = 'renewed'::regclass}), 'two are evicted');
is($node->sql(q{SELECT string_agg(key, '' ORDER BY key) FROM renewed}), 'bdef', 'but not the one that was renewed');
$node->sql(q{DROP TABLE renewed; ALTER SYSTEM RESET kvstore.sweep_budget});
$node->reload;

# A limit that cannot be read is told of once, and keeps nothing from being swept.
$node->sql(q{
	SELECT kv_create_store('odd');
	CREATE TRIGGER kv_limit BEFORE TRUNCATE ON odd FOR EACH STATEMENT EXECUTE FUNCTION kv_limit_trigger('a lot', 'soonest');
	SELECT kv_set_ex('brief', 'x', 1e-6, store => 'odd')});
ok($node->poll_query_until('postgres', 'SELECT NOT EXISTS (SELECT FROM odd)'), 'with an odd limit a store is swept');
wait_for_round('odd') for 1 .. 3;
my @complaints = slurp_file($node->logfile) =~ /WARNING:.*could not read the limit of store "odd"/g;
is(scalar @complaints, 1, 'and the log says so once');
$node->sql('DROP TABLE odd');

# Values out of line count, too.
$node->sql(q{SELECT kv_create_store('large'); SELECT kv_limit('1 MB', store => 'large')});
$node->sql(q{SELECT kv_set_ex(i::text, (SELECT string_agg(md5(random()::text || j), '') FROM generate_series(1, 1000) j), i * interval '1 h', store => 'large') FROM generate_series(1, 100) i});
ok($node->poll_query_until('postgres', q{SELECT entry_bytes BETWEEN 900000 AND 1048576 FROM kv_stats WHERE store = 'large'::regclass}), 'large values are evicted');
cmp_ok($node->sql('SELECT count(*) FROM large'), '<', 40, 'by what they take');

# A limit belongs to the store: pg_dump keeps it, for an owner of low privilege.
$node->sql(q{CREATE ROLE keeper; CREATE SCHEMA keeper AUTHORIZATION keeper; SET ROLE keeper; SELECT kv_create_store('keeper.pages'); SELECT kv_limit('10 MB', 'oldest', store => 'keeper.pages')});
$node->sql(q{SELECT kv_limit('5 MB'); SELECT kv_limit('6 MB', 'oldest')});  # the extension's own store
$node->sql('CREATE DATABASE copy');
my $dump = $node->basedir . '/dump.sql';
$node->command_ok([ 'pg_dump', '--file', $dump, 'postgres' ], 'pg_dump');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'copy', '-f', $dump ], 'psql restores it');
is($node->safe_psql('copy', q{SELECT store, max_size FROM kv_stats WHERE max_size IS NOT NULL ORDER BY store::text}),
	"keeper.pages|10 MB\nkv_store|6 MB\nlarge|1 MB\ns|" . $node->sql(q{SELECT max_size FROM kv_stats WHERE store = 's'::regclass}), 'the limits are there');
$node->safe_psql('copy', q{SET ROLE keeper; SELECT kv_set('k' || i, repeat('x', 1000), store => 'keeper.pages') FROM generate_series(1, 15000) i});
ok( $node->poll_query_until('copy', q{SELECT evicted > 0 AND entry_bytes BETWEEN 10000000 AND 10485760 FROM kv_stats WHERE store = 'keeper.pages'::regclass}),
	'and are kept');
is($node->safe_psql('copy', q{SELECT kv_limit(NULL); SELECT max_size IS NULL FROM kv_stats WHERE store = 'kv_store'::regclass}), "\nt", 'and can be lifted');
is($node->safe_psql('copy', q{SELECT count(*) FROM keeper.pages WHERE key IN ('k1', 'k15000')}), 1, 'in the order that was asked for');

$node->stop('fast');
done_testing();
