# Every function of the extension, called with random arguments of its types, in every state of a
# session, on every kind of store and on what is none, by a superuser and by others, while the
# sweeper is at work. The server stays up, each error is one that docs/reference.md documents, and
# all tables and indexes are whole afterwards.
#
#   KV_RANDOM_SECONDS    how long (20)
#   KV_SEED              where the random numbers begin; with one client they are the same again
#   KV_RANDOM_CLIENTS    how many sessions at once (3)
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use RandomCalls;
use IPC::Run;
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $seconds = $ENV{KV_RANDOM_SECONDS} // 20;
my $clients = $ENV{KV_RANDOM_CLIENTS} // 3;
my $seed = $ENV{KV_SEED} // int(time) % 1_000_000;
diag("KV_SEED=$seed");

# --- What the reference documents ---

# Of any function, in the table; of some, in the paragraphs below their headings.
my $reference = slurp_file("$FindBin::RealBin/../../../docs/reference.md");
my ($table) = $reference =~ /^## Errors\n(.*)/ms;
my $state = qr/\b(?=\w*\d)[0-9A-Z]{5}\b/;
my %documented = map { $_ => 1 } $table =~ /^\| ($state) \|/mg;
my %documented_of;
while ($reference =~ /^### (.*)\n((?:(?!^##).*\n)*)/mg)
{
	my ($heading, $section) = ($1, $2);
	$section =~ s/^```.*?^```//msg;
	$documented_of{$_} = { map { $_ => 1 } $section =~ /$state/g } for $heading =~ /`(kv_\w+)\(/g;
}
cmp_ok(scalar keys %documented, '>', 20, 'the reference has a table of errors');

sub is_documented
{
	my ($found, $message, $sql) = @_;
	return 1 if $documented{$found} or $message =~ /constraint "(checked|indexed|refers)|no partition of relation "parted"/;    # the store's own
	return scalar grep { $documented_of{$_}{$found} } $sql =~ /\b(kv_\w+)\(/g;
}

# --- What can be met ---

my $node = Kvstore->begin('random_calls', "shared_preload_libraries = 'kvstore'", "kvstore.sweep_interval = '100ms'", 'kvstore.sweep_pause = 0',
	'max_prepared_transactions = 10', 'deadlock_timeout = 20ms', 'log_statement = none', 'log_error_verbosity = verbose', 'log_min_error_statement = panic', 'synchronous_commit = off',
	"kvstore.redis_stores = 'kv_store, bytes, logged, fired, ruled, checked, indexed, secured, parted, changing, nowhere, pg_class'");

my $things = q{
	CREATE EXTENSION kvstore;
	CREATE EXTENSION amcheck;
	CREATE TABLE fodder AS SELECT 'a'::text AS short, repeat('long', 20000) AS long, string_agg(md5(i::text), '') AS external, decode(string_agg(md5(i::text), ''), 'hex') AS blob,
		array_agg('m' || i) AS many FROM generate_series(1, 1000) i;
	CREATE TABLE rows (id int, name text);
	INSERT INTO rows VALUES (1, 'a'), (2, NULL);
	SELECT kv_create_store(name, name = 'logged', CASE name WHEN 'bytes' THEN 'bytea'::regtype ELSE 'text' END)
	FROM unnest(ARRAY['logged', 'bytes', 'owned', 'fired', 'ruled', 'checked', 'indexed', 'expressed', 'secured', 'limited', 'referred', 'partly', 'changing']) name;
	CREATE TABLE parted OF kv_entry (key WITH OPTIONS PRIMARY KEY, value WITH OPTIONS NOT NULL, expires WITH OPTIONS NOT NULL) PARTITION BY RANGE (key);
	CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (MINVALUE) TO ('b');
	CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM ('b') TO ('n');
	-- What is done to a store while something is done to it.
	CREATE FUNCTION enters(x text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
	BEGIN
		IF current_setting('random.depth', true) = 'deep' THEN RETURN true; END IF;
		PERFORM set_config('random.depth', 'deep', true);
		EXECUTE format(CASE (random() * 11)::int
			WHEN 0 THEN 'SELECT public.kv_set(''a'', ''1'', store => %1$L)' WHEN 1 THEN 'SELECT public.kv_incr(''n'', store => %1$L)'
			WHEN 2 THEN 'SELECT public.kv_flush(store => %1$L)' WHEN 3 THEN 'SELECT public.kv_sweep(store => %1$L)'
			WHEN 4 THEN 'SELECT public.kv_del(%2$L, store => %1$L)' WHEN 5 THEN 'SELECT count(*) FROM public.kv_scan(store => %1$L)'
			WHEN 6 THEN 'DROP TABLE %1$s' WHEN 7 THEN 'ALTER TABLE %1$s ADD CHECK (true)' WHEN 8 THEN 'SELECT public.kv_limit(''1 MB'', store => %1$L)'
			WHEN 9 THEN 'SELECT public.kv_mset(''{a,b}'', ''{1,2}'', store => %1$L)' WHEN 10 THEN 'ALTER TABLE %1$s RENAME TO renamed' ELSE 'CREATE INDEX ON %1$s (expires)' END,
			(ARRAY['public.changing', 'public.changing', 'public.kv_store'])[1 + (random() * 2)::int], left(x, 100));
		PERFORM set_config('random.depth', '', true);
		RETURN true;
	EXCEPTION WHEN OTHERS THEN
		PERFORM set_config('random.depth', '', true);
		RETURN true;
	END $$;
	CREATE FUNCTION looks(x text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM public.kv_get(x, store => 'public.changing'), public.kv_count(store => 'public.changing');
		RETURN true;
	EXCEPTION WHEN OTHERS THEN
		RETURN true;
	END $$;
	CREATE FUNCTION reenter() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM public.enters('a');
		RETURN coalesce(NEW, OLD);
	END $$;
	CREATE FUNCTION twist() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		IF TG_OP = 'DELETE' THEN RETURN CASE WHEN random() < 0.5 THEN OLD END; END IF;
		IF TG_LEVEL = 'ROW' THEN
			CASE (random() * 5)::int WHEN 0 THEN NEW.key := 'b'; WHEN 1 THEN NEW.value := NULL; WHEN 2 THEN NEW.expires := '-infinity'; WHEN 3 THEN RETURN NULL; WHEN 4 THEN NEW.value := repeat('x', 10000); ELSE NULL; END CASE;
		END IF;
		RETURN NEW;
	END $$;
	CREATE TRIGGER reenter BEFORE INSERT OR UPDATE OR DELETE ON fired FOR EACH ROW EXECUTE FUNCTION reenter();
	CREATE RULE also AS ON UPDATE TO ruled DO ALSO NOTIFY ruled;
	ALTER TABLE checked ADD CHECK (value <> 'w'), ADD CHECK (expires > '2000-01-01');
	CREATE UNIQUE INDEX ON indexed (value, expires);
	CREATE INDEX ON expressed ((length(value))) WHERE key <> 'c';
	ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
	CREATE POLICY mine ON secured USING (key < 'b');
	SELECT kv_limit('10 kB', store => 'limited');
	CREATE TABLE refers (key text COLLATE "C" REFERENCES parted);
	CREATE UNLOGGED TABLE refers_too (key text COLLATE "C" REFERENCES referred DEFERRABLE INITIALLY DEFERRED);
	CREATE VIEW a_view AS SELECT * FROM kv_store;
	CREATE MATERIALIZED VIEW a_matview AS SELECT * FROM kv_store;
	CREATE SEQUENCE a_sequence;
	CREATE FOREIGN DATA WRAPPER nothing;
	CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
	CREATE FOREIGN TABLE a_foreign_table (key text, value text, expires timestamptz) SERVER nowhere;
	CREATE TABLE lookalike (key text COLLATE "C" PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL);
	CREATE FUNCTION definer(sql text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN EXECUTE sql; END $$;
	CREATE FUNCTION invoker(sql text) RETURNS void LANGUAGE plpgsql SET kvstore.fast_path = off AS $$ BEGIN EXECUTE sql; END $$;
	ALTER FUNCTION definer OWNER TO owner;
	CREATE SCHEMA hostile;
	CREATE TABLE hostile.kv_store (key int);
	GRANT ALL ON SCHEMA hostile TO PUBLIC;
	GRANT CREATE ON SCHEMA public TO plain, owner;
	GRANT ALL ON ALL TABLES IN SCHEMA public TO plain;
	REVOKE ALL ON partly, kv_leases FROM plain;
	GRANT SELECT (key, expires), UPDATE (expires), INSERT (key, value) ON partly TO plain;
	GRANT SELECT ON kv_store, fodder TO nobody;
	ALTER TABLE owned OWNER TO owner;
	GRANT SELECT ON fodder TO owner;
};
$node->sql('CREATE ROLE owner; CREATE ROLE plain; CREATE ROLE nobody; GRANT owner TO plain');
$node->sql("CREATE DATABASE latin1 ENCODING LATIN1 LOCALE 'C' TEMPLATE template0");
my @databases = ('postgres', 'latin1');
$node->sql($things, $_) for @databases;

my @stores = ((map { "'$_'" } qw(kv_store logged bytes owned fired ruled checked indexed expressed secured limited referred partly parted changing)) x 2, ("'-'") x 15, "'kv_leases'", "'made'", "'a_view'", "'a_matview'", "'a_sequence'",
	"'a_foreign_table'", "'lookalike'", "'parted_1'", "'kv_store_pkey'", "'kv_entry'", "'kv_stats'", "'pg_class'", "'pg_authid'", "'pg_largeobject'", "'information_schema.tables'", "'hostile.kv_store'", "'nowhere'", "'99999999'", 0, 4294967295,
	"(SELECT reltoastrelid FROM pg_class WHERE oid = 'public.kv_store'::regclass)", 'NULL');
my @functions = RandomCalls::all_functions($node);
cmp_ok(scalar @functions, '>', 100, 'functions in pg_proc');

# --- A client ---

# What is wrong with what psql has said of these lines: what was met first of each kind.
sub faults
{
	my ($said, $lines, $faults) = @_;
	while ($said =~ /^psql:[^:]+:(\d+): (\w+):  (\w{5}): (.*)/mg)
	{
		my ($number, $level, $found, $message) = ($1, $2, $3, $4);
		my $line = $lines->[ $number - 1 ];
		($level, $found) = ('ERROR', $1) if $message =~ /^caught (\w{5}): /;
		next if $found eq '25P02';    # an error before it has ended the transaction
		next if !$line->{ours} and $message =~ /tuple concurrently (updated|deleted)/;
		$faults->{"$level $found"} //= "$level $found $message\n\tin line $number: $line->{sql}"
			if $level =~ /PANIC|FATAL/ or $found =~ /^XX/ or $message =~ /leak|unrecognized/
			or $level eq 'ERROR' && $line->{ours} && !$line->{planted} && !is_documented($found, $message, $line->{sql});
	}
	return if $said !~ /connection to server was lost|server closed the connection|no connection to the server/;
	my ($number) = $said =~ /^.*psql:[^:]+:(\d+): /s;
	$faults->{lost} //= 'the connection was lost: ' . substr($said, -1000) . "\tin line $number: $lines->[ $number - 1 ]{sql}";
}

sub write_script
{
	my ($file, @lines) = @_;
	open my $out, '>', $file or die $!;
	print $out map { $_->{sql} . ($_->{sql} =~ /^\\/ ? "\n" : ";\n") } @lines;
	close $out;
}

# Runs script after script till the time has come. How many calls, and what is to be said of them.
sub run_client
{
	my ($number, $end) = @_;
	my $random = RandomCalls->new(\@functions, \@stores);
	my ($calls, $errors, %faults) = (0, 0);
	my $file = "$PostgreSQL::Test::Utils::tmp_check/random_calls.$number.sql";
	my @psql = ('psql', '-X', '-q', '-v', 'VERBOSITY=verbose', '-d', $node->connstr($databases[ $number == 2 ]), '-f', $file, '-o', '/dev/null');
	for (my $round = 0; time < $end and !$faults{lost}; $round++)
	{
		my $at = $seed + 1000 * $round + $number;
		my @lines = $random->script($at, 1000);
		write_script($file, @lines);
		my $said = '';
		IPC::Run::run(\@psql, '>', '/dev/null', '2>', \$said, IPC::Run::timeout(300));
		my $before = keys %faults;
		faults($said, \@lines, \%faults);
		$faults{"script $before"} = "KV_SEED=$at has the last of these" if keys %faults > $before;
		$calls += () = $_->{sql} =~ /\bkv_\w+\(/g for grep { $_->{ours} } @lines;
		$errors += () = $said =~ /ERROR:|caught/g;
	}
	return (scalar keys %faults, join "\n", "$calls calls written, $errors errors met", map { $faults{$_} } sort keys %faults);
}

# In a process of its own; what it has to say comes by the handle.
sub start_client
{
	my ($number, $end) = @_;
	pipe(my $read, my $write) or die $!;
	my $pid = fork // die $!;
	return $read if $pid;
	my ($faults, $what) = eval { run_client($number, $end) };
	print $write $@ ? "1\n$@" : "$faults\n$what";
	close $write;
	POSIX::_exit(0);
}

my $end = time + $seconds;
for my $client (map { start_client($_, $end) } 0 .. $clients - 1)
{
	my ($faults, $what) = join('', <$client>) =~ /^(\d+)\n(.*)/s;
	is($faults, 0, 'a client meets no error but those that are documented') or diag($what);
	note($what);
}

# --- What is left ---

# An index's function that reads the table while the index is made finds an empty file: PostgreSQL's own.
my @bad = grep { /PANIC|TRAP:|terminated by signal|leak|unrecognized| XX0/ && !/tuple concurrently|read only 0 of 8192 bytes/ } split /\n/, slurp_file($node->logfile);
is(join("\n", @bad[ 0 .. ($#bad > 9 ? 9 : $#bad) ]), '', 'nothing in the log that should not be');
BAIL_OUT('the server has crashed') if grep { /terminated by signal/ } @bad;
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_prepared_xacts'), 0, 'no transaction is left');
for my $database (@databases)
{
	$node->safe_psql($database, q{
		SELECT bt_index_check(i.indexrelid, heapallindexed => true) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
		WHERE a.amname = 'btree' AND c.relpersistence <> 't' AND c.relkind = 'i' AND i.indisvalid});
	is($node->safe_psql($database, q{
		SELECT c.oid::regclass, v.* FROM pg_class c, verify_heapam(c.oid) v WHERE c.relkind IN ('r', 't') AND c.relpersistence <> 't' AND c.relam <> 0}),
		'', "$database: tables are whole");
	is($node->safe_psql($database, q{
		SELECT store, key FROM kv_stats, LATERAL (SELECT key FROM kv_scan_bytes(max => NULL, store => store)) k(key) GROUP BY 1, 2 HAVING count(*) > 1}),
		'', "$database: no key is there twice");
}
$node->stop('fast');
done_testing();
