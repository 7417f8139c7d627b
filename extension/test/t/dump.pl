# What pg_dump and pg_restore make of the extension, its default store and other stores.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = Kvstore->begin('dump', 'kvstore.sweep_interval = 0');

my $file = $node->basedir . '/dump';

sub dump_database
{
	my ($from, @how) = @_;
	$node->command_ok([ 'pg_dump', '--file', $file, @how, $from ], "pg_dump @how $from");
}

# Into a new database, with psql or pg_restore.
sub restore
{
	my ($into, @how) = @_;
	$node->sql("CREATE DATABASE $into");
	return restore_over($into, @how);
}

sub restore_over
{
	my ($into, @how) = @_;
	return $node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $into, '-f', $file ], "psql restores $into") unless @how;
	return $node->command_ok([ @how, '-d', $into, $file ], "@how restores $into");
}

# Whatever has to be the same of the tables of two databases: as psql and the catalogs show it.
sub shape
{
	my ($database) = @_;
	return $node->safe_psql($database, q{
		SELECT c.oid::regclass, relpersistence, relowner::regrole, reloptions, relrowsecurity, relacl, obj_description(c.oid, 'pg_class'),
			(SELECT string_agg(pg_get_indexdef(indexrelid), '; ' ORDER BY indexrelid::regclass::text) FROM pg_index WHERE indrelid = c.oid),
			(SELECT string_agg(pg_get_constraintdef(o.oid), '; ' ORDER BY conname) FROM pg_constraint o WHERE conrelid = c.oid),
			(SELECT string_agg(pg_get_triggerdef(t.oid), '; ' ORDER BY tgname) FROM pg_trigger t WHERE tgrelid = c.oid),
			(SELECT string_agg(polname || pg_get_expr(polqual, polrelid), '; ') FROM pg_policy WHERE polrelid = c.oid)
		FROM pg_class c JOIN pg_type t ON t.oid = reloftype AND typname IN ('kv_entry', 'kv_entry_bytea')
		ORDER BY c.oid::regclass::text;
		SELECT store, max_size FROM kv_stats ORDER BY store::text;
		SELECT count(*) AS members FROM pg_depend WHERE deptype = 'e' AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'kvstore');
	});
}

sub entries
{
	my ($database, $store) = @_;
	return $node->safe_psql($database, "SELECT * FROM $store ORDER BY key");
}

# --- A database in which nothing was done to the default store ---

$node->sql('CREATE DATABASE plain');
$node->safe_psql('plain', q{CREATE EXTENSION kvstore; SELECT kv_set('k', 'v'), kv_set_ex('e', 'w', 3600)});
is($node->safe_psql('plain', 'SHOW check_function_bodies'), 'on', 'CREATE EXTENSION leaves the session as it was');
for my $how ([ 'plain_psql', [], [] ], [ 'plain_single', ['--format=custom'], [ 'pg_restore', '--single-transaction', '--exit-on-error' ] ],
	[ 'plain_jobs', ['--format=custom'], [ 'pg_restore', '--jobs=2', '--exit-on-error' ] ], [ 'plain_rls', ['--enable-row-security'], [] ],
	[ 'plain_inserts', ['--inserts'], [] ])
{
	my ($database, $dumped, $restored) = @$how;
	dump_database('plain', @$dumped);
	restore($database, @$restored);
	is(shape($database), shape('plain'), "$database: the stores are the same");
	is(entries($database, 'kv_store'), entries('plain', 'kv_store'), "$database: so are the entries");
	is($node->safe_psql($database, q{SELECT kv_get('k'); SELECT kv_set('k', 'x'); SELECT kv_get('k')}), "v\n\nx", "$database: functions work");
}
dump_database('plain', '--schema-only');
restore('plain_schema');
is(shape('plain_schema'), shape('plain'), 'the schema alone');
is($node->safe_psql('plain_schema', q{SELECT kv_get('k') IS NULL, kv_set('k', 'v'); SELECT kv_get('k')}), "t|\nv", 'is an empty store that works');
dump_database('plain', '--no-unlogged-table-data');
restore('plain_unlogged');
is($node->safe_psql('plain_unlogged', q{SELECT kv_count()}), 0, 'without the data of unlogged tables it is empty');

# --- One in which all was done to it that can be ---

