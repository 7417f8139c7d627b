# ALTER EXTENSION UPDATE: a database of an older version comes to the same as CREATE EXTENSION of
# this one. So does what scripts/next-version lays out for the next; and the comparison sees each
# statement that such a script lacks. $KV_SOURCES is a copy of the sources, ours to change.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

my $sources = $ENV{KV_SOURCES} or plan skip_all => 'only in scripts/test, which has a copy of the sources to change';
my $scripts = "$sources/extension/sql";
my $released = "$sources/extension/test/released";
chomp(my $installed = `pg_config --sharedir`);
$installed .= '/extension';

my $node = Kvstore->begin('update', 'kvstore.sweep_interval = 0');

sub version { slurp_file("$sources/kvstore.control") =~ /^default_version = '(.*)'/m or die; return $1 }

sub write_file
{
	my ($path, $content) = @_;
	open my $file, '>', $path or die "$path: $!";
	print $file $content;
	close $file or die;
}

# Everything that the catalogs say of the extension, without OIDs.
my $catalogs = q{
	WITH extension AS (SELECT oid FROM pg_extension WHERE extname = 'kvstore'),
	member AS (
		SELECT d.classid, d.objid FROM pg_depend d, extension e
		WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
	),
	relation AS (
		SELECT c.* FROM pg_class c JOIN member m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
		UNION
		SELECT c.* FROM pg_class c JOIN pg_type t ON t.typrelid = c.oid JOIN member m ON m.classid = 'pg_type'::regclass AND m.objid = t.oid
		UNION
		SELECT c.* FROM pg_class c WHERE c.oid = to_regclass('kv_store')
	)
	SELECT 'extension: ' || (to_jsonb(e) - '{oid,extversion}'::text[])::text || coalesce(obj_description(oid, 'pg_extension'), '')
	FROM pg_extension e WHERE extname = 'kvstore'
	UNION ALL
	SELECT 'member: ' || pg_describe_object(classid, objid, 0) || ': ' || coalesce(obj_description(objid, classid::regclass::name), '-')
	FROM member
	UNION ALL
	SELECT 'function: ' || (to_jsonb(p) - '{oid,proargdefaults}'::text[])::text || pg_get_functiondef(p.oid)
	FROM pg_proc p JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
	UNION ALL
	SELECT 'type: ' || concat_ws(' ', typname, typtype, typnamespace::regnamespace, typowner::regrole, typacl)
	FROM pg_type t JOIN member m ON m.classid = 'pg_type'::regclass AND m.objid = t.oid
	UNION ALL
	SELECT 'relation: ' || concat_ws(' ', relname, relkind, relpersistence, relowner::regrole, relacl, reloptions, CASE relkind WHEN 'v' THEN pg_get_viewdef(oid) END)
	FROM relation
	UNION ALL
	SELECT 'column: ' || concat_ws(' ', relname, attnum, attname, format_type(atttypid, atttypmod), attcollation::regcollation,
		attnotnull, attacl, pg_get_expr(adbin, adrelid), col_description(attrelid, attnum))
	FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
	UNION ALL
	SELECT 'privileges at first: ' || concat_ws(' ', pg_describe_object(classoid, objoid, objsubid), privtype, initprivs)
	FROM pg_init_privs p JOIN member m ON m.classid = p.classoid AND m.objid = p.objoid
	UNION ALL
	SELECT 'dependency: ' || concat_ws(' ', regexp_replace(pg_describe_object(d.classid, d.objid, d.objsubid), 'pg_toast_\d+', 'pg_toast_N'),
		d.deptype, pg_describe_object(refclassid, refobjid, refobjsubid))
	FROM pg_depend d WHERE EXISTS (SELECT FROM member m WHERE (m.classid, m.objid) IN ((d.classid, d.objid), (refclassid, refobjid)))
		OR (d.classid = 'pg_rewrite'::regclass AND d.objid IN (SELECT w.oid FROM pg_rewrite w JOIN relation r ON w.ev_class = r.oid))
	ORDER BY 1
};

