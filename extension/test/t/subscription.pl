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
my $subscriber = Kvstore->begin('subscriber', "shared_preload_libraries = 'kvstore'", "kvstore.sweep_interval = '100ms'", "max_worker_processes = 16");

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

$subscriber->sql('DROP SUBSCRIPTION s');
$_->stop('fast') for $subscriber, $publisher;
done_testing();
