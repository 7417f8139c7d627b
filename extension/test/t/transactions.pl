# Calls in transactions of every kind, on either path: prepared ones and a crash between, savepoints,
# cursors, blocks with EXCEPTION, parallel queries, SERIALIZABLE and REPEATABLE READ.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = Kvstore->begin('transactions', "shared_preload_libraries = 'kvstore'", "kvstore.sweep_interval = '10ms'", 'max_prepared_transactions = 10',
	'max_parallel_workers = 4', 'max_worker_processes = 8');
$node->sql(q{CREATE EXTENSION kvstore; CREATE EXTENSION amcheck; SELECT kv_create_store('logged', logged => true)});

# What the statements give, as lines.
sub lines { return join ' ', grep { $_ ne '' } split /\n/, $node->sql(shift) }

# --- Transactions that are prepared ---

# Prepares as 'committed' and 'rolled_back' what it will look at when the server has crashed.
sub prepare
{
	my ($path, $set) = @_;
	$node->sql(qq{
		$set;
		SELECT kv_flush(), kv_flush(store => 'logged');
		SELECT kv_mset('{changed,gone,counted,kept}', '{old,here,41,as it was}', store => 'logged'), kv_set('changed', 'old'), kv_set_ex('brief', 'x', 3, store => 'logged');
		BEGIN;
		SELECT kv_set('changed', 'new', store => 'logged'), kv_set_nx('made', 'here', store => 'logged'), kv_del('gone', store => 'logged'),
			kv_incr('counted', store => 'logged'), kv_set('changed', 'new'), kv_lease('$path', 'mine', 3600, store => 'logged');
		PREPARE TRANSACTION 'committed';
		BEGIN;
		SELECT kv_set('kept', 'lost', store => 'logged'), kv_set_nx('unmade', 'lost', store => 'logged'), kv_persist('brief', store => 'logged');
		PREPARE TRANSACTION 'rolled_back';
	});
}

sub look_before_commit
{
	my ($what, $set) = @_;
	is($node->sql(q{SELECT key, value FROM kv_scan(store => 'logged') WHERE key <> 'brief'}), "changed|old\ncounted|41\ngone|here\nkept|as it was", "$what: nothing is seen of it");
	for my $call (q{kv_set('changed', 'x', store => 'logged')}, q{kv_set_nx('made', 'x', store => 'logged')}, q{kv_incr('counted', store => 'logged')}, q{kv_del('kept', store => 'logged')})
	{
		like($node->error_of("$set; SET lock_timeout = '50ms'; SELECT $call"), qr/ERROR:  55P03/, "$what: $call waits for it");
	}
	is($node->sql("$set; SELECT kv_set('another', 'x', store => 'logged'); SELECT kv_del('another', store => 'logged')"), "\nt", "$what: other keys are free");
	$node->poll_query_until('postgres', q{SELECT NOT kv_exists('brief', store => 'logged')});
	is($node->sql(q{SELECT kv_sweep(store => 'logged'), count(*) FROM logged WHERE key = 'brief'}), '0|1', "$what: what it has written is not swept");
}

sub test_prepared
{
	my ($path, $set) = @_;
	prepare($path, $set);
	look_before_commit("$path, prepared", $set);
	$node->stop('immediate');
	$node->start;
	look_before_commit("$path, prepared, after a crash", $set);
	is($node->sql(q{SELECT kv_count()}), 0, "$path, prepared, after a crash: an unlogged store is empty");

	$node->sql(q{COMMIT PREPARED 'committed'; ROLLBACK PREPARED 'rolled_back'});
	is($node->sql(q{SELECT key, value FROM kv_scan(store => 'logged')}), "changed|new\ncounted|42\nkept|as it was\nmade|here", "$path, COMMIT PREPARED: what it wrote is there, all and only that");
	is($node->sql(q{SELECT kv_count()}), 0, "$path, COMMIT PREPARED: the unlogged store stays empty");
	is($node->sql("SELECT kv_lease('$path', 'another', 60, store => 'logged')"), 't', "$path, COMMIT PREPARED: a lease does not outlive a crash");
	ok($node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM logged WHERE key = 'brief'}), "$path, ROLLBACK PREPARED: it is swept");
	is($node->damages, '', "$path, prepared: all is sound");
	# By its number, so that it is nobody but the call who looks at it.
	for my $call ("kv_set('k', 'v', store => :mine)", "kv_get('k', store => :mine)")
	{
		like($node->error_of("$set; SELECT kv_create_store('pg_temp.mine')::oid AS mine \\gset\nBEGIN;\nSELECT $call;\nPREPARE TRANSACTION 'temporary'"),
			qr/0A000: cannot PREPARE a transaction that has operated on temporary objects/, "$path, $call: of a temporary store cannot be prepared");
	}
}

