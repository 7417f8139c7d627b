# A store that a subscription fills is not swept on its own account: it would lose what the
# publisher renewed, for good.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

my $publisher = Kvstore->new('publisher');
$publisher->init(allows_streaming => 'logical');
$publisher->append_conf('postgresql.conf', "shared_preload_libraries = 'kvstore'\nkvstore.sweep_interval = 0");
$publisher->start;
my $subscriber = Kvstore->new('subscriber');
$subscriber->init(allows_streaming => 'logical');
$subscriber->append_conf('postgresql.conf', "shared_preload_libraries = 'kvstore'\nkvstore.sweep_interval = '100ms'\nmax_worker_processes = 16");
$subscriber->start;

my $create = q{
	CREATE EXTENSION kvstore;
	SELECT kv_create_store('sessions', logged => true);
	CREATE TABLE parts OF kv_entry (key WITH OPTIONS PRIMARY KEY, value WITH OPTIONS NOT NULL, expires WITH OPTIONS NOT NULL DEFAULT 'infinity') PARTITION BY HASH (key);
	CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 1, REMAINDER 0);
};
$_->sql($create) for $publisher, $subscriber;
$publisher->sql('CREATE PUBLICATION p FOR TABLE sessions, parts');
$subscriber->sql("CREATE SUBSCRIPTION s CONNECTION '@{[$publisher->connstr]} dbname=postgres' PUBLICATION p");
$subscriber->wait_for_subscription_sync($publisher, 's');

# The entries expire while the subscriber is behind, with their renewal on its way.
$subscriber->sql('CREATE TABLE gate (x int PRIMARY KEY)');
$publisher->sql('CREATE TABLE gate (x int PRIMARY KEY); ALTER PUBLICATION p ADD TABLE gate');
$subscriber->sql('ALTER SUBSCRIPTION s REFRESH PUBLICATION');
$subscriber->wait_for_subscription_sync($publisher, 's');
my @stores = ('sessions', 'parts');
$publisher->sql("SELECT kv_set_ex('renewed', 'old', 2, store => '$_')") for @stores;
$publisher->wait_for_catchup('s');
is($subscriber->sql("SELECT count(*) FROM $_"), 1, "$_: the entry has come") for @stores;
my $holder = $subscriber->background_psql('postgres');
$holder->query_safe('BEGIN; LOCK TABLE gate');
$publisher->sql('INSERT INTO gate VALUES (1)');    # where the subscriber waits
$publisher->sql("SELECT kv_set_ex('renewed', 'new', 3600, store => '$_')") for @stores;
$subscriber->poll_query_until('postgres', "SELECT expires < clock_timestamp() FROM sessions") or die;
# Meanwhile the sweeper has had some rounds.
for (1 .. 3)
{
	$subscriber->sql(q{SELECT kv_set_ex('brief', 'x', 1e-6)});
	ok($subscriber->poll_query_until('postgres', 'SELECT count(*) = 0 FROM kv_store'), "a store that is the subscriber's own is swept");
}
is($subscriber->sql("SELECT value FROM $_"), 'old', "$_: what the publisher may have renewed is left") for @stores;
$holder->query_safe('ROLLBACK');
$holder->quit;
$publisher->wait_for_catchup('s');
is($subscriber->sql("SELECT kv_get('renewed', store => '$_')"), 'new', "$_: the renewal arrives") for @stores;

# Somebody may say so.
for my $store (@stores)
{
	$publisher->sql("SELECT kv_set_ex('renewed', 'brief', 1e-6, store => '$store'), kv_set_ex('brief', 'x', 1e-6, store => '$store')");
}
$publisher->wait_for_catchup('s');
is($subscriber->sql(q{SELECT kv_sweep(store => 'sessions')}), 2, 'kv_sweep() removes what has expired');
is($subscriber->sql('SELECT count(*) FROM parts'), 2, 'the sweeper does not');
$subscriber->sql('ALTER SYSTEM SET kvstore.sweep_subscribed = on');
$subscriber->reload;
ok($subscriber->poll_query_until('postgres', 'SELECT count(*) = 0 FROM parts'), 'unless kvstore.sweep_subscribed is on');

# Whatever is done on the publisher arrives, on either path, and by its sweeper.
sub contents { return shift->sql(q{SELECT count(*), md5(string_agg(s::text, ',' ORDER BY key)) FROM sessions s}) }
sub set_on { my ($node, $setting) = @_; $node->sql("ALTER SYSTEM SET $setting"); return $node->reload }

