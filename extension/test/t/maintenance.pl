# What owners and administrators do to stores while they are in use, on either path and with the
# sweeper at full speed: no entry is lost, nobody meets an error that is not documented, and
# tables and indexes are sound.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Clients;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

my $clients = 3;
my $kept = 500;
my $node = Kvstore->begin('maintenance', "shared_preload_libraries = 'kvstore'", "kvstore.sweep_interval = '10ms'", 'kvstore.sweep_pause = 0', 'autovacuum = off');

# Beside each counter there is a row that is written in the same transaction: so many it must be.
$node->sql(qq{
	CREATE EXTENSION kvstore;
	CREATE EXTENSION amcheck;
	SELECT kv_create_store('logged', logged => true), kv_create_store('emptied');
	SELECT kv_set('kept ' || i, i::text), kv_set('kept ' || i, i::text, store => 'logged') FROM generate_series(1, $kept) i;
	CREATE TABLE ledger (client int PRIMARY KEY, kept int NOT NULL, emptied int NOT NULL);
	INSERT INTO ledger SELECT i, 0, 0 FROM generate_series(0, $clients - 1) i;
	CREATE TABLE lease_errors (sqlstate text);
	CREATE FUNCTION take_lease(key text) RETURNS void LANGUAGE plpgsql AS \$\$
	BEGIN
		PERFORM kv_lease(key, 'x', 0.001);
	EXCEPTION WHEN OTHERS THEN
		INSERT INTO lease_errors VALUES (SQLSTATE);
	END \$\$;
	CREATE FUNCTION clients_go_on() RETURNS boolean LANGUAGE plpgsql AS \$\$
	DECLARE
		before int[] := ARRAY(SELECT kept FROM ledger ORDER BY client);
		began timestamptz := clock_timestamp();
	BEGIN
		WHILE EXISTS (SELECT FROM ledger WHERE kept <= before[client + 1]) LOOP
			IF clock_timestamp() - began > interval '2 min' THEN RETURN false; END IF;
			PERFORM pg_sleep(0.005);
		END LOOP;
		RETURN true;
	END \$\$;
});

my $writes = q{
	\set key random(1, 1000000)
	BEGIN;
	SELECT kv_incr('n' || :client_id::text), kv_incr('n' || :client_id::text, store => 'logged'), kv_incr('n' || :client_id::text, store => 'emptied');
	SELECT kv_set_ex('brief ' || :key::text, 'x', 0.005), kv_set_ex('brief ' || :key::text, repeat('x', 100), 0.005, store => 'logged');
	UPDATE ledger SET kept = kept + 1, emptied = emptied + 1 WHERE client = :client_id;
	COMMIT;
};
# An entry that is missing is a division by zero.
my $reads = qq{
	\\set key random(1, $kept)
	\\set few random(1, 3)
	SELECT kv_set('few ' || :few::text, 'x'), kv_set('few ' || :few::text, 'x', store => 'logged');
	SELECT kv_del('few ' || :few::text), kv_del('few ' || :few::text, store => 'logged');
	SELECT kv_append('few ' || :few::text, 'x'), kv_append('few ' || :few::text, 'x', store => 'logged');
	SELECT 1 / count(kv_get('kept ' || :key::text)), 1 / count(kv_get('kept ' || :key::text, store => 'logged'));
	SELECT 1 / (kv_count('kept ') = $kept)::int, 1 / (kv_count('kept ', store => 'logged') = $kept)::int;
	SELECT take_lease('lease ' || :key::text);
};

