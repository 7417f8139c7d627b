# Who leaves, and what with him: DROP EXTENSION where users have stores, DROP OWNED, REASSIGN OWNED,
# DROP DATABASE and copies of it, all while the sweeper is at work.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = Kvstore->begin('ownership', "shared_preload_libraries = 'kvstore'", "kvstore.sweep_interval = '10ms'", 'kvstore.sweep_pause = 0', 'autovacuum = off');
$node->sql(q{CREATE ROLE installer LOGIN; CREATE ROLE tenant LOGIN; CREATE ROLE heir LOGIN});

my $expired = "SELECT i, repeat('x', 100), now() - interval '1 s' FROM generate_series(1, 20000) i";
sub as { my ($role) = @_; return "SET SESSION AUTHORIZATION $role;" }

# A database of its own, in which a role has the extension and another one a store.
sub database
{
	my $name = shift;
	$node->sql("CREATE DATABASE $name OWNER installer");
	$node->safe_psql($name, as('installer') . q{CREATE SCHEMA kv; GRANT USAGE, CREATE ON SCHEMA kv TO tenant; ALTER DATABASE } . $name . q{ SET search_path = kv});
	$node->safe_psql($name, as('installer') . q{CREATE EXTENSION kvstore; SELECT kv_set('k', 'v'); GRANT SELECT ON kv_store TO tenant});
	$node->safe_psql($name, as('tenant') . q{SELECT kv_create_store('own', logged => true); SELECT kv_set('k', 'own', store => 'own')});
	return $name;
}

sub is_swept
{
	my ($database, $store, $what) = @_;
	$node->safe_psql($database, "SELECT kv_set_ex('brief', 'x', 1e-6, store => '$store')");
	ok($node->poll_query_until($database, "SELECT count(*) = 0 FROM $store WHERE key = 'brief'"), "$what: $store is swept");
}

# --- DROP EXTENSION ---

my $d = database('dropped');
for my $role ('installer', 'postgres')
{
	my $error = $node->error_of(as($role) . 'DROP EXTENSION kvstore', $d);
	like($error, qr/ERROR:  2BP01: cannot drop extension kvstore because other objects depend on it/, "$role: DROP EXTENSION is refused");
	like($error, qr/DETAIL:  table (kv_store|own) depends on type kv_entry\ntable (kv_store|own) depends on type kv_entry\nHINT:  Use DROP \.\.\. CASCADE/, "$role: with what depends on it, and a hint");
}
is($node->safe_psql($d, q{SELECT kv_get('k'), kv_get('k', store => 'own')}), 'v|own', 'all is still there');
like($node->error_of(as('tenant') . 'DROP EXTENSION kvstore CASCADE', $d), qr/ERROR:  42501: must be owner of extension kvstore/, 'a user of it may not drop it');
like($node->error_of('DROP TABLE kv_leases', $d), qr/ERROR:  2BP01: cannot drop table kv_leases because extension kvstore requires it/, 'what belongs to it is not dropped alone');
$node->safe_psql($d, "INSERT INTO own $expired; INSERT INTO kv_store $expired");
# Data that is to stay needs another home first.
$node->safe_psql($d, as('tenant') . 'CREATE TABLE saved AS SELECT * FROM own WHERE expires > clock_timestamp()');
$node->safe_psql($d, as('installer') . 'DROP EXTENSION kvstore CASCADE');
is($node->safe_psql($d, q{SELECT to_regclass('own'), to_regclass('kv_store'), to_regtype('kv_entry'), count(*), min(value) FROM saved}), '|||1|own', 'with CASCADE the stores go, and nothing else');
$node->safe_psql($d, as('installer') . 'CREATE EXTENSION kvstore');
is($node->safe_psql($d, q{INSERT INTO kv_store SELECT * FROM saved; SELECT kv_get('k')}), 'own', 'and it can come back');
is_swept($d, 'kv_store', 'come back');

