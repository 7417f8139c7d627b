# For a minute, sessions renew entries at the very moment they expire, while the sweeper
# works at full speed on the same store: nothing that lives is ever removed. On one store by
# the fast path, on another by SQL.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

my $seconds = $ENV{KVSTORE_RENEWAL_SECONDS} // 60;
my $node = Kvstore->new('renewal');
$node->init;
$node->append_conf('postgresql.conf', q{
shared_preload_libraries = 'kvstore'
kvstore.sweep_interval = '1ms'
kvstore.sweep_pause = 0
synchronous_commit = off
});
$node->start;
$node->sql(q{
	CREATE EXTENSION kvstore;
	SELECT kv_create_store('by_sql');
	CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';
	CREATE TRIGGER nothing BEFORE DELETE ON by_sql FOR EACH ROW EXECUTE FUNCTION nothing();
	CREATE TABLE results (store regclass, renewed int, too_late int, lost int);

	-- Each session has keys of its own, so that nobody but the sweeper removes them.
	CREATE PROCEDURE renew(store regclass, session int, seconds int) LANGUAGE plpgsql AS $$
	DECLARE
		until timestamptz := clock_timestamp() + make_interval(secs => seconds);
		renewed int := 0; too_late int := 0; lost int := 0;
		key text; moment timestamptz;
	BEGIN
		WHILE clock_timestamp() < until LOOP
			key := session || ':' || (renewed + too_late) % 50;
			moment := clock_timestamp() + interval '1 ms' * random() * 3;
			PERFORM kv_set(key, 'x', store => store), kv_expire_at(key, moment, store => store);
			COMMIT;
			WHILE clock_timestamp() < moment - interval '30 us' LOOP END LOOP;
			IF kv_get_ex(key, '1 hour', store => store) IS NULL THEN
				too_late := too_late + 1;
			ELSE
				renewed := renewed + 1;
				COMMIT;
				FOR i IN 1 .. 5 LOOP
					IF kv_get(key, store => store) IS NULL THEN
						lost := lost + 1;
					END IF;
				END LOOP;
			END IF;
			COMMIT;
		END LOOP;
		INSERT INTO results VALUES (store, renewed, too_late, lost);
	END $$;
});

$node->pgbench(
	'--client=8 --transactions=1 --no-vacuum', 0, [qr{8/8}], [qr{^$}], 'eight sessions renew',
	{ renew => qq{CALL renew(CASE WHEN :client_id % 2 = 0 THEN 'kv_store' ELSE 'by_sql' END::regclass, :client_id, $seconds);} });
for my $store ('kv_store', 'by_sql')
{
	my ($renewed, $too_late, $lost) = split /\|/, $node->sql("SELECT sum(renewed), sum(too_late), sum(lost) FROM results WHERE store = '$store'::regclass");
	my $swept = $node->sql("SELECT expired_removed FROM kv_stats WHERE store = '$store'::regclass");
	note("$store: $renewed renewed, $too_late too late, $swept swept");
	cmp_ok($renewed, '>', 100, "$store: some were renewed in time");
	cmp_ok($too_late, '>', 100, "$store: some a moment too late");
	cmp_ok($swept, '>', 100, "$store: the sweeper was there");
	is($lost, 0, "$store: none that was renewed was lost");
}
$node->stop('fast');
done_testing();
