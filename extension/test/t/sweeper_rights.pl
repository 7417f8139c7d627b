# The sweeper acts as the owner of each store, and nobody gets more rights from it.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('rights');
$node->init;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'kvstore'\nkvstore.sweep_interval = '100ms'");
$node->start;
$node->safe_psql('postgres', q{
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
is($node->safe_psql('postgres', q{SELECT DISTINCT who FROM seen WHERE what = 'trigger'}), 'mallory', 'by its owner');
is( $node->safe_psql('postgres', q{SELECT string_agg(what, ', ' ORDER BY what COLLATE "C") FROM (SELECT DISTINCT what FROM seen WHERE what LIKE 'refused%') s}),
	'refused: insert, refused: reset role, refused: session authorization, refused: temporary table',
	'who gets nothing else by it');
is($node->safe_psql('postgres', 'SELECT count(*) FROM secret'), 0, 'the secret is kept');

# A trigger that fails keeps its own store from being swept, and no other.
$node->safe_psql('postgres', q{
	CREATE FUNCTION mallory.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'the trap is shut'; END $$;
	CREATE TRIGGER fail BEFORE DELETE ON mallory.trap FOR EACH ROW EXECUTE FUNCTION mallory.fail();
	SELECT kv_set_ex('brief', 'x', 1e-6, store => 'mallory.trap');
	SELECT kv_create_store('after_the_trap');
	SELECT kv_set_ex('brief', 'x', 1e-6), kv_set_ex('brief', 'x', 1e-6, store => 'after_the_trap');
});
ok($node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM kv_store'), 'other stores are swept');
ok($node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM after_the_trap'), 'those that come later, too');
is($node->safe_psql('postgres', 'SELECT count(*) FROM mallory.trap'), 1, 'the failing one is not');

$node->stop('fast');
done_testing();
