# The sweeper acts as the owner of each store, and nobody gets more rights from it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = Kvstore->begin('rights', "shared_preload_libraries = 'kvstore'", "kvstore.sweep_interval = '100ms'");
$node->sql(q{
	CREATE EXTENSION kvstore;
	CREATE ROLE mallory;
	CREATE SCHEMA mallory AUTHORIZATION mallory;
	CREATE TABLE secret (x int);
	CREATE TABLE seen (what text, who name, session name);
	GRANT INSERT ON seen TO mallory;
	SET ROLE mallory;
	SELECT kv_create_store('mallory.trap');
	CREATE FUNCTION mallory.spring() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO seen VALUES ('trigger', current_user, session_user);
		BEGIN INSERT INTO secret VALUES (1); EXCEPTION WHEN insufficient_privilege THEN INSERT INTO seen VALUES ('refused: insert'); END;
		BEGIN EXECUTE 'RESET ROLE'; EXCEPTION WHEN insufficient_privilege THEN INSERT INTO seen VALUES ('refused: reset role'); END;
		BEGIN EXECUTE 'SET SESSION AUTHORIZATION DEFAULT'; EXCEPTION WHEN insufficient_privilege THEN INSERT INTO seen VALUES ('refused: session authorization'); END;
		BEGIN EXECUTE 'CREATE TEMP TABLE pg_class_like (x int)'; EXCEPTION WHEN insufficient_privilege THEN INSERT INTO seen VALUES ('refused: temporary table'); END;
		RETURN OLD;
	END $$;
	CREATE TRIGGER spring BEFORE DELETE ON mallory.trap FOR EACH ROW EXECUTE FUNCTION mallory.spring();
	SELECT kv_set_ex('brief', 'x', 1e-6, store => 'mallory.trap');
});
ok($node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM mallory.trap'), 'a store with triggers is swept');
is($node->sql(q{SELECT DISTINCT who FROM seen WHERE what = 'trigger'}), 'mallory', 'by its owner');
is( $node->sql(q{SELECT string_agg(what, ', ' ORDER BY what COLLATE "C") FROM (SELECT DISTINCT what FROM seen WHERE what LIKE 'refused%') s}),
	'refused: insert, refused: reset role, refused: session authorization, refused: temporary table',
	'who gets nothing else by it');
is($node->sql('SELECT count(*) FROM secret'), 0, 'the secret is kept');

# A trigger that fails keeps its own store from being swept, and no other.
$node->sql(q{
	CREATE FUNCTION mallory.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'the trap is shut'; END $$;
	CREATE TRIGGER fail BEFORE DELETE ON mallory.trap FOR EACH ROW EXECUTE FUNCTION mallory.fail();
	SELECT kv_set_ex('brief', 'x', 1e-6, store => 'mallory.trap');
	SELECT kv_create_store('after_the_trap');
	SELECT kv_set_ex('brief', 'x', 1e-6), kv_set_ex('brief', 'x', 1e-6, store => 'after_the_trap');
});
ok($node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM kv_store'), 'other stores are swept');
ok($node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM after_the_trap'), 'those that come later, too');
is($node->sql('SELECT count(*) FROM mallory.trap'), 1, 'the failing one is not');

# --- kv_sweep() of somebody else's store ---
# By a superuser, and by one who has mallory's rights and others besides: as mallory. By those
# whom she lets: as themselves.
$node->sql(q{
	ALTER SYSTEM SET kvstore.sweep_interval = 0;
	SELECT pg_reload_conf();
	DROP TRIGGER fail ON mallory.trap; DROP TRIGGER spring ON mallory.trap;
	TRUNCATE seen;
	CREATE FUNCTION mallory.rise() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		EXECUTE 'ALTER ROLE mallory SUPERUSER';
		RETURN OLD;
	EXCEPTION WHEN insufficient_privilege THEN
		INSERT INTO seen VALUES ('refused: superuser', current_user);
		PERFORM set_config('work_mem', '1234kB', false);
		RETURN OLD;
	END $$;
	ALTER FUNCTION mallory.rise() OWNER TO mallory;
	CREATE TRIGGER rise BEFORE DELETE ON mallory.trap FOR EACH ROW EXECUTE FUNCTION mallory.rise();
	CREATE ROLE member IN ROLE mallory;
	CREATE ROLE guest;
	GRANT USAGE ON SCHEMA mallory TO guest;
	GRANT SELECT, DELETE ON mallory.trap TO guest;
	GRANT INSERT ON seen TO guest;
});
for my $case ([ 'postgres', 'mallory' ], [ 'member', 'mallory' ], [ 'mallory', 'mallory' ], [ 'guest', 'guest' ])
{
	my ($caller, $actor) = @$case;
	my $sweep = qq{
		TRUNCATE mallory.trap, seen;
		BEGIN;  -- so that a round that is under way does not see it
		INSERT INTO mallory.trap VALUES ('brief', 'x', now() - interval '1 s');
		SET ROLE $caller; SELECT kv_sweep(store => 'mallory.trap'); SELECT current_user, current_setting('work_mem') <> '1234kB' OR current_user IN ('mallory', 'guest'); RESET ROLE; COMMIT};
	like($node->sql($sweep), qr/^1\n$caller\|t$/m, "kv_sweep() by $caller");
	is($node->sql(q{SELECT string_agg(DISTINCT who, ',') FROM seen}), $actor, "acts as $actor");
	is($node->sql(q{SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory'}), 'f', 'who gets no more rights');
}

# Nor by what fires at the end of the transaction, when the sweep is over.
$node->sql(q{
	TRUNCATE mallory.trap;
	CREATE CONSTRAINT TRIGGER late AFTER DELETE ON mallory.trap DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION mallory.rise();
	DROP TRIGGER rise ON mallory.trap;
	INSERT INTO mallory.trap VALUES ('brief', 'x', now() - interval '1 s');
	TRUNCATE seen;
});
$node->psql('postgres', q{SELECT kv_sweep(store => 'mallory.trap')});
is($node->sql(q{SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory'}), 'f', 'a deferred trigger gets no more rights');
is($node->sql(q{SELECT count(*) FROM seen WHERE who <> 'mallory'}), 0, 'and is not run by the caller');

# In the sweeper it is fired at once, so that it keeps nothing from being swept.
$node->sql(q{ALTER SYSTEM SET kvstore.sweep_interval = '100ms'});
$node->reload;
ok($node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM mallory.trap'), 'a store with deferred triggers is swept');
is($node->sql(q{SELECT string_agg(DISTINCT who, ',') FROM seen}), 'mallory', 'by its owner');

# --- What else an owner may plant ---
# Whatever runs when an entry is removed, or while that is planned, runs as mallory. It is she who stores
# them, and nobody counts them: whoever else did would run what she has planted, as SQL has it.
$node->sql(q{
	DROP TRIGGER late ON mallory.trap;
	CREATE FUNCTION mallory.climb() RETURNS boolean LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO public.seen VALUES ('climbs', current_user);
		EXECUTE 'ALTER ROLE mallory SUPERUSER';
		RETURN true;
	EXCEPTION WHEN OTHERS THEN
		INSERT INTO public.seen VALUES ('falls', current_user);
		RETURN true;
	END $$;
	CREATE FUNCTION mallory.climb_unseen() RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN mallory.climb(); END $$;
	CREATE FUNCTION mallory.climb_by_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM mallory.climb(); RETURN NULL; END $$;
	ALTER FUNCTION mallory.climb() OWNER TO mallory; ALTER FUNCTION mallory.climb_unseen() OWNER TO mallory; ALTER FUNCTION mallory.climb_by_trigger() OWNER TO mallory;
});
for my $plant (
	[ 'a policy', 'CREATE POLICY p ON mallory.trap USING (mallory.climb()); ALTER TABLE mallory.trap ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY',
		'DROP POLICY p ON mallory.trap; ALTER TABLE mallory.trap DISABLE ROW LEVEL SECURITY' ],
	[ 'a rule', 'CREATE RULE r AS ON DELETE TO mallory.trap DO ALSO SELECT mallory.climb()', 'DROP RULE r ON mallory.trap' ],
	[ 'a predicate of an index', 'CREATE INDEX i ON mallory.trap (expires) WHERE mallory.climb_unseen()', 'DROP INDEX mallory.i' ],
	[ 'a trigger of the statement', 'CREATE TRIGGER t AFTER DELETE ON mallory.trap FOR EACH STATEMENT EXECUTE FUNCTION mallory.climb_by_trigger(); CREATE TRIGGER u AFTER DELETE ON mallory.trap FOR EACH ROW EXECUTE FUNCTION mallory.climb_by_trigger()',
		'DROP TRIGGER t ON mallory.trap; DROP TRIGGER u ON mallory.trap' ])
{
	my ($name, $planted, $undone) = @$plant;
	for my $sweeper ('the sweeper', 'kv_sweep() by a superuser', 'the sweeper, evicting')
	{
		my $expired = $sweeper !~ /evicting/;
		$node->sql("ALTER SYSTEM SET kvstore.sweep_interval = " . ($sweeper =~ /^the/ ? "'100ms'" : 0));
		$node->reload;
		my $expires = $expired ? "now() - interval '1 s'" : "now() + interval '1 day'";
		my $removed = "(SELECT coalesce(expired_removed + evicted, 0) FROM kv_counters('mallory.trap'))";
		my $before = $node->sql("SELECT $removed");
		$node->sql(qq{
			BEGIN;
			SET LOCAL ROLE mallory;
			TRUNCATE mallory.trap;
			$planted;
			INSERT INTO mallory.trap SELECT n, repeat('x', 1000), $expires FROM generate_series(1, 10) n;
			} . ($expired ? '' : "SELECT kv_limit('1 kB', store => 'mallory.trap');") . q{
			RESET ROLE;
			TRUNCATE seen;
			COMMIT});
		$node->sql(q{SELECT kv_sweep(store => 'mallory.trap')}) if $sweeper =~ /^kv_sweep/;
		ok($node->poll_query_until('postgres', "SELECT $removed > $before AND EXISTS (SELECT FROM seen)"), "$name: $sweeper removes entries");
		is($node->sql('SELECT string_agg(DISTINCT who, \',\') FROM seen'), 'mallory', 'and what was planted runs as mallory');
		is($node->sql(q{SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory'}), 'f', 'who does not rise by it');
		$node->sql('SET ROLE mallory; ' . ($expired ? '' : "SELECT kv_limit(NULL, store => 'mallory.trap'); ") . $undone);
	}
}

$node->stop('fast');
done_testing();