$node->sql('CREATE ROLE app; CREATE ROLE reader; CREATE DATABASE rich');
$node->safe_psql('rich', q{
	CREATE SCHEMA kv;
	GRANT USAGE ON SCHEMA kv TO reader, app;
	GRANT CREATE ON SCHEMA kv TO app;
	SET search_path = kv, public;
	CREATE EXTENSION kvstore SCHEMA kv;
	SELECT kv_set('public:a', 'seen'), kv_set('secret:b', 'hidden'), kv_set_ex('public:e', 'x', 3600);
	ALTER TABLE kv_store SET LOGGED;
	ALTER TABLE kv_store SET (fillfactor = 55);
	ALTER TABLE kv_store ADD CONSTRAINT short CHECK (length(value) < 100);
	CREATE INDEX ON kv_store (expires);
	CREATE FUNCTION noticed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
	CREATE TRIGGER noticed BEFORE INSERT ON kv_store FOR EACH ROW EXECUTE FUNCTION noticed();
	ALTER TABLE kv_store ENABLE ROW LEVEL SECURITY;
	CREATE POLICY seen ON kv_store TO reader USING (key LIKE 'public:%');
	COMMENT ON TABLE kv_store IS 'what we keep';
	SELECT kv_limit('5 MB', 'oldest');
	GRANT SELECT ON kv_store TO reader;
	ALTER TABLE kv_store OWNER TO app;
	SELECT kv_create_store('kv.own', value_type => 'bytea'), kv_create_store('kv.durable', logged => true);
	SELECT kv_set('k', '\xff00'::bytea, store => 'kv.own'), kv_set('k', 'v', store => 'kv.durable'), kv_limit('1 MB', store => 'kv.own');
	ALTER DATABASE rich SET search_path = kv, public;
});
like(shape('rich'), qr/^kv_store\|p\|app\|\{vacuum_truncate=off,fillfactor=55\}\|t\|.*reader=r.*\|what we keep\|.*expires.*\|.*CHECK.*\|.*kv_limit.*noticed.*\|seen/m, 'it is all there to begin with');
for my $how ([ 'rich_psql', [], [] ], [ 'rich_custom', ['--format=custom'], [ 'pg_restore', '--exit-on-error' ] ],
	[ 'rich_rls', ['--enable-row-security'], [] ])
{
	my ($database, $dumped, $restored) = @$how;
	dump_database('rich', @$dumped);
	restore($database, @$restored);
	$node->sql("ALTER DATABASE $database SET search_path = kv, public");
	is(shape($database), shape('rich'), "$database: the stores are the same");
	is(entries($database, $_), entries('rich', $_), "$database: so are the entries of $_") for qw(kv_store own durable);
	is($node->safe_psql($database, q{SET ROLE reader; SELECT key, value FROM kv_scan()}), "public:a|seen\npublic:e|x", "$database: a reader sees what the policy lets him see");
	is($node->safe_psql($database, q{SET ROLE reader; SELECT kv_get('secret:b') IS NULL}), 't', "$database: and nothing else");
	is($node->safe_psql($database, q{SELECT kv_get_bytes('k', store => 'own'), kv_get('k', store => 'durable')}), '\xff00|v', "$database: functions work");
	my $error = $node->error_of(q{SELECT kv_set('k', repeat('x', 200))}, $database);
	like($error, qr/violates check constraint "short"/, "$database: the check is there");
}
dump_database('rich', '--schema-only');
restore('rich_schema');
$node->sql('ALTER DATABASE rich_schema SET search_path = kv, public');
is(shape('rich_schema'), shape('rich'), 'the schema alone is the same');
dump_database('rich', '--no-unlogged-table-data');
restore('rich_unlogged');
is($node->safe_psql('rich_unlogged', q{SELECT count(*), (SELECT count(*) FROM kv.own) FROM kv.kv_store}), '3|0', 'without the data of unlogged tables: what is logged now is there');

# --- In parts ---

# In a folder, by several processes.
{
	my $folder = $node->basedir . '/folder';
	$node->command_ok([ 'pg_dump', '--format=directory', '--jobs=2', '--file', $folder, 'rich' ], 'pg_dump --jobs=2 rich');
	$node->sql('CREATE DATABASE rich_folder');
	$node->command_ok([ 'pg_restore', '--exit-on-error', '--jobs=2', '-d', 'rich_folder', $folder ], 'pg_restore --jobs=2');
	$node->sql('ALTER DATABASE rich_folder SET search_path = kv, public');
	is(shape('rich_folder'), shape('rich'), 'a folder: the stores are the same');
	is(entries('rich_folder', $_), entries('rich', $_), "a folder: so are the entries of $_") for qw(kv_store own durable);
}

# The schema first, and then the data, with what is checked and fired there.
dump_database('rich', '--data-only');
restore_over('rich_schema');
is(entries('rich_schema', $_), entries('rich', $_), "the data alone: the entries of $_") for qw(kv_store own durable);
is($node->safe_psql('rich_schema', q{SELECT kv_get('k', store => 'durable'), kv_get('public:a')}), 'v|seen', 'the data alone: functions work');

# One store, where the extension is.
dump_database('rich', '--table=kv.durable');
$node->sql('CREATE DATABASE one');
$node->command_fails_like([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'one', '-f', $file ], qr/schema "kv" does not exist|type "kv.kv_entry" does not exist/, 'one store: it takes the extension');
$node->safe_psql('one', 'CREATE SCHEMA IF NOT EXISTS kv; CREATE EXTENSION kvstore SCHEMA kv; SET ROLE app');
restore_over('one');
is(entries('one', 'kv.durable'), entries('rich', 'durable'), 'one store: its entries are there');
is($node->safe_psql('one', q{SELECT relpersistence, kv.kv_get('k', store => 'kv.durable'), kv.kv_detour('kv.durable'), kv.kv_count() FROM pg_class WHERE oid = 'kv.durable'::regclass}), 'p|v||0', 'one store: functions work, and the default store is as it was');

