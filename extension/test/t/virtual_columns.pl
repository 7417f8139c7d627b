# Since PostgreSQL 18 a generated column may be computed when it is read: its value is in no row,
# so that a store with one is read, and swept, by SQL, and no trigger can make a key of it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = Kvstore->begin('virtual_columns', "shared_preload_libraries = 'kvstore'", "kvstore.sweep_interval = 0");
if ($node->sql('SHOW server_version_num') < 180000)
{
	$node->stop('fast');
	plan skip_all => 'there are no virtual columns before PostgreSQL 18';
}
$node->sql(q{
	CREATE EXTENSION kvstore;
	CREATE TABLE computed (key text COLLATE "C" PRIMARY KEY, value text NOT NULL GENERATED ALWAYS AS ('value of ' || key), expires timestamptz NOT NULL);
	INSERT INTO computed (key, expires) VALUES ('k', 'infinity');
	ALTER TABLE computed OF kv_entry;
	-- One character has expired in 1970, two will in 2286.
	CREATE TABLE lasting (key text COLLATE "C" PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL GENERATED ALWAYS AS (to_timestamp(1e5 ^ length(value))));
	INSERT INTO lasting (key, value) VALUES ('gone', 'x'), ('there', 'xx');
	ALTER TABLE lasting OF kv_entry;
});

for my $path ('on', 'off')
{
	my $set = "SET kvstore.fast_path = $path";
	is($node->sql(qq{$set; SELECT kv_get('k', store => 'computed'), (SELECT value FROM kv_mget('{k}', store => 'computed')), kv_exists('k', store => 'computed')}),
		'value of k|value of k|t', "fast path $path: a value that is computed is read");
	is($node->sql(qq{$set; SELECT kv_get('there', store => 'lasting'), kv_get('gone', store => 'lasting'), kv_exists('gone', store => 'lasting')}),
		'xx||f', "fast path $path: an expiry that is computed counts");
}
is($node->sql(q{SELECT kv_detour('computed')}), 'it has generated columns', 'it is a detour');
is($node->sql(q{SELECT kv_sweep(store => 'lasting'), (SELECT string_agg(key, ' ') FROM lasting)}), '1|gone there', 'kv_sweep() knows what has expired');
is($node->sql(q{SELECT string_agg(key, ' ') FROM lasting}), 'there', 'and removes it');
$node->sql(q{INSERT INTO lasting (key, value) VALUES ('gone', 'x'); ALTER SYSTEM SET kvstore.sweep_interval = '100ms'});
$node->reload;
ok($node->poll_query_until('postgres', q{SELECT string_agg(key, ' ') = 'there' FROM lasting}), 'so does the sweeper');

$node->sql(q{
	CREATE TABLE users (id int PRIMARY KEY, code text GENERATED ALWAYS AS ('code ' || id), kept text GENERATED ALWAYS AS ('kept ' || id) STORED);
	CREATE TRIGGER forget AFTER UPDATE OR DELETE ON users FOR EACH ROW EXECUTE FUNCTION kv_invalidate('%s', 'kept');
	INSERT INTO users VALUES (1), (2);
	SELECT kv_set('kept 1', 'x')});
is($node->sql(q{DELETE FROM users WHERE id = 1; SELECT kv_exists('kept 1')}), 'f', 'kv_invalidate() knows columns that are stored');
my (undef, undef, $error) = $node->psql('postgres', q{
	CREATE TRIGGER forget_code AFTER UPDATE OR DELETE ON users FOR EACH ROW EXECUTE FUNCTION kv_invalidate('%s', 'code');
	DELETE FROM users}, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
like($error, qr/0A000: column "code" of table "users" is generated and not stored/, 'and refuses those that are not');

$node->stop('fast');
done_testing();
