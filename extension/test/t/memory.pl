# The memory of a session stays what it is, however often it calls any of the functions: within one
# statement, in one transaction, in many, and when each call is an error that is caught; on both
# paths. So does that of the launcher, round after round, and that of sweepers.
#
#   KV_CALLS    how many calls of each (400); 10,000 at most of what makes files or looks at all stores,
#               which takes milliseconds
#   KV_WAYS     a pattern of the ways, of those four (all)
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

my $calls = $ENV{KV_CALLS} // 400;
my $ways = $ENV{KV_WAYS} // '';
my $node = Kvstore->begin('memory', "shared_preload_libraries = 'kvstore'", 'kvstore.sweep_interval = 0', 'log_statement = none',
	'log_min_error_statement = panic', 'synchronous_commit = off', 'max_wal_size = 4GB', 'autovacuum = off');

# What PostgreSQL keeps for a plain UPDATE as well does not count: for each change of a row that the
# transaction has changed before, in Combo CIDs, and for each that a procedure executes, in its SPI Proc.
$node->sql(q{
	CREATE EXTENSION kvstore;
	CREATE FUNCTION used() RETURNS bigint LANGUAGE sql AS $$
		SELECT sum(used_bytes)::bigint FROM pg_backend_memory_contexts WHERE name NOT IN ('Combo CIDs', 'SPI Proc')
	$$;
	CREATE FUNCTION anonymous(process text) RETURNS bigint LANGUAGE plpgsql AS $$
	BEGIN
		RETURN substring(pg_read_file('/proc/' || process || '/status', 0, 10000, true) FROM 'RssAnon:\s+(\d+)')::bigint * 1024;
	EXCEPTION WHEN internal_error OR io_error OR undefined_file THEN
		RETURN NULL;    -- it has ended meanwhile
	END $$;
	-- The least that memory has grown by in one of eight equal times, in bytes a call. Not in the first
	-- two, which warm up; what grows once, or doubles now and then, is no leak.
	CREATE FUNCTION least_growth(bytes bigint[], calls int) RETURNS numeric LANGUAGE sql AS $$
		SELECT min(bytes[n + 1] - bytes[n]) * 8.0 / calls FROM generate_series(3, cardinality(bytes) - 1) n
	$$;
	CREATE PROCEDURE in_many_transactions(call text, calls int, INOUT left_behind numeric DEFAULT NULL) LANGUAGE plpgsql AS $$
	DECLARE
		bytes bigint[];
	BEGIN
		FOR i IN 0 .. calls LOOP
			IF i % (calls / 8) = 0 THEN bytes := bytes || public.used(); END IF;
			EXECUTE 'SELECT ' || call;
			COMMIT;
		END LOOP;
		left_behind := public.least_growth(bytes, calls);
	END $$;
	CREATE PROCEDURE in_one_transaction(call text, calls int, INOUT left_behind numeric DEFAULT NULL) LANGUAGE plpgsql AS $$
	DECLARE
		bytes bigint[];
	BEGIN
		FOR i IN 0 .. calls LOOP
			IF i % (calls / 8) = 0 THEN bytes := bytes || public.used(); END IF;
			EXECUTE 'SELECT ' || call;
		END LOOP;
		left_behind := public.least_growth(bytes, calls);
	END $$;
	CREATE PROCEDURE with_errors_caught(call text, calls int, INOUT left_behind numeric DEFAULT NULL) LANGUAGE plpgsql AS $$
	DECLARE
		bytes bigint[];
	BEGIN
		FOR i IN 0 .. calls LOOP
			IF i % (calls / 8) = 0 THEN bytes := bytes || public.used(); END IF;
			BEGIN
				EXECUTE 'SELECT ' || call;
			EXCEPTION WHEN OTHERS THEN
				NULL;
			END;
		END LOOP;
		left_behind := public.least_growth(bytes, calls);
	END $$;
	CREATE PROCEDURE in_one_statement(call text, calls int, INOUT left_behind numeric DEFAULT NULL) LANGUAGE plpgsql AS $$
	DECLARE
		bytes bigint[];
	BEGIN
		EXECUTE format('SELECT array_agg(bytes ORDER BY i) FILTER (WHERE bytes > 0) FROM (
			SELECT i, CASE WHEN i %% (%2$s / 8) = 0 THEN public.used() END AS bytes, %1$s AS given FROM generate_series(0, %2$s) i OFFSET 0) c', call, calls) INTO bytes;
		left_behind := public.least_growth(bytes, calls);
	END $$;
});

