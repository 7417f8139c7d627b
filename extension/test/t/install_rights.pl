# Who may create in the extension's schema gets no code of his run by others: neither when the
# extension is created, which its script does as the bootstrap superuser, nor later.
#
# For each function, operator, type and table that the script names, mallory plants others of
# that name, which the parser might prefer. Whichever is run takes a number from a sequence,
# which no rollback takes back, and makes her superuser if it may.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

# --- What the scripts name ---

chomp(my $share = `pg_config --sharedir`);
my @scripts = glob("$share/extension/kvstore--*.sql");
cmp_ok(scalar @scripts, '>', 0, 'there are scripts');
my $text = join "\n", map { slurp_file($_) } @scripts;
my ($dropped) = $text =~ /DROP FUNCTION \@extschema\@\.(\w+)\(pg_catalog\.text\)/;
$text =~ s/^\\echo.*$//mg;
$text =~ s/--[^\n]*//g;
$text =~ s/'(?:[^']|'')*'/ /g;
my %words = map { lc $_ => 1 } $text =~ /([A-Za-z_]\w+)/g;
my %functions = map { lc $_ => 1 } $text =~ /([A-Za-z_]\w*)\s*\(/g;
$text =~ s/\@\w+\@|::/ /g;
my %operators = map { $_ => 1 } ('=', '<>', grep { !/--|=>|\A[%?]\z/ } $text =~ m{([-+*/<>=~!#%^&|`?]+)}g);
my @own = grep { /^kv_/ } sort keys %functions;
my @others = grep { !/^kv_/ } sort keys %functions;
cmp_ok(scalar @own, '>', 30, 'functions of ours');
cmp_ok(scalar @others, '>', 5, 'functions of others');
cmp_ok(scalar keys %operators, '>', 2, 'operators');

# --- What mallory plants ---

sub array { return 'ARRAY[' . join(', ', map { my $word = $_; $word =~ s/'/''/g; "'$word'" } @_) . ']::text[]' }

my @types = qw(text oid regclass regtype int2 int4 int8 float4 float8 bool name "char" numeric bytea pg_class);
my @fewer = qw(text oid regclass int4 int8 float8);

# Functions of all these names, but those in the list $except, as name(types). They return what
# PostgreSQL's of that name do.
sub plant_functions
{
	my ($except, @names) = @_;
	return q{
		DO $plant$
		DECLARE
			name text; args text; returned text; body text;
		BEGIN
			FOREACH name IN ARRAY } . array(@names) . q{ LOOP
				returned := coalesce((SELECT CASE WHEN proretset
						THEN 'TABLE (' || (SELECT string_agg(proargnames[n] || ' ' || format_type(proallargtypes[n], NULL), ', ')
							FROM generate_subscripts(proargmodes, 1) n WHERE proargmodes[n] = 'o') || ')'
						ELSE format_type(prorettype, NULL) END
					FROM pg_proc p JOIN pg_type t ON t.oid = prorettype
					WHERE proname = name AND pronamespace = 'pg_catalog'::regnamespace AND (typtype = 'b' OR proretset) LIMIT 1), 'text');
				body := CASE WHEN returned LIKE 'TABLE%' THEN 'RETURN' ELSE 'RETURN NULL' END;
				FOR args IN
					SELECT a FROM unnest(} . array(@types) . q{) a
					UNION ALL SELECT a || ', ' || b FROM unnest(} . array(@types) . q{) a, unnest(} . array(@types) . q{) b
					UNION ALL SELECT a || ', ' || b || ', ' || c FROM unnest(} . array(@fewer) . q{) a, unnest(} . array(@fewer) . q{) b, unnest(} . array(@fewer) . q{) c
				LOOP
					CONTINUE WHEN format('%s(%s)', name, args) = ANY (} . array(@$except) . q{);
					EXECUTE format('CREATE FUNCTION mine.%I(%s) RETURNS %s LANGUAGE plpgsql AS $$ BEGIN PERFORM mine.strike(); %s; END $$',
						name, replace(args, 'pg_class', 'pg_catalog.pg_class'), returned, body);
				END LOOP;
			END LOOP;
		END $plant$;
	};
}

sub plant_operators
{
	return q{
		DO $plant$
		DECLARE
			name text; a text; b text;
		BEGIN
			FOREACH a IN ARRAY } . array(@types[ 0 .. 12 ]) . q{ LOOP
				FOREACH b IN ARRAY } . array(@types[ 0 .. 12 ]) . q{ LOOP
					EXECUTE format('CREATE FUNCTION mine.whether(%s, %s) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN PERFORM mine.strike(); RETURN true; END $$', a, b);
					EXECUTE format('CREATE FUNCTION mine.amount(%s, %s) RETURNS float8 LANGUAGE plpgsql AS $$ BEGIN PERFORM mine.strike(); RETURN 1; END $$', a, b);
					FOREACH name IN ARRAY } . array(sort keys %operators) . q{ LOOP
						EXECUTE format('CREATE OPERATOR mine.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = mine.%s)',
							name, a, b, CASE WHEN name ~ '[=<>~]' THEN 'whether' ELSE 'amount' END);
					END LOOP;
				END LOOP;
			END LOOP;
		END $plant$;
	};
}

# Types and tables of all names there are that PostgreSQL has, too.
sub plant_relations
{
	return q{
		DO $plant$
		DECLARE
			name text;
		BEGIN
			FOR name IN SELECT typname FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype = 'b' AND typname = ANY (} . array(sort keys %words) . q{) LOOP
				EXECUTE format('CREATE DOMAIN mine.%I AS pg_catalog.text CHECK (mine.strike())', name);
			END LOOP;
			FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relname = ANY (} . array(sort keys %words) . q{) LOOP
				EXECUTE format('CREATE VIEW mine.%1$I AS SELECT * FROM pg_catalog.%1$I WHERE mine.strike()', name);
			END LOOP;
		END $plant$;
	};
}

# --- A server, and a database of which mallory may use what is in reach of anybody with CREATE ---

my $node = Kvstore->begin('install_rights', "max_locks_per_transaction = 1024", "kvstore.sweep_interval = '100ms'");
$node->sql('CREATE ROLE mallory LOGIN');
$node->sql('CREATE EXTENSION kvstore');
my @signatures = split /\n/, $node->sql(q{
	SELECT proname || '(' || array_to_string(ARRAY(SELECT CASE t WHEN '"char"'::regtype THEN '"char"' ELSE typname END
		FROM unnest(proargtypes) WITH ORDINALITY a(t, n) JOIN pg_type ON pg_type.oid = t ORDER BY n), ', ') || ')'
	FROM pg_proc WHERE proname ~ '^kv_'});
push @signatures, "$dropped(text)" if $dropped;

sub as_mallory
{
	my ($database, $sql) = @_;
	my ($out, $error) = ('', '');
	$node->psql($database, $sql, extra_params => [ '-U', 'mallory' ], on_error_stop => 1, stdout => \$out, stderr => \$error);
	is($error, '', 'mallory: ' . substr($sql =~ s/\s+/ /gr, 0, 60));
	return $out;
}

# A database with whatever mallory plants.
sub plant
{
	my ($database, @planted) = @_;
	$node->sql("CREATE DATABASE $database; GRANT CREATE ON DATABASE $database TO mallory");
	as_mallory($database, q{
		CREATE SCHEMA mine;
		CREATE SEQUENCE mine.strikes;
		GRANT USAGE ON SCHEMA mine TO PUBLIC;
		GRANT ALL ON SEQUENCE mine.strikes TO PUBLIC;
		CREATE FUNCTION mine.strike() RETURNS bool LANGUAGE plpgsql AS $$
		BEGIN
			PERFORM pg_catalog.nextval('mine.strikes'::pg_catalog.regclass);
			EXECUTE 'ALTER ROLE mallory SUPERUSER';
			RETURN true;
		EXCEPTION WHEN OTHERS THEN
			RETURN true;
		END $$;
		SET check_function_bodies = off;
	} . join '', @planted);
}

sub no_strike
{
	my ($database, $when) = @_;
	is($node->safe_psql($database, 'SELECT is_called FROM mine.strikes'), 'f', "$when: nothing of hers was run");
	is($node->safe_psql($database, q{SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory'}), 'f', "$when: she is no superuser");
	$node->safe_psql($database, q{ALTER ROLE mallory NOSUPERUSER; SELECT setval('mine.strikes', 1, false)});
}

# What is not run today may be tomorrow: nothing of ours is bound to anything of hers. What is
# pinned is not in pg_depend.
my $bound = q{
	WITH RECURSIVE ours AS (
		SELECT classid, objid FROM pg_depend WHERE deptype = 'e' AND refclassid = 'pg_extension'::regclass
			AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'kvstore')
		UNION SELECT d.classid, d.objid FROM ours o JOIN pg_depend d ON d.refclassid = o.classid AND d.refobjid = o.objid AND d.deptype = 'i')
	SELECT DISTINCT pg_describe_object(d.refclassid, d.refobjid, 0)
	FROM ours o JOIN pg_depend d ON d.classid = o.classid AND d.objid = o.objid
	WHERE d.refclassid NOT IN ('pg_extension'::regclass, 'pg_namespace'::regclass)
		AND (d.refclassid, d.refobjid) NOT IN (SELECT classid, objid FROM ours)};

# --- What the script names of PostgreSQL's ---

plant('theirs', plant_functions([], @others), plant_operators(), plant_relations());
as_mallory('theirs', 'CREATE EXTENSION kvstore SCHEMA mine');
no_strike('theirs', 'created');
is($node->safe_psql('theirs', $bound), '', 'no object of the extension depends on one of hers');
for my $path ('public', 'mine', 'mine, pg_catalog')
{
	my ($code, $out, $error) = $node->psql('theirs', qq{
		SET search_path = $path;
		SELECT store, max_size FROM mine.kv_stats;
		SELECT hits FROM mine.kv_counters('mine.kv_store');
		SELECT mine.kv_stats_reset();
	}, on_error_stop => 1);
	is($error, '', "search_path $path: a superuser reads kv_stats");
	no_strike('theirs', "search_path $path: kv_stats");
	for my $fast ('on', 'off')
	{
		($code, $out, $error) = $node->psql('theirs', qq{
			SET kvstore.fast_path = $fast;
			SET search_path = $path;
			SELECT mine.kv_set('k', 'v'), mine.kv_set_ex('e', 'v', 60), mine.kv_set_nx('n', 'v', '1 hour'), mine.kv_set_xx('n', 'w', 0.5);
			SELECT mine.kv_get('k'), mine.kv_exists('k'), mine.kv_ttl('e'), mine.kv_expires('k'), mine.kv_get_bytes('k'), mine.kv_count(), mine.kv_count('k');
			SELECT * FROM mine.kv_scan(); SELECT * FROM mine.kv_scan('k', 'a', 2); SELECT * FROM mine.kv_mget('{k,e}');
			SELECT mine.kv_get_set('k', 'w'), mine.kv_cas('k', 'w', 'x'), mine.kv_cas('k', 'x', 'y', 60), mine.kv_incr('i'), mine.kv_incr('i', 5), mine.kv_incr('i', 1, 60);
			SELECT mine.kv_mset('{a,b}', '{1,2}'), mine.kv_mset('{a,b}', '{1,2}', 60), mine.kv_mdel('{a}'), mine.kv_get_ex('k', 60), mine.kv_get_ex_bytes('k', 60);
			SELECT mine.kv_set_keepttl('k', 'z'), mine.kv_incr_float('f'), mine.kv_incr_float('f', 0.5), mine.kv_mset_nx('{o,p}', '{1,2}'), mine.kv_mset_nx('{o}', '{1}', 60);
			SELECT mine.kv_copy('k', 'c'), mine.kv_copy('k', 'c', true), mine.kv_rename('c', 'd'), mine.kv_rename_nx('d', 'c');
			SELECT mine.kv_expire('k', 60), mine.kv_expire('k', 60, 'nx'), mine.kv_expire('k', 60, 'xx'), mine.kv_expire('k', 60, 'gt'), mine.kv_expire('k', 60, 'lt'), mine.kv_expire_at('k', '2100-01-01'), mine.kv_persist('k'), mine.kv_del_if('k', 'no'), mine.kv_get_del('k'), mine.kv_del('e');
			SELECT mine.kv_del_prefix('b'), mine.kv_set_ex('x', 'v', 1e-6), mine.kv_sweep(), mine.kv_detour(), mine.kv_limit('1 MB'), mine.kv_limit(NULL);
			SELECT mine.kv_create_store('made'); DROP TABLE made;
			SELECT mine.kv_flush();
		}, on_error_stop => 1);
		is($error, '', "search_path $path, fast path $fast: a superuser calls every function");
		no_strike('theirs', "search_path $path, fast path $fast");
	}
}
$node->safe_psql('theirs', q{SELECT mine.kv_set_ex('brief', 'x', 1e-6)});
ok($node->poll_query_until('theirs', 'SELECT count(*) = 0 FROM mine.kv_store'), 'it is swept');
no_strike('theirs', 'swept');

# Its owner is no superuser, and yet hers is what the reference says.
as_mallory('theirs', 'SELECT mine.kv_stats_reset()');
is($node->safe_psql('theirs', q{SELECT tableowner FROM pg_tables WHERE schemaname = 'mine' AND tablename = 'kv_store'}), 'mallory', 'so is kv_store');
$node->safe_psql('theirs', 'CREATE ROLE somebody');
my $error = $node->error_of('SET ROLE somebody; SELECT mine.kv_stats_reset()', 'theirs');
like($error, qr/permission denied for function kv_stats_reset/, 'nobody else may reset the counters');

# --- What it names of ours ---

plant('ours', plant_functions(\@signatures, @own));
as_mallory('ours', 'CREATE EXTENSION kvstore SCHEMA mine');
no_strike('ours', 'created beside functions of the same names');
is($node->safe_psql('ours', $bound), '', 'no object of the extension depends on one of those');
$node->safe_psql('ours', 'SELECT * FROM mine.kv_stats');
no_strike('ours', 'kv_stats beside them');
# A call may fail to say which one it means. It does not mean hers, where its arguments are of the
# types that ours have, and integers are.
for my $call (
	"kv_set_ex('k', 'v', 60)", "kv_set_nx('k', 'v', 60)", "kv_set_xx('k', 'v', 60)", "kv_get_ex('k', 60)", "kv_get_ex_bytes('k', 60)",
	"kv_expire('k', 60)", "kv_incr('k')", "kv_incr('k', 5)", "kv_incr('k', -5)", "kv_incr('k', 1, 60)", "kv_incr('k', 5::bigint)", "kv_incr('k', '5')",
	"kv_incr_float('k')", "kv_incr_float('k', 5)", "kv_incr_float('k', 0.5)", "kv_incr_float('k', 5000000000)", "kv_incr_float('k', 0.5, 60)", 'kv_sweep(10)', 'kv_sweep()',
	"kv_get('k')", "kv_set('k', 'v')", "kv_count('k')", "kv_sweep(NULL::int4, '-'::regclass)", "kv_get('k'::text, 'mine.kv_store'::regclass)")
{
	$node->psql('ours', "SELECT mine.$call");
	no_strike('ours', $call);
}

# --- A schema that takes the place of another ---

# Whose schema it is may rename it. What finds kv_leases by its name then finds hers, which is a
# view that strikes.
plant('swapped', q{
	CREATE SCHEMA extension; CREATE EXTENSION kvstore SCHEMA extension;
	CREATE TABLE mine.store OF extension.kv_entry (key WITH OPTIONS PRIMARY KEY, value WITH OPTIONS NOT NULL, expires WITH OPTIONS NOT NULL);
	CREATE FUNCTION mine.rows() RETURNS SETOF extension.kv_entry LANGUAGE plpgsql AS $$ BEGIN PERFORM mine.strike(); END $$;
	CREATE SCHEMA other; CREATE VIEW other.kv_leases AS SELECT * FROM mine.rows();
});
is($node->safe_psql('swapped', q{SELECT DISTINCT relowner::regrole FROM pg_class WHERE relname IN ('kv_store', 'kv_leases') AND relkind = 'r'}),
	'mallory', 'the tables of a trusted extension are its owner\'s');
my $swap = 'psql -X -q -U mallory -d \'' . $node->connstr('swapped') . '\'';
for my $call ("kv_lease('b', 't', 60, store => :store)", "kv_release('a', 't', store => :store)")
{
	as_mallory('swapped', qq{
		SELECT 'mine.store'::regclass::oid AS store \\gset
		BEGIN;
		SELECT extension.kv_lease('a', 't', 60, store => :store);
		SET LOCAL kvstore.fast_path = off;
		\\! $swap -c 'ALTER SCHEMA extension RENAME TO away' -c 'ALTER SCHEMA other RENAME TO extension'
		SELECT extension.$call;
		COMMIT;
		\\! $swap -c 'ALTER SCHEMA extension RENAME TO other' -c 'ALTER SCHEMA away RENAME TO extension'
	});
	no_strike('swapped', $call =~ s/\(.*//r . ' while the schema is renamed');
}

# So may the owner of a schema in which others use a store, by its number: they do not come upon hers.
as_mallory('swapped', q{
	CREATE SCHEMA shop; GRANT USAGE ON SCHEMA shop TO PUBLIC;
	SELECT extension.kv_create_store('shop.s');
	CREATE SCHEMA trap; GRANT USAGE ON SCHEMA trap TO PUBLIC;
	CREATE VIEW trap.s AS SELECT * FROM mine.rows();
});
for my $call ("kv_get('k', :store)", "kv_set('k', 'w', :store)")
{
	my $error = $node->error_of(qq{
		SELECT 'shop.s'::regclass::oid AS store \\gset
		BEGIN;
		SELECT extension.kv_set('k', 'v', :store), extension.$call;
		SET LOCAL kvstore.fast_path = off;
		SELECT extension.kv_exists('k', :store);
		\\! $swap -c 'ALTER SCHEMA shop RENAME TO away' -c 'ALTER SCHEMA trap RENAME TO shop'
		SELECT extension.$call;
	}, 'swapped');
	like($error, qr/ERROR:  42P01: the store with OID \d+ does not exist/, "$call: the name is another's");
	no_strike('swapped', $call);
	as_mallory('swapped', 'ALTER SCHEMA shop RENAME TO trap; ALTER SCHEMA away RENAME TO shop');
}

$node->stop('fast');
done_testing();
