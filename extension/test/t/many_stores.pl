# However many stores there are: each is swept, a large one to its end, and what was done is
# remembered by those who go on.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $stores = $ENV{KV_STORES} // 2000;

my $node = Kvstore->new('many');
$node->init;
$node->append_conf('postgresql.conf', qq{
shared_preload_libraries = 'kvstore'
kvstore.sweep_interval = 0
kvstore.sweep_budget = 1ms
kvstore.sweep_pause = 20ms
kvstore.log_sweep_min_duration = -1
autovacuum = off
max_locks_per_transaction = 512
fsync = off
});
$node->start;


sub settings
{
	my %settings = @_;
	$node->sql("ALTER SYSTEM SET $_ = '$settings{$_}'") for sort keys %settings;
	$node->sql('SELECT pg_reload_conf()');
}

# --- Many small ones ---
my $begin = time;
$node->sql(q{
	CREATE EXTENSION kvstore;
	CREATE PROCEDURE create_stores(n int) LANGUAGE plpgsql AS $$
	BEGIN
		FOR i IN 1 .. n LOOP
			PERFORM kv_create_store('s' || i);
			IF i % 200 = 0 THEN COMMIT; END IF;
		END LOOP;
	END $$;
	CREATE PROCEDURE fill_stores(n int) LANGUAGE plpgsql AS $$
	BEGIN
		FOR i IN 1 .. n LOOP
			PERFORM kv_set_ex('brief', 'x', 1e-6, store => ('s' || i)::regclass);
			IF i % 200 = 0 THEN COMMIT; END IF;
		END LOOP;
	END $$;
	CREATE FUNCTION unswept(n int) RETURNS bigint LANGUAGE plpgsql AS $$
	DECLARE any_row bool; sum bigint := 0;
	BEGIN
		FOR i IN 1 .. n LOOP
			EXECUTE format('SELECT EXISTS (SELECT FROM %I)', 's' || i) INTO any_row;
			sum := sum + any_row::int;
		END LOOP;
		RETURN sum;
	END $$;
});
$node->sql("CALL create_stores($stores)");
$node->sql("CALL fill_stores($stores)");
note sprintf '%d stores were created and filled in %.1f s', $stores, time - $begin;
$begin = time;
settings('kvstore.sweep_interval' => '1h');    # one round
ok($node->poll_query_until('postgres', "SELECT unswept($stores) = 0"), "in one round each of $stores stores is swept");
note sprintf 'one round took %.1f s', time - $begin;
ok($node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'kvstore sweeper'}), 'then there is nothing left to do');
note 'shared memory: ' . join ', ', map { s/\s+/ /gr } grep { /./ } split /\n/, `ls -l /dev/shm/ 2>/dev/null | grep PostgreSQL`;
sleep 3;
is($node->sql(q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'kvstore sweeper'}), 0, 'and nobody who does it');

# --- A large one among them, and one with an error ---
$node->sql(q{
	CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'shut for today'; END $$;
	SELECT kv_create_store('large'), kv_create_store('shut');
	INSERT INTO large SELECT i, repeat('x', 500), now() - interval '1 s' FROM generate_series(1, 20000) i;
	CREATE TRIGGER fail BEFORE DELETE ON shut FOR EACH ROW EXECUTE FUNCTION fail();
	SELECT kv_set_ex('brief', 'x', 1e-6, store => 'shut');
});
$node->sql("CALL fill_stores($stores)");
settings('kvstore.sweep_interval' => '50ms', 'kvstore.sweep_pause' => '100ms');
# In the life of a sweeper, 2 s, there is time for no more than 20 transactions of 1 ms.
ok($node->poll_query_until('postgres', 'SELECT NOT EXISTS (SELECT FROM large)'), "a large one among $stores is swept to its end");
ok($node->poll_query_until('postgres', "SELECT unswept(100) = 0"), 'and the others meanwhile');
my @complaints = slurp_file($node->logfile) =~ /could not remove an entry of store "shut"/g;
is(scalar @complaints, 1, 'an error of one of them is logged once');

$node->stop('fast');
done_testing();
