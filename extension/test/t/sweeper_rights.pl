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
		INSERT INTO mallory.trap VALUES ('brief', 'x', now() - interval '1 s');
		SET ROLE $caller; SELECT kv_sweep(store => 'mallory.trap'); SELECT current_user, current_setting('work_mem') <> '1234kB' OR current_user IN ('mallory', 'guest'); RESET ROLE};
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

$node->stop('fast');
done_testing();