# --- Savepoints ---

sub test_savepoints
{
	my ($path, $set) = @_;
	is( lines(qq{
			$set;
			SELECT kv_flush(), kv_set('there', 'old');
			BEGIN;
			SELECT kv_set('n', '1');
			SAVEPOINT a;
			SELECT kv_incr('n'), kv_set_nx('made', 'x'), kv_del('there');
			SAVEPOINT b;
			SELECT kv_get_del('n'), kv_set_nx('there', 'anew');
			ROLLBACK TO b;
			SELECT kv_get('n'), kv_exists('there'), kv_append('n', '5');
			RELEASE b;
			SELECT kv_get('n');
			ROLLBACK TO a;
			SELECT kv_get('n'), kv_exists('made'), kv_get('there'), kv_mset('{made,other}', '{1,2}'), kv_lease('savepoint', 'mine', 60);
			ROLLBACK TO a;
			SELECT kv_incr('n'), kv_incr('n');
			COMMIT;
			SELECT key, value FROM kv_scan();
		}),
		'| 2|t|t 2|t 2|f|2 25 1|f|old|2|t 2|3 n|3 there|old', "$path: ROLLBACK TO takes back what came after the savepoint, and nothing else");

	my $session = $node->background_psql('postgres');
	$session->query_safe("$set; BEGIN; SELECT kv_set('kept', 'x'); SAVEPOINT a; SELECT kv_set('free', 'x'), kv_set('n', 'x'), kv_lease('free', 'mine', 60); ROLLBACK TO a");
	is($node->sql("$set; SET lock_timeout = '1min'; SELECT kv_set_nx('free', 'y'), kv_incr('n'), kv_lease('free', 'mine', 60)"), 't|4|t', "$path: and nobody waits for that");
	like($node->error_of("$set; SET lock_timeout = '50ms'; SELECT kv_set('kept', 'y')"), qr/ERROR:  55P03/, "$path: but for what came before");
	$session->query_safe('COMMIT');
	$session->quit;
	$node->sql(q{SELECT kv_release('free', 'mine')});

	# Many, one in the other and one after the other.
	is( $node->sql(qq{
			$set;
			DO \$\$
			BEGIN
				PERFORM kv_set('sum', '0');
				FOR i IN 1 .. 200 LOOP
					BEGIN
						PERFORM kv_incr('sum', i), kv_set('last', i::text);
						IF i % 2 = 0 THEN RAISE 'no'; END IF;
					EXCEPTION WHEN raise_exception THEN
						PERFORM kv_incr('failed');
					END;
				END LOOP;
			END \$\$;
			SELECT kv_get('sum'), kv_get('last'), kv_get('failed')}),
		'10000|199|100', "$path: of two hundred blocks those count that succeed");
	$node->sql(q{SELECT kv_flush()});
}

# --- Cursors ---

sub test_cursors
{
	my ($path, $set) = @_;
	is( lines(qq{
			$set;
			SELECT kv_mset('{p1,p2,p3,p4}', '{a,b,c,d}');
			BEGIN;
			DECLARE scanned CURSOR FOR SELECT key, value FROM kv_scan('p');
			DECLARE held CURSOR WITH HOLD FOR SELECT * FROM kv_mget('{p4,none,p1}');
			DECLARE called SCROLL CURSOR FOR SELECT i, kv_get('p' || i) FROM generate_series(1, 4) i;
			FETCH 2 FROM scanned;
			FETCH 2 FROM called;
			SELECT kv_del_prefix('p');
			FETCH ALL FROM scanned;
			FETCH ALL FROM called;
			FETCH ABSOLUTE 1 FROM called;
			SAVEPOINT a;
			DECLARE abandoned CURSOR FOR SELECT key FROM kv_scan();
			FETCH 1 FROM abandoned;
			ROLLBACK TO a;
			SELECT kv_count();
			COMMIT;
			SELECT kv_flush();
			FETCH ALL FROM held;
			CLOSE held;
		}),
		'4 p1|a p2|b 1|a 2|b 4 p3|c p4|d 3|c 4|d 1|a 0 p4|d none| p1|a', "$path: a cursor goes on with what there was when it was declared");
}

# --- Errors in blocks ---