my $databases = 0;
sub database
{
	my $name = 'd' . $databases++;
	$node->sql("CREATE DATABASE $name");
	return $name;
}

sub created
{
	my $version = shift;
	my $database = database();
	$node->safe_psql($database, "CREATE EXTENSION kvstore VERSION '$version'");
	return $database;
}

sub catalogs_of { return $node->safe_psql(shift, $catalogs) }

# What the catalogs of a new database say of a version, and those of an old one that was updated.
sub created_catalogs { return catalogs_of(created(shift)) }

sub updated_catalogs
{
	my ($from, $to) = @_;
	my $database = created($from);
	$node->safe_psql($database, "SELECT kv_set('kept', 'here')");
	$node->safe_psql($database, "ALTER EXTENSION kvstore UPDATE TO '$to'");
	is($node->safe_psql($database, "SELECT kv_get('kept')"), 'here', "what was stored with $from is there with $to");
	return catalogs_of($database);
}

# Every version that was released becomes this one.
my $version = version();
my $created = created_catalogs($version);
unlike($created, qr/^member: (?!function|type|view|table)/m, 'what the extension has is of kinds that are compared in full');
for my $script (glob("$released/kvstore--*.sql"))
{
	my ($from) = $script =~ /--(.*)\.sql$/;
	write_file("$installed/kvstore--$from.sql", slurp_file($script));
	is(updated_catalogs($from, $version), $created, "$from becomes $version");
}

# And this one the next, by what scripts/next-version lays out, once it has these statements.
my @statements = split /(?<=;)\n/, <<'SQL';
CREATE FUNCTION @extschema@.kv_new(key pg_catalog.text, store pg_catalog.regclass DEFAULT '-') RETURNS boolean
	LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'kv_exists';
DROP FUNCTION @extschema@.kv_count(pg_catalog.text, pg_catalog.regclass);
CREATE OR REPLACE FUNCTION @extschema@.kv_exists(key pg_catalog.text, store pg_catalog.regclass DEFAULT '-') RETURNS boolean
	LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'kv_persist';
CREATE OR REPLACE FUNCTION @extschema@.kv_create_store(name pg_catalog.text, logged boolean DEFAULT true, value_type pg_catalog.regtype DEFAULT 'pg_catalog.text')
	RETURNS pg_catalog.regclass LANGUAGE c VOLATILE AS 'MODULE_PATHNAME';
ALTER FUNCTION @extschema@.kv_expires(pg_catalog.text, pg_catalog.regclass) PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION @extschema@.kv_sweep(integer, pg_catalog.regclass) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.kv_get(pg_catalog.text, pg_catalog.regclass) IS 'another comment';
CREATE TYPE @extschema@.kv_new_type AS (key pg_catalog.text COLLATE pg_catalog."C");
COMMENT ON TYPE @extschema@.kv_entry IS 'another comment';
ALTER VIEW @extschema@.kv_stats RENAME COLUMN store TO name;
REVOKE SELECT ON @extschema@.kv_stats FROM PUBLIC;
COMMENT ON COLUMN @extschema@.kv_stats.hits IS 'a comment';
SQL
my $next = '99.0.0';
$node->command_ok([ "$sources/scripts/next-version", $next ], "scripts/next-version $next");
is(version(), $next, 'the control file says so');
my $skeleton = slurp_file("$scripts/kvstore--$version--$next.sql");
write_file("$installed/kvstore--$version.sql", slurp_file("$released/kvstore--$version.sql"));
write_file("$installed/kvstore--$next.sql", join("\n", slurp_file("$released/kvstore--$version.sql"), @statements));

sub updated_by
{
	write_file("$installed/kvstore--$version--$next.sql", join("\n", $skeleton, @_));
	return updated_catalogs($version, $next);
}

$created = created_catalogs($next);
is(updated_by(@statements), $created, "$version becomes $next");
for my $missing (@statements)
{
	isnt(updated_by(grep { $_ ne $missing } @statements), $created, 'seen to be missing: ' . substr($missing, 0, 60));
}

done_testing();
