# A disk that is full, in a small file system of its own: a clean error, what is stored stays, other
# stores and the sweeper go on, and so do writes when there is room again.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'only in scripts/test run by root, who may mount a small file system' unless $ENV{KV_SMALL_FOLDER};

my $node = Kvstore->begin('full', "shared_preload_libraries = 'kvstore'", "kvstore.sweep_interval = 0", 'autovacuum = off');
mkdir "$ENV{KV_SMALL_FOLDER}/space" or die "$ENV{KV_SMALL_FOLDER}: $!";
$node->sql("CREATE TABLESPACE small LOCATION '$ENV{KV_SMALL_FOLDER}/space'");
$node->sql(q{
	CREATE EXTENSION kvstore;
	CREATE EXTENSION amcheck;
	CREATE FUNCTION value_of(n int) RETURNS text LANGUAGE sql IMMUTABLE RETURN (SELECT string_agg(md5(n || '-' || i), '') FROM generate_series(1, 40) i);
});

my $ballast = "$ENV{KV_SMALL_FOLDER}/ballast";
my $full = qr/ERROR:  53100: could not (extend|write)/;
sub sweep_every { $node->sql("ALTER SYSTEM SET kvstore.sweep_interval = '$_[0]'"); return $node->reload }

# Stores a hundred entries at a time until there is no room, half of which have expired; how many are there.
sub fill
{
	my ($set, $store) = @_;
	for (my $there = 0;; $there += 100)
	{
		my $last = $there + 99;
		my $error = $node->error_of(qq{$set; SELECT kv_set('k' || i, value_of(i), store => '$store'), kv_set_ex('brief ' || i, value_of(i), 1e-6, store => '$store') FROM generate_series($there, $last) i});
		next if $error eq '';
		like($error, $full, "$store: a full disk is a clean error");
		return $there;
	}
}

sub look_at
{
	my ($what, $store, $there) = @_;
	is($node->sql(qq{SELECT count(*) FILTER (WHERE value = value_of(substr(key, 2)::int)), count(*) FROM kv_scan('k', max => NULL, store => '$store')}), "$there|$there", "$what: all is there that was stored");
}

sub test_store
{
	my ($path, $fast_path, $store, $logged) = @_;
	my $set = "SET kvstore.fast_path = $fast_path";
	my $what = "$path, $store";
	$node->sql("ALTER DATABASE postgres SET kvstore.fast_path = $fast_path");    # of the sweeper, too
	$node->sql("SET default_tablespace = small; SELECT kv_create_store('$store', logged => $logged)");
	append_to_file($ballast, 'x' x 100_000);
	my $there = fill($set, $store);
	cmp_ok($there, '>', 0, "$what: there was room for some");
	for my $call ("kv_set('new', value_of(100000) || repeat(value_of(100001), 8), store => '$store')", "kv_append('k1', string_agg(value_of(i), ''), store => '$store') FROM generate_series(1, 500) i",
		"kv_mset(array_agg('new ' || i), array_agg(value_of(i)), store => '$store') FROM generate_series(1, 500) i")
	{
		like($node->error_of("$set; SELECT $call"), $full, "$what: so is it to " . substr($call, 0, 9));
	}
	like($node->error_of($_), $full, "$what: and to $_") for "VACUUM FULL $store", "REINDEX TABLE $store";
	look_at($what, $store, $there);
	is($node->damages, '', "$what: all is sound");
	is($node->sql(q{SELECT kv_set('elsewhere', 'x'); SELECT kv_get('elsewhere')}), "\nx", "$what: other stores work");
	if ($logged eq 'true')
	{
		$node->stop('immediate');
		$node->start;
		look_at("$what, after a crash", $store, $there);
		is($node->damages, '', "$what, after a crash: all is sound");
	}

	# The sweeper needs no room to make some.
	sweep_every('10ms');
	ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM $store WHERE expires < now()"), "$what: it is swept");
	sweep_every('0');
	# VACUUM needs a page or two for its maps.
	unlink $ballast or die;
	$node->sql("VACUUM $store");
	is($node->sql("$set; SELECT count(kv_set('more ' || i, value_of(i), store => '$store')) FROM generate_series(1, 100) i"), 100, "$what: then there is room");
	look_at("$what, swept", $store, $there);
	is($node->damages, '', "$what, swept: all is sound");
	$node->sql("DROP TABLE $store; CHECKPOINT");
}

test_store('fast path', 'on', 'logged', 'true');
test_store('fast path', 'on', 'unlogged', 'false');
test_store('SQL path', 'off', 'durable', 'true');
is($node->complaints(qr/ERROR:  could not (extend|write)|the database system is/), '', 'nobody complained of anything else');
$node->stop('fast');
done_testing();