# Each of these calls fails; again and again, and then the transaction goes on.
sub test_exceptions
{
	my ($path, $set) = @_;
	my $locker = $node->background_psql('postgres');
	$node->sql(q{SELECT kv_mset('{k,text,locked}', '{v,not a number,x}'), kv_set('bytes', '\xff'::bytea, store => 'bytes')});
	$locker->query_safe(q{BEGIN; SELECT kv_set('locked', 'y')});
	is( $node->sql(qq{
			$set;
			SET lock_timeout = '1ms';
			BEGIN;
			SELECT kv_set('before', 'x');
			DO \$\$
			DECLARE failing text; sqlstates text[] := '{}'; repetitions int;
			BEGIN
				FOR failing, repetitions IN SELECT call, CASE WHEN call ~ 'locked' THEN 3 ELSE 20 END FROM failing_calls LOOP
					FOR i IN 1 .. repetitions LOOP
						BEGIN
							EXECUTE 'SELECT kv_set(''within'', ''lost''), ' || failing;
							sqlstates := sqlstates || ('no error: ' || failing);
						EXCEPTION WHEN OTHERS THEN
							sqlstates := sqlstates || SQLSTATE::text;
						END;
					END LOOP;
				END LOOP;
				PERFORM kv_set('sqlstates', (SELECT string_agg(DISTINCT s, ' ' ORDER BY s) FROM unnest(sqlstates) s));
			END \$\$;
			SELECT kv_set('after', 'x');
			COMMIT;
			SELECT kv_get('sqlstates'), kv_exists('before'), kv_exists('within'), kv_exists('after')}),
		"\n\n22004 22007 22021 22023 2202E 22P02 23514 42809 42P01 54000 55P03|t|f|t", "$path: a block catches each error, and the transaction goes on");
	$locker->query_safe('ROLLBACK');
	$locker->quit;
	$node->sql(q{SELECT kv_flush()});
}

# --- Parallel queries ---

sub test_parallel
{
	my ($path, $set) = @_;
	my $parameter = $node->sql('SHOW server_version_num') >= 160000 ? 'debug_parallel_query' : 'force_parallel_mode';
	my $fill = q{SELECT kv_set('k', 'v'), kv_set('number', '1'), kv_set_ex('brief', 'x', 1e-6), kv_mset('{a,b,c}', '{1,2,3}')};
	my @reading = (
		q{SELECT kv_get('k'), kv_get_bytes('k'), kv_exists('k'), kv_ttl('k'), kv_expires('k'), kv_get('brief'), kv_get('none'), kv_count(), kv_detour()},
		q{SELECT * FROM kv_mget('{a,none,c}')}, q{SELECT * FROM kv_mget_bytes('{a,none}')}, 'SELECT * FROM kv_scan(max => 3)', 'SELECT * FROM kv_scan_bytes()',
		q{SELECT kv_get('k', store => 'logged')});
	for my $query (@reading)
	{
		like($node->sql("$set; SET $parameter = on; EXPLAIN (COSTS OFF) $query"), qr/Gather/, "$path: goes to a worker: $query");
		# With what the transaction itself has written.
		my @answers = map { $node->sql("$set; SET $parameter = $_; BEGIN; $fill; $query; ROLLBACK") } 'off', 'on';
		is($answers[1], $answers[0], "$path: and is answered alike there");
	}
	is($node->sql("$set; SET $parameter = on; $fill; SELECT kv_incr('number'), kv_get_del('k'), kv_set_nx('new', 'x'); SELECT kv_flush()"), "|||3\n2|v|t\n", "$path: writes do not");
	like($node->error_of("$set; SET $parameter = on; SELECT kv_get('bytes', store => 'bytes')"), qr/22021/, "$path: an error comes back from there");
}

# --- Isolation ---

sub run_clients
{
	my ($what, $isolation, $script) = @_;
	$node->pgbench('--no-vacuum --protocol=prepared --client=4 --jobs=1 --transactions=150 --max-tries=10000', 0, [qr{processed: 600/600}], [qr/^(?!.*(error|aborted))/s],
		"$what: each transaction succeeds in the end", { "isolation" . $what =~ s/\W/_/gr => "BEGIN ISOLATION LEVEL $isolation;\n$script\nCOMMIT;" });
}

