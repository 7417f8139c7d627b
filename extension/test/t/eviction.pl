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

# For how long a transaction of the sweeper may work; undef for as long as by default.
sub set_budget
{
	my $budget = shift;
	$node->sql('ALTER SYSTEM ' . (defined $budget ? "SET kvstore.sweep_budget = '$budget'" : 'RESET kvstore.sweep_budget'));
	$node->reload;
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
	# (At once for the sweeper, which looks at the whole store in one transaction meanwhile.)
	set_budget('1s');
	$node->sql(qq{BEGIN; LOCK s; UPDATE s SET expires = now() - interval '1 s' WHERE key IN (SELECT key FROM s ORDER BY expires LIMIT 500);
		SELECT count(kv_set('more' || i, repeat('x', 100), store => 's')) FROM generate_series(1, 400) i; COMMIT});
	wait_for_round('s');
	wait_for_round('s');
	is(stats('s', "$left + evicted, expired_removed"), '20100|500', "$path path: nobody is evicted for want of a sweep");
	set_budget(undef);

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
set_budget('250ms');
$node->sql(q{
	SELECT kv_create_store('renewed');
	CREATE FUNCTION renew() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE renewed SET expires = 'infinity' WHERE key = 'b'; RETURN OLD; END $$;
	CREATE TRIGGER renew BEFORE DELETE ON renewed FOR EACH ROW WHEN (OLD.key = 'a') EXECUTE FUNCTION renew();
	INSERT INTO renewed SELECT k, repeat('x', 1000), now() + ascii(k) * interval '1 h' FROM unnest('{a,b,c,d,e,f}'::text[]) k;
	SELECT kv_limit('4500', store => 'renewed')});
ok($node->poll_query_until('postgres', q{SELECT evicted >= 2 AND entry_bytes <= 4500 FROM kv_stats WHERE store = 'renewed'::regclass}), 'two are evicted');
is($node->sql(q{SELECT string_agg(key, '' ORDER BY key) FROM renewed}), 'bdef', 'but not the one that was renewed');
$node->sql('DROP TABLE renewed');
set_budget(undef);

# A limit that cannot be read is told of once, and keeps nothing from being swept.
$node->sql(q{
	SELECT kv_create_store('odd');
	CREATE TRIGGER kv_limit BEFORE TRUNCATE ON odd FOR EACH STATEMENT EXECUTE FUNCTION kv_limit_trigger('a lot', 'soonest');
	SELECT kv_set_ex('brief', 'x', 1e-6, store => 'odd')});
ok($node->poll_query_until('postgres', 'SELECT NOT EXISTS (SELECT FROM odd)'), 'with an odd limit a store is swept');
wait_for_round('odd') for 1 .. 3;
my @complaints = slurp_file($node->logfile) =~ /WARNING:.*could not keep the limit of store "odd"/g;
is(scalar @complaints, 1, 'and the log says so once');
$node->sql('DROP TABLE odd');

# Users may change their minds while much is evicted: from then on nothing goes, or less.
$node->sql(q{SELECT kv_create_store('many'); INSERT INTO many SELECT 'old' || i, repeat('x', 1000), 'infinity' FROM generate_series(1, 60000) i});
for my $change ('the limit is lifted', 'the limit is raised', 'others remove')
{
	$node->sql(q{TRUNCATE many; SELECT kv_stats_reset(); INSERT INTO many SELECT 'old' || i, repeat('x', 1000), 'infinity' FROM generate_series(1, 60000) i});
	wait_for_round('many');
	my $half = int(stats('many', 'entry_bytes') / 2);
	my $limit = $change eq 'others remove' ? int($half * 1.1) : $half;
	$node->sql("SELECT kv_limit('$limit', 'oldest', store => 'many')");
	$node->poll_query_until('postgres', q{SELECT evicted > 0 FROM kv_stats WHERE store = 'many'::regclass}) or die;
	$node->sql(q{SELECT kv_limit(NULL, store => 'many')}) if $change eq 'the limit is lifted';
	$node->sql(q{SELECT kv_limit('1 GB', store => 'many')}) if $change eq 'the limit is raised';
	# Those that are last in the order of the pages.
	$node->sql(q{DELETE FROM many WHERE ctid >= (SELECT ctid FROM many ORDER BY ctid OFFSET 30000 LIMIT 1)}) if $change eq 'others remove';
	my $evicted = stats('many', 'evicted');
	wait_for_round('many');
	cmp_ok(stats('many', 'evicted'), '<', $evicted + 6000, "$change: little goes after that");
	cmp_ok($node->sql('SELECT count(*) FROM many'), '>=', 20000, "$change: much stays");
	$node->sql(q{SELECT kv_limit(NULL, store => 'many')});
}
$node->sql('DROP TABLE many');

# In place of those that are locked, the next in the order, wherever they are; what never expires comes last.
$node->sql(q{SELECT kv_create_store('placed');
	INSERT INTO placed SELECT 'ever' || i, repeat('x', 1000), 'infinity' FROM generate_series(101, 500) i});
wait_for_round('placed');
my $of_placed = int(stats('placed', 'entry_bytes') / 400 * 700);
$node->sql("SELECT kv_limit('$of_placed', store => 'placed')");
{
	my $insert = q{INSERT INTO placed SELECT 'key' || i, repeat('x', 1000), now() + i * interval '1 h' FROM generate_series};
	$node->sql("$insert(300, 101, -1) i");
	my $holder = $node->background_psql('postgres');
	$holder->query_safe(q{BEGIN; SELECT count(*) FROM (SELECT FROM placed WHERE key ~ 'key' FOR UPDATE) k});
	$node->sql("$insert(700, 301, -1) i");
	$node->poll_query_until('postgres', q{SELECT evicted > 0 FROM kv_stats WHERE store = 'placed'::regclass}) or die;
	wait_for_round('placed');
	is(stats('placed', "entry_bytes <= $of_placed"), 't', 'a store comes below its limit');
	is($node->sql(q{SELECT count(*) FILTER (WHERE key ~ 'ever'), count(*) FILTER (WHERE key BETWEEN 'key101' AND 'key300'), min(key) FILTER (WHERE key > 'key300') FROM placed}),
		'400|200|key601', 'in the order');
	$holder->query_safe('ROLLBACK');
	$holder->quit;
}
$node->sql('DROP TABLE placed');

# One statement may fail with those that were to be enough: then others are tried.
$node->sql(q{SELECT kv_create_store('tight'); CREATE UNLOGGED TABLE refers (key text COLLATE "C" REFERENCES tight);
	INSERT INTO tight SELECT 'k' || lpad(i::text, 3, '0'), repeat('x', 1000), now() + i * interval '1 h' FROM generate_series(1, 90) i;
	INSERT INTO refers SELECT 'k' || lpad((2 ^ i)::int::text, 3, '0') FROM generate_series(0, 6) i});
wait_for_round('tight');
my $of_tight = stats('tight', 'entry_bytes') - 1;
$node->sql("SELECT kv_limit('$of_tight', store => 'tight')");
ok($node->poll_query_until('postgres', q{SELECT evicted = 1 FROM kv_stats WHERE store = 'tight'::regclass}), 'one is too many, and goes');
is($node->sql(q{SELECT count(*), min(key) FILTER (WHERE key NOT IN (SELECT key FROM refers)) FROM tight}), '89|k005', 'the soonest that can');
$node->sql('DROP TABLE refers, tight');

# VACUUM FREEZE does not make all alike.
$node->sql(q{SELECT kv_create_store('frozen'); INSERT INTO frozen SELECT 'gone' || i, repeat('x', 1000), 'infinity' FROM generate_series(1, 500) i});
$node->sql(q{INSERT INTO frozen SELECT 'old' || i, repeat('x', 1000), 'infinity' FROM generate_series(1, 500) i});
$node->sql(q{DELETE FROM frozen WHERE key ~ 'gone'});
$node->sql('VACUUM frozen');
$node->sql(q{INSERT INTO frozen SELECT 'new' || i, repeat('x', 1000), 'infinity' FROM generate_series(1, 500) i});
wait_for_round('frozen');  # which sees no pages that were vacuumed meanwhile
$node->sql('VACUUM FREEZE frozen');
my $of_frozen = int(stats('frozen', 'entry_bytes') / 2);
$node->sql("SELECT kv_limit('$of_frozen', 'oldest', store => 'frozen')");
ok($node->poll_query_until('postgres', "SELECT entry_bytes <= $of_frozen FROM kv_stats WHERE store = 'frozen'::regclass"), 'a frozen store is cut down');
is($node->sql(q{SELECT count(*) FILTER (WHERE key ~ 'new') >= 499, count(*) <= 501 FROM frozen}), 't|t', 'to those written last');
$node->sql('DROP TABLE frozen');

# An owner who may not see versions, and a rule that removes others: expired entries go all the same, and nothing is counted that is not so.
$node->sql(q{CREATE ROLE blind; GRANT CREATE ON SCHEMA public TO blind; SET ROLE blind;
	SELECT kv_create_store('unseen'); CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';
	CREATE TRIGGER keep BEFORE DELETE ON unseen FOR EACH ROW EXECUTE FUNCTION keep();
	SELECT kv_limit('50000', store => 'unseen');
	INSERT INTO unseen SELECT i, repeat('x', 1000), CASE WHEN i <= 5 THEN now() - interval '1 s' ELSE 'infinity' END FROM generate_series(1, 105) i;
	REVOKE SELECT ON unseen FROM blind; GRANT SELECT (key, expires) ON unseen TO blind});
ok($node->poll_query_until('postgres', q{SELECT expired_removed = 5 AND evicted = 0 FROM kv_stats WHERE store = 'unseen'::regclass}), 'without SELECT on the store its owner has it swept');
wait_for_round('unseen');
like(slurp_file($node->logfile), qr/WARNING:.*could not keep the limit of store "unseen": permission denied for table unseen/, 'and learns why nothing is evicted');
$node->sql('DROP TABLE unseen; DROP FUNCTION keep(); REVOKE CREATE ON SCHEMA public FROM blind; DROP ROLE blind');
$node->sql(q{SELECT kv_create_store('ruled'); CREATE TABLE other AS SELECT k::text AS key FROM generate_series(1, 100) k, generate_series(1, 50);
	CREATE RULE away AS ON DELETE TO ruled DO INSTEAD DELETE FROM other WHERE key = OLD.key;
	INSERT INTO ruled SELECT i, repeat('x', 1000), 'infinity' FROM generate_series(1, 100) i; SELECT kv_limit('50000', store => 'ruled')});
wait_for_round('ruled') for 1 .. 3;
is(stats('ruled', 'last_sweep_left, evicted, entry_bytes > 50000'), '0|0|t', 'what a rule has done instead is not counted');
$node->sql('DROP TABLE ruled, other');

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