set_on($publisher, "kvstore.sweep_interval = '10ms'");
for my $path ('on', 'off')
{
	$publisher->sql(qq{
		SET kvstore.fast_path = $path;
		SELECT kv_mset('{a,b,c,d,e,f,user:1,user:2,n}', '{1,2,3,4,5,6,x,y,7}', store => 'sessions'),
			kv_set('large', (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 1000) i), store => 'sessions');
		SELECT kv_set_ex('a', 'new', 3600, store => 'sessions'), kv_incr('n', store => 'sessions'), kv_append('b', 'more', store => 'sessions'), kv_get_del('c', store => 'sessions'),
			kv_cas('d', '4', '44', 3600, store => 'sessions'), kv_expire_at('e', '2000-01-01', store => 'sessions'), kv_del_prefix('user:', store => 'sessions'), kv_get_set('f', '66', store => 'sessions');
		SELECT kv_expire('large', 3600, store => 'sessions'), kv_set_ex('brief', 'x', 1e-6, store => 'sessions'), kv_set_nx('$path', 'x', store => 'sessions'), kv_persist('a', store => 'sessions');
	});
	ok($publisher->poll_query_until('postgres', q{SELECT count(*) = 0 FROM sessions WHERE key = 'brief'}), "fast path $path: what has expired is swept where it is published");
	# The sweeper does not wait for its commit to be flushed; this one does, and comes behind it.
	$publisher->sql(q{SELECT pg_logical_emit_message(true, 'kvstore', 'flushed')});
	$publisher->wait_for_catchup('s');
	is(contents($subscriber), contents($publisher), "fast path $path: both have the same");
	is($subscriber->sql(q{SELECT kv_get('a', store => 'sessions'), kv_get('n', store => 'sessions'), length(kv_get('large', store => 'sessions')), kv_ttl('large', store => 'sessions') > interval '50 min'}), 'new|8|32000|t', "fast path $path: what was touched has kept its value");
}
$publisher->sql(q{SELECT kv_flush(store => 'sessions'); SELECT kv_set('after', 'x', store => 'sessions')});
$publisher->wait_for_catchup('s');
is($subscriber->sql(q{SELECT key FROM kv_scan(store => 'sessions')}), 'after', 'kv_flush() arrives');

# Both ways.
SKIP:
{
	skip 'before PostgreSQL 16 changes would go round in circles', 6 if $publisher->sql('SHOW server_version_num') < 160000;
	$subscriber->sql('ALTER SUBSCRIPTION s SET (origin = none); CREATE PUBLICATION back FOR TABLE sessions');
	set_on($publisher, 'kvstore.sweep_subscribed = on');
	$publisher->sql("CREATE SUBSCRIPTION back CONNECTION '@{[$subscriber->connstr]} dbname=postgres' PUBLICATION back WITH (origin = none, copy_data = false)");
	$publisher->wait_for_subscription_sync($subscriber, 'back');
	for my $path ('on', 'off')
	{
		$publisher->sql(qq{SET kvstore.fast_path = $path; SELECT kv_set('here $path', 'x', store => 'sessions'), kv_set_ex('brief here', 'x', 1, store => 'sessions')});
		$subscriber->sql(qq{SET kvstore.fast_path = $path; SELECT kv_set('there $path', 'x', store => 'sessions'), kv_set_ex('brief there', 'x', 1, store => 'sessions'), kv_incr('n', store => 'sessions')});
		my $all = "SELECT string_agg(key, ',' ORDER BY key) FROM sessions WHERE key !~ 'brief'";
		my $expected = 'after,here ' . ($path eq 'on' ? 'on,n,there on' : 'off,here on,n,there off,there on');
		ok($_->poll_query_until('postgres', $all, $expected), "fast path $path: what is written on either side is on both") for $publisher, $subscriber;
	}
	ok($_->poll_query_until('postgres', q{SELECT count(*) = 0 FROM sessions WHERE key ~ 'brief'}), 'and what has expired on neither') for $publisher, $subscriber;
	$publisher->sql('DROP SUBSCRIPTION back');
}

$subscriber->sql('DROP SUBSCRIPTION s');
$_->stop('fast') for $subscriber, $publisher;
done_testing();