sub test_isolation
{
	my ($path, $set) = @_;
	local $ENV{PGOPTIONS} = $set =~ /(\w+\.\w+) = (\w+)/ ? "-c $1=$2" : '';
	# Of each pair one is there at most: whoever makes one has seen that the other is not there.
	$node->sql('SELECT kv_flush()');
	run_clients("$path, SERIALIZABLE", 'SERIALIZABLE', q{
		\set pair random(1, 3)
		\set one random(1, 2)
		\set other 3 - :one
		\set leaves random(0, 1)
		SELECT kv_exists(:pair::text || '-' || :other::text)::int AS there \gset
		SELECT CASE WHEN :there::int + :leaves::int > 0 THEN kv_del(:pair::text || '-' || :one::text) ELSE kv_set_nx(:pair::text || '-' || :one::text, 'x') END;
		INSERT INTO seen SELECT kv_count(:pair::text || '-');
	});
	is($node->sql('SELECT count(*) FILTER (WHERE there > 1), count(*), max(there) FROM seen'), '0|600|1', "$path, SERIALIZABLE: nobody has seen both");
	$node->sql('SELECT kv_flush(); TRUNCATE seen');
	# A counter in two steps.
	$node->sql(q{SELECT kv_set('count', '0')});
	run_clients("$path, REPEATABLE READ", 'REPEATABLE READ', q{
		SELECT kv_get('count') AS count \gset
		SELECT kv_set('count', (:count::int + 1)::text);
	});
	is($node->sql(q{SELECT kv_get('count')}), 600, "$path, REPEATABLE READ: no update is lost");
	$node->sql(q{SELECT kv_flush()});
}

$node->sql(q{
	CREATE TABLE seen (there bigint);
	CREATE TABLE no_store (key text);
	SELECT kv_create_store('bytes', value_type => 'bytea'), kv_create_store('checked');
	ALTER TABLE checked ADD CONSTRAINT short CHECK (length(value) < 10);
});
# What every function refuses, and some more.
my $calls = slurp_file("$FindBin::RealBin/../../../sql/include/calls.sql");
$node->sql($calls);
$node->sql(q{
	CREATE TABLE failing_calls AS
	SELECT call FROM (VALUES ($$kv_set_ex('k', 'x', 'soon')$$), ($$kv_set_ex('k', 'x', 0)$$), ($$kv_incr('text')$$), ($$kv_get('bytes', store => 'bytes')$$),
		($$kv_set('k', '\xff'::bytea)$$), ($$kv_get('k', store => 'no_store')$$), ($$kv_get('k', store => 'nowhere')$$), ($$kv_set('k', 'more than ten', store => 'checked')$$),
		($$kv_mset('{a,b}', '{1}')$$), ($$kv_set('locked', 'x')$$), ($$kv_del('locked')$$), ($$kv_scan(max => 0)$$), ($$kv_del_prefix('')$$), ($$kv_limit('a lot')$$), ($$kv_sweep(0)$$)) c (call)
	UNION ALL SELECT format(key, $$repeat('k', 2049)$$) FROM calls WHERE key IS NOT NULL
	UNION ALL SELECT unnest(with_null) FROM calls WHERE function NOT IN ('kv_sizes', 'kv_counters') AND EXISTS (SELECT FROM pg_proc WHERE proname = function AND provolatile = 'v')});

for my $path ([ 'fast path', 'SET kvstore.fast_path = on' ], [ 'SQL path', 'SET kvstore.fast_path = off' ])
{
	test_prepared(@$path);
	test_savepoints(@$path);
	test_cursors(@$path);
	test_exceptions(@$path);
	test_parallel(@$path);
	test_isolation(@$path);
}

# --- Pipelines ---
# What is behind kv_sweep() in a pipeline may rely on constraints that are deferred.
$node->sql(q{
	CREATE ROLE piper;
	CREATE SCHEMA piper AUTHORIZATION piper;
	SET ROLE piper;
	SELECT kv_create_store('piper.s');
	CREATE UNLOGGED TABLE piper.child (key text COLLATE "C" REFERENCES piper.s DEFERRABLE INITIALLY DEFERRED)});
for my $before ('', "SELECT kv_count(store => 'piper.s');\n")
{
	$node->pgbench('--no-vacuum --protocol=extended --client=1 --transactions=1', 0, [qr{processed: 1/1}], [qr/^(?!.*(error|aborted))/s],
		'deferred constraints stay so in a pipeline',
		{ 'pipeline' . length $before => "\\startpipeline\n${before}SELECT kv_sweep(store => 'piper.s');\nINSERT INTO piper.child VALUES ('k" . length($before) . "');\nINSERT INTO piper.s VALUES ('k" . length($before) . "', 'v', 'infinity');\n\\endpipeline\n" });
}
is($node->sql('SELECT count(*) FROM piper.s JOIN piper.child USING (key)'), 2, 'to its end');

is($node->damages, '', 'all is sound');
# A snapshot, a pin or a lock that is left open would be a warning.
is($node->complaints(qr/ERROR:|FATAL:  the database system is/), '', 'nobody complained of what was left open');
$node->stop('fast');
done_testing();