# In a transaction that is rolled back it was never gone.
$node->safe_psql($d, q{BEGIN; DROP EXTENSION kvstore CASCADE; ROLLBACK});
is($node->safe_psql($d, q{SELECT kv_get('k'), kv_incr('n'), kv_lease('k', 'x', 60)}), 'own|1|t', 'a DROP EXTENSION that is rolled back takes nothing away');
is($node->safe_psql($d, q{SELECT kv_get('k'); BEGIN; DROP EXTENSION kvstore CASCADE; CREATE EXTENSION kvstore; SELECT kv_set('k', 'new'); COMMIT; SELECT kv_get('k')}), "own\n\nnew", 'nor does a session mistake the new for the old');

# --- REASSIGN OWNED, DROP OWNED ---

$d = database('reassigned');
$node->safe_psql($d, "INSERT INTO own $expired; REASSIGN OWNED BY tenant TO heir; GRANT USAGE ON SCHEMA kv TO heir");
is($node->safe_psql($d, q{SELECT tableowner FROM pg_tables WHERE tablename = 'own'}), 'heir', 'REASSIGN OWNED: a store has another owner');
is($node->safe_psql($d, as('heir') . q{SELECT kv_get('k', store => 'own'), kv_detour(store => 'own'), kv_incr('n', store => 'own')}), 'own||1', 'REASSIGN OWNED: who may do with it as he likes');
like($node->error_of(as('tenant') . q{SELECT kv_get('k', store => 'own')}, $d), qr/42501/, 'REASSIGN OWNED: and the former one no more');
is_swept($d, 'own', 'REASSIGN OWNED');
$node->safe_psql($d, 'REASSIGN OWNED BY installer TO heir');
is($node->safe_psql($d, q{SELECT extowner::regrole, string_agg(DISTINCT relowner::regrole::text, ',') FROM pg_extension, pg_class WHERE extname = 'kvstore' AND relname IN ('kv_store', 'kv_leases') GROUP BY 1}),
	'heir|heir', 'REASSIGN OWNED: so have the extension, the default store and the leases');
is($node->safe_psql($d, as('heir') . q{SELECT kv_get('k'), kv_lease('k', 'x', 1e-6)}), 'v|t', 'REASSIGN OWNED: they work');
is_swept($d, 'kv_store', 'REASSIGN OWNED');
ok($node->poll_query_until($d, 'SELECT count(*) = 0 FROM kv.kv_leases'), 'REASSIGN OWNED: so are leases');

$d = database('disowned');
$node->safe_psql($d, "INSERT INTO own $expired; DROP OWNED BY tenant");
is($node->safe_psql($d, q{SELECT to_regclass('own') IS NULL, kv_get('k'), has_table_privilege('tenant', 'kv_store', 'SELECT')}), 't|v|f', 'DROP OWNED: his stores and privileges go, and nothing else');
is_swept($d, 'kv_store', 'DROP OWNED');
like($node->error_of('DROP OWNED BY installer', $d), qr/ERROR:  2BP01|^$/, 'DROP OWNED: of who has the extension');

# --- Databases ---

# As others, which are not there yet or no more, are swept as well.
for my $i (1 .. 3)
{
	$d = database("source_$i");
	$node->safe_psql($d, "INSERT INTO own $expired; INSERT INTO kv_store $expired");
	$node->sql("CREATE DATABASE copy_$i TEMPLATE source_$i");
	$node->sql("ALTER DATABASE copy_$i SET search_path = kv");
	$node->sql("DROP DATABASE source_$i");
	is($node->safe_psql("copy_$i", q{SELECT kv_get('k'), kv_get('k', store => 'own')}), 'v|own', "a copy has the stores, $i");
	ok($node->poll_query_until("copy_$i", 'SELECT (SELECT count(*) FROM own) + (SELECT count(*) FROM kv_store) = 2'), "and is swept, $i");
	$node->sql("DROP DATABASE copy_$i");
}
$d = database('renamed');
$node->safe_psql($d, "INSERT INTO own $expired");
$node->sql('ALTER DATABASE renamed RENAME TO other');
is_swept('other', 'own', 'a database of another name');
$node->sql('ALTER DATABASE other WITH ALLOW_CONNECTIONS false; DROP DATABASE other');

# A sweeper that was on its way to a database which was dropped, or closed, ends with an error like any session.
is($node->complaints(qr/ERROR:  (cannot drop|must be owner|permission denied)|FATAL:  database .* (does not exist|is not currently accepting connections)|FATAL:  terminating background worker/), '', 'nobody complained');
$node->stop('fast');
done_testing();