# Into another schema: that of the extension is renamed, or only the entries go over.
$node->safe_psql('rich_folder', 'ALTER SCHEMA kv RENAME TO elsewhere; ALTER DATABASE rich_folder SET search_path = elsewhere');
dump_database('rich_folder');
restore('moved');
is($node->safe_psql('moved', q{SET search_path = elsewhere; SELECT kv_get('k', store => 'durable'), kv_get('public:a'), max_size FROM kv_stats WHERE store = 'own'::regclass}), 'v|seen|1 MB', 'another schema: all is there');
$node->safe_psql('moved', q{CREATE SCHEMA app; SELECT elsewhere.kv_create_store('app.taken')});
$node->command_ok([ 'pg_dump', '--data-only', '--table=elsewhere.durable', '--file', $file, 'moved' ], 'pg_dump --data-only of one store');
my $copied = slurp_file($file);
$copied =~ s/COPY elsewhere\.durable/COPY app.taken/ or die $copied;
$node->safe_psql('moved', $copied);
is($node->safe_psql('moved', q{SELECT elsewhere.kv_get('k', store => 'app.taken')}), 'v', 'another schema: the entries go where they are wanted');

# --- A default store that was dropped, or renamed, stays so ---

$node->safe_psql('plain', 'ALTER TABLE kv_store RENAME TO renamed');
dump_database('plain');
restore('without');
is($node->safe_psql('without', q{SELECT kv_get('k', store => 'renamed')}), 'v', 'under its other name it is there');
my $error = $node->error_of(q{SELECT kv_get('k')}, 'without');
like($error, qr/42P01: the default store public\.kv_store does not exist.*HINT:.*kv_create_store\('public\.kv_store'\)/s, 'and no other was made in its place');
is($node->safe_psql('without', q{SELECT kv_create_store('public.kv_store'); SELECT kv_set('k', 'v'); SELECT kv_get('k')}), "kv_store\n\nv", 'the hint is good');
$node->safe_psql('plain', 'ALTER TABLE renamed RENAME TO kv_store');

# --- Where the extension was created before ---

for my $format ('plain', 'custom')
{
	my $database = "over_$format";
	my @restore = $format eq 'plain' ? () : ( 'pg_restore', '--exit-on-error' );
	dump_database('plain', "--format=$format");
	$node->sql("CREATE DATABASE $database");
	$node->safe_psql($database, q{CREATE EXTENSION kvstore; SELECT kv_set('k', 'here before')});
	$node->command_fails_like([ $format eq 'plain' ? ('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $file, '-d', $database) : (@restore, '-d', $database, $file) ],
		qr/relation "kv_store" already exists/, "$format: where there is a kv_store, it is an error");
	is($node->safe_psql($database, q{SELECT kv_get('k')}), 'here before', "$format: what is there stays");
	$node->safe_psql($database, 'DROP TABLE kv_store');
	restore_over($database, @restore);
	is(entries($database, 'kv_store'), entries('plain', 'kv_store'), "$format: after DROP TABLE kv_store the entries are restored");
	is(shape($database), shape('plain'), "$format: and all is as it was");

	dump_database('plain', "--format=$format", $format eq 'plain' ? ('--clean', '--if-exists') : ());
	restore_over($database, $format eq 'plain' ? () : (@restore, '--clean', '--if-exists'));
	is(entries($database, 'kv_store'), entries('plain', 'kv_store'), "$format: --clean --if-exists needs nothing of that");
	is(shape($database), shape('plain'), "$format: all is as it was");
}

# --- By an owner who is no superuser ---

$node->sql('CREATE ROLE tenant LOGIN; CREATE DATABASE tenants OWNER tenant; CREATE DATABASE tenants_copy OWNER tenant');
my @as_tenant = (extra_params => [ '-U', 'tenant' ]);
$node->psql('tenants', q{CREATE SCHEMA kv; CREATE EXTENSION kvstore SCHEMA kv; SELECT kv.kv_set('k', 'v'); SELECT kv.kv_limit('1 MB')}, @as_tenant, on_error_die => 1);
$node->command_ok([ 'pg_dump', '-U', 'tenant', '--file', $file, 'tenants' ], 'an owner dumps his database');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-U', 'tenant', '-d', 'tenants_copy', '-f', $file ], 'and restores it');
is($node->safe_psql('tenants_copy', q{SELECT tableowner FROM pg_tables WHERE tablename = 'kv_store'; SELECT kv.kv_get('k'), max_size FROM kv.kv_stats}), "tenant\nv|1 MB", 'with all that is in it');

$node->stop('fast');
done_testing();