my $include = slurp_file("$FindBin::RealBin/../../../sql/include/calls.sql");
$node->sql($include);
$node->sql(q{
	SELECT kv_set('k', 'v');
	CREATE TABLE measured AS
	SELECT n, kind, call FROM (
		SELECT n, unnest(ARRAY['in_many_transactions', 'in_one_transaction']) AS kind, call FROM calls WHERE call IS NOT NULL
		UNION ALL SELECT n, 'in_one_statement', call FROM calls WHERE call NOT LIKE '% FROM %'
		UNION ALL SELECT n, 'with_errors_caught', with_null[1] FROM calls WHERE with_null[1] IS NOT NULL
		UNION ALL SELECT n, 'with_errors_caught', format(key, 'repeat(''k'', 2049)') FROM calls WHERE key IS NOT NULL
		UNION ALL SELECT n, 'with_errors_caught', error FROM calls, unnest(ARRAY[
			'kv_incr(''k'')', 'kv_set(''k'', ''\xff''::bytea)', 'kv_get(''k'', ''pg_class'')', 'kv_set_ex(''k'', ''v'', ''soon'')',
			'kv_mset(''{a,b}'', ''{a,NULL}'')', 'kv_set(''k'', ''v'', ''closed'')']) error WHERE n = 1) m
	-- TRUNCATE, and what makes a trigger: each leaves much to PostgreSQL until the transaction ends.
	WHERE kind = 'in_many_transactions' OR call !~ 'kv_(flush|limit)';
	-- A value that grows makes each call longer.
	UPDATE measured SET call = replace(call, quote_literal('w'), quote_literal('')) WHERE call LIKE 'kv_append%';
	DELETE FROM measured WHERE kind !~ '} . $ways . q{';
	INSERT INTO measured SELECT 0, kind, 'length(''k'')' FROM measured GROUP BY kind;
	ALTER TABLE measured ADD calls int NOT NULL DEFAULT } . $calls . q{;
	UPDATE measured SET calls = least(calls, 10000) WHERE call ~ 'kv_(flush|limit)|kv_stats$';
	SELECT kv_create_store('closed');
	ALTER TABLE closed ADD CHECK (false);
});
my $expected = $node->sql('SELECT count(*) FROM measured');

for my $path ('on', 'off')
{
	# Each in the same session. Calls in turn, so that each has its entry.
	my $session = $node->background_psql('postgres');
	$session->set_query_timer_restart;    # the limit is one of each call
	$session->query_safe("SET kvstore.fast_path = $path; SET client_min_messages = error");
	my (%left, $all);
	for my $row (split /\n/, $node->sql('SELECT kind, calls, call, quote_literal(call) FROM measured ORDER BY kind, n'))
	{
		my ($kind, $count, $call, $quoted) = split /\|/, $row;
		$session->query_safe(q{SELECT kv_set('k', 'v')});
		$left{"$kind: $call"} = $session->query_safe("CALL $kind($quoted, $count)");
		note("$kind: $call: $count times");
		$all += $count;
	}
	my $anonymous = $session->query_safe("SELECT anonymous('self')");
	$session->quit;
	# A function of PostgreSQL's shows what the measuring itself leaves.
	my %measuring = map { /^(\w+): length/ ? ($1 => $left{$_}) : () } keys %left;
	is(scalar keys %measuring, $node->sql('SELECT count(DISTINCT kind) FROM measured'), 'in each way');
	my @growing = grep { $left{$_} >= $measuring{ s/:.*//sr } + 8 } sort keys %left;
	is(join("\n", map { "$_: $left{$_} bytes a call" } @growing), '', "fast path $path: no call leaves memory behind");
	is(scalar keys %left, $expected, 'all were measured');
	cmp_ok($anonymous, '<', 30e6, 'the session is small');
	note("fast path $path: $all calls, $anonymous bytes of anonymous memory");
}
# --- The launcher, and sweepers ---

# The most that either has while a number of rounds go by.
sub most_in_rounds
{
	my ($rounds) = @_;
	return $node->sql(qq{
		SET client_min_messages = error;
		CREATE TEMP TABLE seen (type text, bytes bigint);
		DO \$\$
		DECLARE
			before timestamptz; now timestamptz; rounds int := 0;
		BEGIN
			WHILE rounds < $rounds OR (SELECT count(DISTINCT type) FROM seen WHERE bytes > 0) < 2 LOOP
				SELECT last_sweep INTO now FROM kv_counters('kv_store');
				IF now IS DISTINCT FROM before THEN rounds := rounds + 1; before := now; END IF;
				PERFORM pg_stat_clear_snapshot(), pg_sleep(0.01);
				INSERT INTO seen SELECT backend_type, anonymous(pid::text) FROM pg_stat_activity WHERE backend_type IN ('kvstore launcher', 'kvstore sweeper');
			END LOOP;
		END \$\$;
		SELECT type, max(bytes) FROM seen GROUP BY type});
}

$node->sql("ALTER SYSTEM SET kvstore.sweep_interval = '10ms'");
$node->reload;
my $many = $calls < 20_000 ? $calls / 20 : 1000;
most_in_rounds($many);    # which warm up
my ($before, $after) = map { most_in_rounds($many) } 1 .. 2;
my %before = $before =~ /^(.*)\|(\d+)$/mg;
my %after = $after =~ /^(.*)\|(\d+)$/mg;
for my $type (sort keys %before)
{
	cmp_ok($after{$type}, '<', $before{$type} + 512 * 1024, "$type: no more memory after $many rounds more");
	note("$type: $before{$type}, then $after{$type} bytes of anonymous memory");
}
$node->stop('fast');
done_testing();
