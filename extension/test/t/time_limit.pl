# What an owner's triggers do in a sweep is cut short, and is at the cost of nobody else.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = Kvstore->begin('time_limit', "shared_preload_libraries = 'kvstore'", "kvstore.sweep_interval = '100ms'", "autovacuum = off");

my $trap = q{
	SELECT kv_create_store('a_trap');
	CREATE TRIGGER trap BEFORE DELETE ON a_trap FOR EACH ROW EXECUTE FUNCTION trap();
	SELECT kv_set_ex('brief', 'x', 1e-6, store => 'a_trap');
};
my %body = (
	sleeper => 'PERFORM pg_sleep(300);',
	catcher => 'LOOP BEGIN PERFORM pg_sleep(300); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP;');
for my $database (sort keys %body)
{
	$node->sql("CREATE DATABASE $database");
	$node->safe_psql($database, "CREATE EXTENSION kvstore; SELECT kv_create_store('z_other');
		CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN $body{$database} RETURN OLD; END \$\$; $trap");
}
# Until both have come to it.
ok($node->poll_query_until('postgres', q{SELECT count(DISTINCT datname) = 2 FROM pg_stat_activity WHERE backend_type = 'kvstore sweeper' AND wait_event = 'PgSleep'}), 'two sweepers are in a trap')
	or diag($node->sql(q{SELECT datname, query, wait_event FROM pg_stat_activity WHERE backend_type LIKE 'kvstore%'}));
$node->sql(q{CREATE EXTENSION kvstore; SELECT kv_set_ex('brief', 'x', 1e-6)});
ok($node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM kv_store'), 'another database is swept');
for my $database (sort keys %body)
{
	for my $round (1 .. 3)
	{
		$node->safe_psql($database, q{SELECT kv_set_ex('brief', 'x', 1e-6), kv_set_ex('brief', 'x', 1e-6, store => 'z_other')});
		ok($node->poll_query_until($database, 'SELECT NOT EXISTS (SELECT FROM kv_store) AND NOT EXISTS (SELECT FROM z_other)'), "$database: the other stores of the database are swept, round $round");
	}
	is($node->safe_psql($database, 'SELECT count(*) FROM a_trap'), 1, "$database: the trap is not");
}
like(slurp_file($node->logfile), qr/ERROR:  canceling statement due to statement timeout\n.*sweeping store "public\.a_trap" of database "sleeper"/s, 'the sleeper is told of');
like(slurp_file($node->logfile), qr/the sweeper ended because a transaction on the store "public\.a_trap" of database "catcher" took too long/, 'and the catcher');

# The trap is tried more and more seldom, but still.
$node->safe_psql('sleeper', 'DROP TRIGGER trap ON a_trap');
ok($node->poll_query_until('sleeper', 'SELECT NOT EXISTS (SELECT FROM a_trap)'), 'when it is mended, the store is swept');
$node->safe_psql("sleeper", "DROP TABLE a_trap; $trap");

# Databases can be dropped while sweepers are in a trap.
for my $database (sort keys %body)
{
	$node->sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'kvstore launcher'");    # who forgets
	ok($node->poll_query_until('postgres', qq{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'kvstore sweeper' AND wait_event = 'PgSleep' AND datname = '$database'}), "$database: a sweeper is in the trap");
	is($node->psql('postgres', "DROP DATABASE $database"), 0, "$database is dropped");
}

# --- What is merely slow gets done ---
# Many slow ones, which come after quick ones, of which a statement removes very many.
$node->sql(q{
	CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(TG_ARGV[0]::float); RETURN OLD; END $$;
	SELECT kv_create_store('slow'), kv_create_store('huge');
	CREATE TRIGGER dawdle BEFORE DELETE ON slow FOR EACH ROW WHEN (OLD.key LIKE 'slow%') EXECUTE FUNCTION dawdle(0.02);
	INSERT INTO slow SELECT 'quick' || i, 'x', now() FROM generate_series(1, 3000) i});
ok($node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM slow'), 'quick removals');
$node->sql(q{INSERT INTO slow SELECT 'slow' || i, 'x', now() FROM generate_series(1, 100) i});
ok($node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM slow'), 'slow removals, which together take longer than the limit');

# A single one that takes longer than the limit, and is so large that this may be why.
$node->sql(q{
	CREATE TRIGGER dawdle BEFORE DELETE ON huge FOR EACH ROW EXECUTE FUNCTION dawdle(1.2);
	ALTER TABLE huge ALTER value SET STORAGE EXTERNAL;
	INSERT INTO huge VALUES ('k', repeat('x', 100000000), now())});
ok($node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM huge'), 'the removal of a huge value');

# How many keys each statement had. What a statement takes by itself does not become less with fewer
# keys: then it has many. What each key takes does: then it has one, if that takes long.
$node->sql(q{
	CREATE TABLE statements (store name, entries bigint);
	CREATE FUNCTION record() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO statements SELECT TG_TABLE_NAME, count(*) FROM gone;
		PERFORM pg_sleep(TG_ARGV[0]::float);
		RETURN NULL;
	END $$;
	SELECT kv_create_store('slow_statements'), kv_create_store('slow_keys');
	CREATE TABLE slow_parts OF kv_entry (key WITH OPTIONS PRIMARY KEY, value WITH OPTIONS NOT NULL, expires WITH OPTIONS NOT NULL DEFAULT 'infinity') PARTITION BY HASH (key);
	CREATE TABLE slow_part PARTITION OF slow_parts FOR VALUES WITH (MODULUS 1, REMAINDER 0);
	CREATE TRIGGER record AFTER DELETE ON slow_statements REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION record(0.2);
	CREATE TRIGGER record AFTER DELETE ON slow_parts REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION record(0.2);
	CREATE TRIGGER record AFTER DELETE ON slow_keys REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION record(0);
	CREATE TRIGGER dawdle BEFORE DELETE ON slow_keys FOR EACH ROW EXECUTE FUNCTION dawdle(0.3);
	INSERT INTO slow_statements SELECT i, 'x', now() FROM generate_series(1, 200) i;
	INSERT INTO slow_parts SELECT i, 'x', now() FROM generate_series(1, 200) i;
	INSERT INTO slow_keys SELECT i, 'x', now() FROM generate_series(1, 6) i});
ok($node->poll_query_until('postgres', "SELECT NOT EXISTS (SELECT FROM $_)"), "$_ is swept") for qw(slow_statements slow_parts slow_keys);
is($node->sql(q{SELECT store, max(entries) >= 16 FROM statements GROUP BY store ORDER BY store}), "slow_keys|f\nslow_parts|t\nslow_statements|t", 'where statements are slow they have many keys');
is($node->sql(q{SELECT max(entries) FROM statements WHERE store = 'slow_keys'}), 1, 'where keys are slow they have one');
$node->sql('DROP TABLE slow_statements, slow_parts, slow_keys');

# On the fast path, where nobody's code runs, there is no limit: a sweeper that was stopped in the
# midst goes on.
$node->sql(q{
	CREATE FUNCTION sweeper_at_work() RETURNS int LANGUAGE plpgsql AS $$
	DECLARE worker int;
	BEGIN
		LOOP
			PERFORM pg_stat_clear_snapshot();
			SELECT pid INTO worker FROM pg_stat_activity WHERE backend_type = 'kvstore sweeper' AND xact_start IS NOT NULL AND query LIKE 'sweeping public.many:%';
			EXIT WHEN FOUND OR NOT EXISTS (SELECT FROM many);
		END LOOP;
		RETURN worker;
	END $$;
	ALTER SYSTEM SET kvstore.sweep_interval = 0;
	ALTER SYSTEM SET kvstore.sweep_pause = 0;
	ALTER SYSTEM SET kvstore.sweep_budget = '1s';
	SELECT pg_reload_conf(), kv_create_store('many')});
$node->sql(q{INSERT INTO many SELECT i, 'x', now() FROM generate_series(1, 300000) i});
my $begin = -s $node->logfile;
$node->sql(q{ALTER SYSTEM SET kvstore.sweep_interval = '100ms'});
$node->reload;
my $sweeper = $node->sql('SELECT sweeper_at_work()');
if ($sweeper)
{
	kill 'STOP', $sweeper;
	sleep 2;
	kill 'CONT', $sweeper;
}
ok($node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM many'), 'a sweeper that was stopped goes on');
unlike(slurp_file($node->logfile, $begin), qr/canceling|terminating|took too long/, 'and is not cancelled');

# Elsewhere the budget, which is as long as the limit by now, is not used up.
$node->sql(q{INSERT INTO slow SELECT 'slow' || i, 'x', now() FROM generate_series(1, 200) i});
ok($node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM slow'), 'slow removals, with a budget of a second');
$node->stop('fast');
done_testing();
