# Sixteen clients at once, on either path, while the sweeper does its rounds: what they
# are told is written down and counted, and must be exactly what one after the other
# would have been told.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

my $clients = 16;
my $calls = 0;    # of functions that write

my $node = Kvstore->new('concurrency');
$node->init;
$node->append_conf('postgresql.conf', q{
	shared_preload_libraries = 'kvstore'
	kvstore.sweep_interval = '10ms'
	deadlock_timeout = 100ms
	max_connections = 40
	fsync = off
	synchronous_commit = off
});
$node->start;

# The first column of the first row.

# Has every client run the script, or one of the scripts, so many times.
my $scripts = 0;
sub run_clients
{
	my ($name, $rounds, $calls_per_round, @scripts) = @_;
	my $total = $clients * $rounds;
	$node->pgbench("--no-vacuum --protocol=prepared --client=$clients --jobs=2 --transactions=$rounds --define=round=0",
		0, [qr{processed: $total/}], [qr/^(?!.*(error|aborted))/s], "$name: every call succeeds",
		{ map { 'script' . ++$scripts => $_ } @scripts });
	$calls += $total * $calls_per_round;
}

sub test_path
{
	my ($name) = @_;

	# A turn is taken while the row is locked, which it is until the commit: so turns tell
	# in what order the calls took effect.
	$node->sql(q{
		CREATE EXTENSION kvstore;
		CREATE SEQUENCE turn CACHE 1;
		CREATE UNLOGGED TABLE windows (turn bigint, number bigint, expires timestamptz, at timestamptz);
		CREATE UNLOGGED TABLE winners (key text, client text);
		CREATE UNLOGGED TABLE taken (value text);
		CREATE UNLOGGED TABLE passed_on (turn bigint, value bigint);
		CREATE UNLOGGED TABLE swapped (value bigint);
		CREATE UNLOGGED TABLE torn (keys bigint, different bigint);
		CREATE UNLOGGED TABLE raised (by bigint);
		CREATE UNLOGGED TABLE guarded (count bigint);
		INSERT INTO guarded VALUES (0);
		CREATE UNLOGGED TABLE released (mine boolean, removed boolean);
		CREATE UNLOGGED TABLE leases (turn bigint, token text, expires timestamptz, at timestamptz);
		CREATE UNLOGGED TABLE returned (token text, removed boolean);
	});

	# --- Counters ---

	run_clients("$name: kv_incr", 1000, 1, 'SELECT kv_incr(\'sum\', :client_id + 1)');
	is($node->sql(q{SELECT kv_get('sum')}), 1000 * $clients * ($clients + 1) / 2, "$name: kv_incr: the counter is the sum of what was added");

	run_clients("$name: kv_incr in windows", 500, 1, q{
		\set ttl case when :client_id = 0 then 0.020 else 0.002 end
		BEGIN;
		SELECT kv_incr('window', 1, :ttl::float8) AS number \gset
		INSERT INTO windows SELECT nextval('turn'), :number, expires, clock_timestamp() FROM kv_store WHERE key = 'window';
		COMMIT;
	});
	is($node->sql('SELECT count(*) FROM windows'), 500 * $clients, "$name: kv_incr in windows: every call counts");
	is( $node->sql(q{
			SELECT count(*) FROM (SELECT number, expires, lag(number, 1, 0) OVER w AS last, lag(expires) OVER w AS old, at FROM windows WINDOW w AS (ORDER BY turn)) s
			WHERE NOT (number = last + 1 AND expires IS NOT DISTINCT FROM coalesce(old, expires) OR number = 1 AND old <= at)}),
		0, "$name: kv_incr in windows: each window counts 1, 2, 3 .., and the next begins when it has expired");
	cmp_ok($node->sql('SELECT count(*) FROM windows WHERE number = 1'), '>', 1, "$name: kv_incr in windows: there were several");
	cmp_ok($node->sql('SELECT max(number) FROM windows'), '>', 1, "$name: kv_incr in windows: of several calls");

	# --- One winner ---

	run_clients("$name: kv_set_nx", 1000, 1, q{
		\set round :round + 1
		INSERT INTO winners SELECT 'new' || :round::text, :client_id::text WHERE kv_set_nx('new' || :round::text, :client_id::text);
	});
	is($node->sql(q{SELECT count(*), count(DISTINCT key) FROM winners}), '1000|1000', "$name: kv_set_nx: each key has one winner");
	is($node->sql(q{SELECT count(*) FROM winners WHERE kv_get(key) = client}), 1000, "$name: kv_set_nx: and his value");

	# All wait for the moment in which the old entry expires, and so does the sweeper.
	$node->sql(q{
		TRUNCATE winners;
		SELECT kv_set_ex('brief' || i, 'old', 0.2 + i * 0.005) FROM generate_series(1, 200) i;
		CREATE UNLOGGED TABLE brief AS SELECT key, expires FROM kv_store WHERE key LIKE 'brief%';
	});
	run_clients("$name: kv_set_nx on expiry", 200, 1, q{
		\set round :round + 1
		SELECT pg_sleep(extract(epoch FROM expires - clock_timestamp())) FROM brief WHERE key = 'brief' || :round::text;
		INSERT INTO winners SELECT 'brief' || :round::text, :client_id::text WHERE kv_set_nx('brief' || :round::text, :client_id::text);
	});
	is($node->sql(q{SELECT count(*), count(DISTINCT key) FROM winners}), '200|200', "$name: kv_set_nx on expiry: each key has one winner");
	is($node->sql(q{SELECT count(*) FROM winners WHERE kv_get(key) = client}), 200, "$name: kv_set_nx on expiry: and his value");

	$node->sql(q{SELECT count(kv_set_ex('prize' || i, i::text, 3600)) FROM generate_series(1, 1000) i});
	run_clients("$name: kv_get_del", 1000, 1, q{
		\set round :round + 1
		INSERT INTO taken SELECT value FROM kv_get_del('prize' || :round::text) value WHERE value IS NOT NULL;
	});
	is($node->sql('SELECT count(*), count(DISTINCT value) FROM taken'), '1000|1000', "$name: kv_get_del: each value is obtained once");

	# At every moment there is a live entry, though its row comes and goes: nobody misses it.
	$node->sql(q{SELECT kv_set('baton', '0')});
	run_clients("$name: a baton", 400, 2, q{
		BEGIN;
		SELECT kv_get_del('baton') AS value \gset
		INSERT INTO passed_on VALUES (nextval('turn'), :value::bigint);
		SELECT kv_set('baton', (:value::bigint + 1)::text);
		COMMIT;
	}, q{
		BEGIN;
		SELECT kv_expire('baton', 3600) AS found \gset
		INSERT INTO passed_on SELECT nextval('turn'), kv_incr('baton') - 1 WHERE :found::boolean;
		COMMIT;
	});
	is( $node->sql(q{SELECT count(*) FROM (SELECT value, row_number() OVER (ORDER BY turn) - 1 AS expected FROM passed_on) s WHERE value IS DISTINCT FROM expected}),
		0, "$name: a baton: everybody gets what the one before him has stored");
	is($node->sql(q{SELECT kv_get('baton')}), 400 * $clients, "$name: a baton: nobody is left out");

	# --- Compare and swap ---

	$node->sql(q{SELECT kv_set_ex('cas', '0', 3600)});
	run_clients("$name: kv_cas", 1000, 1, q{
		SELECT kv_get('cas') AS value \gset
		INSERT INTO swapped SELECT :value::bigint WHERE kv_cas('cas', :value::text, (:value::bigint + 1)::text);
	});
	is($node->sql(q{SELECT count(*) = kv_get('cas')::bigint AND count(*) = count(DISTINCT value) AND count(*) = max(value) + 1 FROM swapped}),
		't', "$name: kv_cas: each value is replaced once, and none is lost");

	# --- Batches ---

	my $forwards = q{ARRAY['m1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8']};
	my $backwards = q{ARRAY['m8', 'm7', 'm6', 'm5', 'm4', 'm3', 'm2', 'm1']};
	my $value = q{(:client_id::text || '-' || :round::text)};
	my $mset = sub { "SELECT kv_mset(${\shift}, array_fill($value, ARRAY[8])${\shift});\n" };
	my $torn = q{
		INSERT INTO torn SELECT count(*), count(DISTINCT value) FROM kv_store WHERE key BETWEEN 'm1' AND 'm8'
		HAVING count(DISTINCT value) > 1};
	run_clients("$name: kv_mset", 300, 2, "\\set round :round + 1\n" . $mset->($forwards, '') . $mset->($backwards, ', 3600') . "$torn OR count(*) <> 8;");
	is($node->sql('SELECT count(*) FROM torn'), 0, "$name: kv_mset: all keys or none, at any moment");
	run_clients("$name: kv_mset and kv_mdel", 200, 3, "\\set round :round + 1\n" . $mset->($forwards, ', 1e-6') . $mset->($backwards, '') . "$torn;\nSELECT kv_mdel($backwards);");
	is($node->sql('SELECT count(*) FROM torn'), 0, "$name: kv_mset and kv_mdel: never the values of two calls");

	# --- Renaming ---

	# Four pieces on seven places, in all directions, while others raise what is where it was a moment ago.
	$node->sql(q{SELECT kv_mset('{p1,p2,p3,p4}', '{1,2,3,4}'); TRUNCATE torn});
	run_clients("$name: kv_rename_nx", 1000, 1, q{
		\set from random(1, 7)
		\set to random(1, 7)
		SELECT kv_rename_nx('p' || :from::text, 'p' || :to::text);
		INSERT INTO torn SELECT count(*), count(DISTINCT value::bigint % 10) FROM kv_store WHERE key BETWEEN 'p1' AND 'p7' AND expires > clock_timestamp()
		HAVING count(*) <> 4 OR count(DISTINCT value::bigint % 10) <> 4;
	}, q{
		\set at random(1, 7)
		SELECT coalesce(kv_get('p' || :at::text), '0') AS value \gset
		INSERT INTO raised SELECT 10 WHERE kv_cas('p' || :at::text, :value::text, (:value::bigint + 10)::text);
	});
	is($node->sql('SELECT count(*) FROM torn'), 0, "$name: kv_rename_nx: each entry is in one place, at any moment");
	is($node->sql(q{SELECT count(*), sum(value::bigint) - 10 - (SELECT sum(by) FROM raised) FROM kv_scan('p')}), '4|0', "$name: kv_rename_nx: and nothing that is written to it is lost");
	cmp_ok($node->sql('SELECT count(*) FROM raised'), '>', 100, "$name: kv_rename_nx: much is");

	# --- Locks ---

	# Who has the lock adds to a counter in two steps: two at a time would lose one.
	run_clients("$name: a lock", 600, 2, q{
		\set round :round + 1
		SELECT kv_set_nx('lock', :client_id::text || '-' || :round::text, 3600) AS mine \gset
		\if :mine
			SELECT count AS count FROM guarded \gset
			UPDATE guarded SET count = :count::bigint + 1;
		\endif
		INSERT INTO released VALUES (:mine::boolean, kv_del_if('lock', :client_id::text || '-' || :round::text));
	});
	is($node->sql('SELECT count(*) FROM released WHERE mine <> removed'), 0, "$name: a lock: is released by its holder, and by nobody else");
	is($node->sql('SELECT (SELECT count FROM guarded) = count(*) AND count(*) > 0 FROM released WHERE mine'), 't', "$name: a lock: has one holder at a time");

	# A lock that expires while it is held.
	run_clients("$name: a lease", 600, 2, q{
		\set round :round + 1
		BEGIN;
		SELECT kv_set_nx('lease', :client_id::text || '-' || :round::text, 0.002) AS mine \gset
		\if :mine
			INSERT INTO leases SELECT nextval('turn'), value, expires, clock_timestamp() FROM kv_store WHERE key = 'lease';
		\endif
		COMMIT;
		INSERT INTO returned VALUES (:client_id::text || '-' || :round::text, kv_del_if('lease', :client_id::text || '-' || :round::text));
	});
	is($node->sql('SELECT count(*) FROM returned r WHERE removed AND NOT EXISTS (SELECT FROM leases l WHERE l.token = r.token)'),
		0, "$name: a lease: is returned by its holder only");
	is( $node->sql(q{
			SELECT count(*) FROM (SELECT lag(token) OVER w AS last, lag(expires) OVER w AS old, at FROM leases WINDOW w AS (ORDER BY turn)) s
			WHERE old > at AND NOT EXISTS (SELECT FROM returned r WHERE r.token = last AND removed)}),
		0, "$name: a lease: the next one begins when the last was returned or has expired");

	# --- What is left behind ---

	is($node->sql(q{SET enable_indexscan = off; SET enable_bitmapscan = off; SELECT count(*) - count(DISTINCT key) FROM kv_store}),
		0, "$name: no key is stored twice");
	is($node->sql(q{SELECT sum(deadlocks) FROM pg_stat_database}), 0, "$name: no deadlocks");
	ok($node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM kv_store WHERE expires <= clock_timestamp()'), "$name: what has expired is swept");
  SKIP:
	{
		skip 'amcheck is not installed', 1 unless $node->sql(q{SELECT count(*) FROM pg_available_extensions WHERE name = 'amcheck'});
		$node->sql('CREATE EXTENSION IF NOT EXISTS amcheck');
		is($node->sql(q{SELECT count(bt_index_parent_check('kv_store_pkey', true)), (SELECT count(*) FROM verify_heapam('kv_store')) FROM generate_series(1, 1)}),
			'1|0', "$name: table and index are sound");
	}
	$node->sql(q{
		DROP EXTENSION kvstore CASCADE;
		DROP SEQUENCE turn;
		DROP TABLE windows, winners, brief, taken, passed_on, swapped, torn, raised, guarded, released, leases, returned;
	});
}

test_path('fast path');
$node->sql('ALTER DATABASE postgres SET kvstore.fast_path = off');    # of the sweeper, too
test_path('SQL path');
cmp_ok($calls, '>=', 100_000, "$calls calls");

$node->stop('fast');
done_testing();
