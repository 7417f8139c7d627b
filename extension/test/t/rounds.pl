# How the sweeper goes about it: paced, only where it must, one store's troubles apart from
# another's, and never touching what lives.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = Kvstore->new('rounds');
$node->init;
$node->append_conf('postgresql.conf', qq{
shared_preload_libraries = 'kvstore'
kvstore.sweep_interval = 0
kvstore.log_sweep_min_duration = 0
autovacuum = off
});
$node->start;

sub last_sweep { return $node->sql("SELECT $_[0] FROM kv_stats WHERE store = '" . ($_[1] // 'kv_store') . "'::regclass") }

sub settings
{
	my %settings = @_;
	$node->sql("ALTER SYSTEM SET $_ = '$settings{$_}'") for sort keys %settings;
	$node->sql('SELECT pg_reload_conf()');
}

my $sweeps = 0;

# Has exactly one round done, and waits for it.
sub sweep_once
{
	my $store = shift // 'kv_store';
	my $before = $node->sql("SELECT coalesce(max(last_sweep), '-infinity') FROM kv_stats WHERE store = '$store'::regclass");
	# Another value each time: 0 and what was set before may reach the launcher as one.
	settings('kvstore.sweep_interval' => 3600 + ++$sweeps . 's');
	$node->poll_query_until('postgres', "SELECT last_sweep > '$before' FROM kv_stats WHERE store = '$store'::regclass") or die;
	settings('kvstore.sweep_interval' => '0');
}

$node->sql('CREATE EXTENSION kvstore');

# --- What a round looks at ---
$node->sql(q{INSERT INTO kv_store SELECT i, repeat('x', 100), now() + CASE WHEN i > 40000 AND i <= 40010 THEN interval '40 s' ELSE interval '1 day' END FROM generate_series(1, 50000) i});
$node->sql('VACUUM kv_store');
my $pages = $node->sql(q{SELECT pg_relation_size('kv_store') / current_setting('block_size')::int});
sweep_once();
is(last_sweep('last_sweep_pages, last_sweep_removed'), "$pages|0", 'the first round looks at all pages');
ok(last_sweep('entry_bytes BETWEEN table_bytes / 2 AND table_bytes + index_bytes') eq 't', 'and knows what the entries take');
sweep_once();
is(last_sweep('last_sweep_pages'), 0, 'the second at none, for nothing was due or written to');
$node->sql(q{UPDATE kv_store SET expires = now() - interval '1 s' WHERE key IN ('1', '2')});
sweep_once();
is(last_sweep('last_sweep_removed, last_sweep_pages < 200'), '2|t', 'what plain SQL has written to is looked at');
$node->poll_query_until('postgres', q{SELECT min(expires) <= clock_timestamp() FROM kv_store});
sweep_once();
is(last_sweep('last_sweep_removed, last_sweep_pages < 200'), '10|t', 'and what is due');
$node->sql('SELECT kv_flush()');
$node->sql(q{SELECT kv_set_ex('brief', 'x', 1e-6)});
sweep_once();
is(last_sweep('last_sweep_removed, last_sweep_pages'), '1|1', 'an emptied store is a new one');
like(PostgreSQL::Test::Utils::slurp_file($node->logfile), qr/swept store "public.kv_store" of database "postgres".*\n.*pages: \d+ of \d+ looked at; entries: 10 expired and removed, 0 evicted, 0 left/, 'the log tells of it');

# --- Locked entries are left, and found again ---
$node->sql(q{SELECT kv_set_ex('locked', 'x', 1e-6), kv_set_ex('free', 'x', 1e-6)});
my $holder = $node->background_psql('postgres');
$holder->query_safe(q{BEGIN; SELECT * FROM kv_store WHERE key = 'locked' FOR UPDATE});
sweep_once();
is(last_sweep('last_sweep_removed, last_sweep_left'), '1|1', 'what is locked is left');
$holder->query_safe('ROLLBACK');
sweep_once();
is(last_sweep('last_sweep_removed, last_sweep_left'), '1|0', 'and removed in the next round');
$holder->quit;

# --- Transactions are short, and sweepers tell what they do ---
settings('kvstore.sweep_budget' => '1ms', 'kvstore.sweep_pause' => '100ms');
$node->sql(q{INSERT INTO kv_store SELECT i, repeat('x', 500), now() - interval '1 s' FROM generate_series(1, 30000) i});
my $xid = $node->sql(q{SELECT pg_current_xact_id()});
settings('kvstore.sweep_interval' => '1h');
ok($node->poll_query_until('postgres', q{SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'kvstore sweeper' AND query ~ '^sweeping public.kv_store: \d+ of \d+ pages, \d+ entries removed$'}),
	'pg_stat_activity shows what a sweeper is doing');
ok($node->poll_query_until('postgres', 'SELECT last_sweep_removed = 30000 FROM kv_stats'), 'a backlog is swept by one sweeper after another');
cmp_ok($node->sql(qq{SELECT pg_current_xact_id()::text::bigint - $xid}), '>', 5, 'in many transactions');
settings('kvstore.sweep_interval' => '0', 'kvstore.sweep_pause' => '0');

# Also where one page has more to remove than there is time for: each of these values takes more
# than a millisecond. What lives there is counted once.
$node->sql(q{
	CREATE TABLE partitioned OF kv_entry (key WITH OPTIONS PRIMARY KEY, value WITH OPTIONS NOT NULL, expires WITH OPTIONS NOT NULL DEFAULT 'infinity') PARTITION BY HASH (key);
	CREATE UNLOGGED TABLE part PARTITION OF partitioned FOR VALUES WITH (MODULUS 1, REMAINDER 0);
	SELECT kv_create_store('on_fast_path'), kv_create_store('on_sql_path');
	CREATE INDEX ON on_sql_path (expires);
});
for my $store ('on_fast_path', 'on_sql_path', 'partitioned')
{
	$node->sql(qq{
		ALTER TABLE $store ALTER value SET STORAGE EXTERNAL;
		INSERT INTO $store VALUES ('live', repeat('x', 4200000), 'infinity');
		INSERT INTO $store SELECT i, repeat('x', 4200000), now() - interval '1 s' FROM generate_series(1, 16) i});
	my $before = $node->sql(q{SELECT pg_current_xact_id()});
	sweep_once($store);
	is(last_sweep('last_sweep_removed, last_sweep_left', $store), '16|0', "$store: large values are removed");
	cmp_ok($node->sql(qq{SELECT pg_current_xact_id()::text::bigint - $before}), '>', 16, 'in many transactions');
	is(last_sweep('entry_bytes BETWEEN 4200000 AND 6000000', $store), 't', 'and the live one is counted once') if $store ne 'partitioned';
}
$node->sql('DROP TABLE partitioned, on_fast_path, on_sql_path');
settings('kvstore.sweep_budget' => '5ms');

# --- Troubles of one store are logged once, and are nobody else's ---
$node->sql(q{
	SELECT kv_create_store('a_trap'), kv_create_store('z_other');
	CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'shut for today'; END $$;
	CREATE TRIGGER fail BEFORE DELETE ON a_trap FOR EACH ROW EXECUTE FUNCTION fail();
	SELECT kv_set_ex('brief', 'x', 1e-6, store => 'a_trap');
});
for my $round (1 .. 3)
{
	$node->sql(q{SELECT kv_set_ex('brief', 'x', 1e-6, store => 'z_other')});
	sweep_once('z_other');
	is(last_sweep('last_sweep_removed', 'z_other'), 1, "round $round: another store is swept");
}
my @complaints = PostgreSQL::Test::Utils::slurp_file($node->logfile) =~ /WARNING:.*could not remove an entry of store "a_trap": shut for today/g;
is(scalar @complaints, 1, 'the error was logged once');
is(last_sweep('last_sweep_left', 'a_trap'), 1, 'the entry is counted as left');
$node->sql('DROP TRIGGER fail ON a_trap');
sweep_once('a_trap');
is(last_sweep('last_sweep_removed', 'a_trap'), 1, 'when it is mended, the store is swept');
$node->sql('DROP TABLE a_trap, z_other');

# --- Nothing is waited for, whatever of a store is locked, and nobody complains ---
$node->sql(q{
	SET allow_in_place_tablespaces = on;
	CREATE TABLESPACE aside LOCATION ''});
$node->sql(q{
	CREATE TABLE parted OF kv_entry (key WITH OPTIONS PRIMARY KEY, value WITH OPTIONS NOT NULL, expires WITH OPTIONS NOT NULL DEFAULT 'infinity') PARTITION BY RANGE (key);
	CREATE TABLE parted_0 PARTITION OF parted FOR VALUES FROM (MINVALUE) TO ('m');
	CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('m') TO (MAXVALUE);
	SELECT kv_create_store('plain'), kv_create_store('indexed'), kv_create_store('bound'), kv_create_store('z_other');
	CREATE TABLE heir () INHERITS (indexed);
	ALTER TABLE plain ALTER value SET STORAGE EXTERNAL;
	CREATE INDEX further ON indexed (expires);
	CREATE UNLOGGED TABLE refers (key text COLLATE "C" REFERENCES bound);
	CREATE FUNCTION reindex_toast() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'REINDEX TABLE ' || (SELECT reltoastrelid::regclass FROM pg_class WHERE oid = 'plain'::regclass); END $$});
my $begin_of_locks = -s $node->logfile;
my @locked = (
	[ 'parted', 'LOCK TABLE parted_0' ], [ 'parted', 'LOCK TABLE parted_1' ], [ 'parted', 'ALTER INDEX parted_1_pkey SET TABLESPACE aside' ],
	[ 'plain', 'LOCK TABLE plain' ], [ 'plain', 'ALTER INDEX plain_pkey SET TABLESPACE aside' ], [ 'plain', 'SELECT reindex_toast()' ],
	[ 'indexed', 'LOCK TABLE heir' ], [ 'indexed', 'ALTER INDEX further SET TABLESPACE aside' ], [ 'bound', 'LOCK TABLE refers' ]);
for my $case (@locked)
{
	my ($store, $lock) = @$case;
	$node->sql(qq{INSERT INTO $store SELECT k, repeat('x', 3000), 'epoch' FROM unnest(ARRAY['a', 'z']) k});
	$node->sql(q{INSERT INTO z_other VALUES ('brief', 'x', 'epoch')});
	my $session = $node->background_psql('postgres');
	$session->query_safe("BEGIN; $lock");
	sweep_once('z_other') for 1 .. 2;
	is($session->query_safe("SELECT count(*) FROM $store"), 2, "$lock: nothing is swept");
	$session->query_safe('ROLLBACK');
	$session->quit;
	# In the next round, for it does not rest.
	sweep_once($store);
	is($node->sql("SELECT count(*) FROM $store"), 0, "$lock: afterwards it is");
}
unlike(slurp_file($node->logfile, $begin_of_locks), qr/canceling|WARNING/, 'that is nothing to complain of');
$node->sql('DROP TABLE refers, heir, parted, plain, indexed, bound, z_other; DROP TABLESPACE aside');

# --- More stores than the sweepers remember, and sweepers that are ended in the midst ---
$node->sql(q{SELECT kv_create_store('many' || i) FROM generate_series(1, 80) i});
$node->sql(q{CREATE FUNCTION entries_of_many() RETURNS bigint LANGUAGE plpgsql AS $$
	DECLARE one bigint; sum bigint := 0;
	BEGIN
		FOR i IN 1 .. 80 LOOP
			EXECUTE format('SELECT count(*) FROM %I', 'many' || i) INTO one;
			sum := sum + one;
		END LOOP;
		RETURN sum;
	END $$});
for my $round (1 .. 2)
{
	$node->sql(q{SELECT kv_set_ex('brief', 'x', 1e-6, store => ('many' || i)::regclass) FROM generate_series(1, 80) i});
	settings('kvstore.sweep_interval' => '20ms');
	if ($round == 2)
	{
		$node->sql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'kvstore sweeper'}) for 1 .. 50;
	}
	ok($node->poll_query_until('postgres', 'SELECT entries_of_many() = 0'), "round $round: 80 stores are swept");
	settings('kvstore.sweep_interval' => '0');
}
$node->sql(join ';', map { "DROP TABLE many$_" } 1 .. 80);

# --- What is set for the users of a database is not meant for the sweeper ---
$node->safe_psql('template1', 'CREATE DATABASE witness TEMPLATE template0');
$node->safe_psql('witness', 'CREATE EXTENSION kvstore; CREATE ROLE nobody');
$node->sql(q{CREATE UNLOGGED TABLE refers (key text COLLATE "C" REFERENCES kv_store)});
my %unkind = (
	default_transaction_read_only => 'on', default_transaction_isolation => 'serializable',
	default_transaction_deferrable => 'on', session_replication_role => 'replica',
	row_security => 'off', role => 'nobody', exit_on_error => 'on', statement_timeout => '1ms',
	idle_in_transaction_session_timeout => '1ms');
$unkind{transaction_timeout} = '1ms' if $node->sql(q{SELECT current_setting('server_version_num')}) >= 170000;
$node->sql(q{SELECT kv_set_ex('brief', 'x', 1e-6), kv_set_ex('bound', 'x', 1e-6); INSERT INTO refers VALUES ('bound')});
# In a database where ALTER SYSTEM may be run.
$node->safe_psql('witness', join ';', map { "ALTER DATABASE postgres SET $_ = '$unkind{$_}'" } sort keys %unkind);
$node->safe_psql('witness', q{ALTER SYSTEM SET kvstore.sweep_interval = '50ms'});
$node->safe_psql('witness', q{SELECT pg_reload_conf()});
sub kind_sql
{
	local $ENV{PGOPTIONS} = '-c role=none -c statement_timeout=0 -c default_transaction_isolation=read\\ committed';
	$ENV{PGOPTIONS} .= ' -c transaction_timeout=0' if exists $unkind{transaction_timeout};
	return $node->sql(shift);
}
my $keys;
for (1 .. 600)
{
	$keys = kind_sql(q{SELECT string_agg(key, ' ') FROM kv_store});
	last if $keys eq 'bound';
	select undef, undef, undef, 0.1;
}
is($keys, 'bound', 'a database whose settings are unkind is swept, and its foreign keys hold');
$node->safe_psql('witness', "ALTER DATABASE postgres RESET ALL");
$node->sql('DROP TABLE refers');
ok($node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM kv_store'), 'to the last');
settings('kvstore.sweep_interval' => '0');

# --- A database that cannot be entered is left alone for longer and longer ---
my $damaged = $node->data_dir . '/base/' . $node->sql(q{SELECT oid FROM pg_database WHERE datname = 'witness'}) . '/PG_VERSION';
rename $damaged, "$damaged.away" or die;
my $begin = -s $node->logfile;
settings('kvstore.sweep_interval' => '20ms');
$node->wait_for_log(qr/FATAL.*base/, $begin);
sleep 3;
my @failures = PostgreSQL::Test::Utils::slurp_file($node->logfile, $begin) =~ /FATAL/g;
cmp_ok(scalar @failures, '<', 12, 'a sweeper that always fails is started more and more seldom');
$node->sql(q{SELECT kv_set_ex('brief', 'x', 1e-6)});
ok($node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM kv_store'), 'while others are swept');
rename "$damaged.away", $damaged or die;
$node->safe_psql('witness', q{SELECT kv_set_ex('brief', 'x', 1e-6)});
ok($node->poll_query_until('witness', 'SELECT count(*) = 0 FROM kv_store'), 'and again when it works');
settings('kvstore.sweep_interval' => '0');

# --- No slot for a worker: it waits and says so ---
# The launcher has one slot, the launcher of logical replication the other.
$node->sql(q{ALTER SYSTEM SET max_worker_processes = 2});
$node->restart;
$node->sql(q{SELECT kv_set_ex('brief', 'x', 1e-6)});
my $offset = -s $node->logfile;
settings('kvstore.sweep_interval' => '100ms');
ok($node->wait_for_log(qr/could not start kvstore sweeper: no free slot for a background worker/, $offset), 'a full max_worker_processes is told of');
$node->sql(q{ALTER SYSTEM RESET max_worker_processes});
$node->restart;
ok($node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM kv_store'), 'and waited out');
$node->stop('fast');

done_testing();