my @work = (
	'REINDEX TABLE CONCURRENTLY kv_store', 'REINDEX INDEX CONCURRENTLY logged_pkey', 'REINDEX TABLE CONCURRENTLY kv_leases',
	'REINDEX TABLE kv_store', 'REINDEX INDEX logged_pkey',
	'VACUUM FULL kv_store', 'VACUUM FULL logged', 'VACUUM FULL kv_leases', 'CLUSTER kv_store USING kv_store_pkey', 'CLUSTER logged USING logged_pkey',
	'VACUUM (FREEZE, TRUNCATE) kv_store', 'VACUUM ANALYZE',
	'ALTER TABLE kv_store SET LOGGED', 'ALTER TABLE logged SET UNLOGGED', 'ALTER TABLE kv_store SET UNLOGGED', 'ALTER TABLE logged SET LOGGED',
	'ALTER TABLE kv_store SET (fillfactor = 50)',
	'CREATE INDEX further ON kv_store (expires)', 'VACUUM FULL kv_store', 'DROP INDEX further',
	'CREATE INDEX CONCURRENTLY further ON logged (expires)', 'DROP INDEX CONCURRENTLY further',
	# An index on the key that is older than the primary key's.
	'CREATE UNIQUE INDEX CONCURRENTLY older ON logged (key)', 'ALTER TABLE logged DROP CONSTRAINT logged_pkey, ADD PRIMARY KEY (key)', 'DROP INDEX CONCURRENTLY older',
	q{ALTER TABLE kv_store ADD CONSTRAINT short CHECK (length(value) < 1000)}, 'ALTER TABLE kv_store DROP CONSTRAINT short',
	'BEGIN; TRUNCATE emptied; UPDATE ledger SET emptied = 0; COMMIT', q{BEGIN; SELECT kv_flush(store => 'emptied'); UPDATE ledger SET emptied = 0; COMMIT});

sub test_path
{
	my ($path, $fast_path) = @_;
	$node->sql("ALTER DATABASE postgres SET kvstore.fast_path = $fast_path");    # of the sweeper, too
	my $started = Clients->start($node, "fast_path_$fast_path", $clients, "-c kvstore.fast_path=$fast_path", $writes, $reads);
	for my $statement (@work)
	{
		like($node->sql("$statement; SELECT clients_go_on()"), qr/t$/, "$path: $statement") or last;
	}
	is($started->stop, '', "$path: nobody met an error");
	is($node->sql(q{SELECT string_agg(DISTINCT sqlstate, ',') FROM lease_errors WHERE sqlstate <> '55000'}), '', "$path: nor who asked for a lease, but while its index was made anew");
	for my $store ('kv_store', 'logged', 'emptied')
	{
		my $count = $store eq 'emptied' ? 'emptied' : 'kept';
		is($node->sql("SELECT count(*) FROM ledger WHERE $count IS DISTINCT FROM coalesce(kv_get('n' || client, store => '$store')::int, 0)"), 0, "$path: $store has counted each call");
	}
	for my $store ('kv_store', 'logged')
	{
		is($node->sql("SELECT count(*) FROM generate_series(1, $kept) i WHERE kv_get('kept ' || i, store => '$store') = i::text"), $kept, "$path: $store has all that was in it");
		ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM $store WHERE expires < now()"), "$path: $store is swept");
		is($node->sql("SELECT kv_detour(store => '$store') IS NULL"), $fast_path eq 'on' ? 't' : 'f', "$path: nothing is left in the way of the fast path of $store");
	}
	is($node->damages, '', "$path: tables and indexes are sound");
}

test_path('fast path', 'on');
test_path('SQL path', 'off');
$node->command_ok([ 'pg_amcheck', '--heapallindexed', '--parent-check', '--no-dependent-toast', $node->connstr('postgres') ], 'so says pg_amcheck of the whole database');

# The shape stays.
like($node->error_of('ALTER TABLE kv_store ADD COLUMN more int'), qr/42809: cannot add column to typed table/, 'a store has no other columns');
$node->sql('ALTER TABLE kv_store NOT OF; ALTER TABLE kv_store ADD COLUMN more int');
like($node->error_of(q{SELECT kv_get('kept 1')}), qr/42809: "kv_store" is not a store/, 'a table that has some is no store any more');
like($node->error_of('ALTER TABLE kv_store OF kv_entry'), qr/42804: table has extra column "more"/, 'nor can it be made one');

is($node->complaints(qr/add column to typed|is not a store|has extra column|connection to client lost/), '', 'nobody complained');
$node->stop('fast');
done_testing();
