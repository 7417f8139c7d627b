# Calls that have to wait for other transactions: a TTL counts from the write, and what has
# expired meanwhile is absent, whether the call waited for a row that was locked or changed
# and then left as it was, for a rival insertion that was taken back, or for the table.
use strict;
use warnings;
use IPC::Run;
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = Kvstore->begin('waiting', "shared_preload_libraries = 'kvstore'", "kvstore.sweep_interval = 0", "max_connections = 40");
$node->sql(q{
	CREATE EXTENSION kvstore;
	CREATE TABLE released (at timestamptz);
	CREATE TABLE expiry (at timestamptz);
	-- With rules, upserts go step by step, and with one that is INSTEAD nothing is RETURNED.
	SELECT kv_create_store('with_rules');
	CREATE TABLE log (key text);
	CREATE RULE log AS ON INSERT TO with_rules DO ALSO INSERT INTO log VALUES (NEW.key);
	-- Nobody waits for its entries, but for the places that they are brought to.
	SELECT kv_create_store('unlocked');
});

my $gate = 1;    # an advisory lock, behind which sessions are ready to call

sub wait_until_waiting
{
	my ($count, $for) = @_;
	$node->poll_query_until('postgres', "SELECT count(*) = $count FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND $for")
		or die "not all are waiting";
}

# The calls, each in a session of its own. When all are connected, `$stored` is run; then all
# wait for what `$hold` has locked, which is given up by a rollback after `$until`.
sub answers_after_waiting
{
	my ($path, $stored, $hold, $until, %calls) = @_;
	my $holder = $node->background_psql('postgres');
	$holder->query_safe("SELECT pg_advisory_lock($gate)");
	my %waiting;
	for my $key (sort keys %calls)
	{
		my %session = (out => '', err => '');
		local $ENV{PGOPTIONS} = "-c kvstore.fast_path=$path";
		$session{run} = IPC::Run::start([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'),
				'-c', "DO 'BEGIN PERFORM pg_advisory_lock_shared($gate); END'", '-c', "SELECT $calls{$key}" ],
			'<', \undef, '>', \$session{out}, '2>', \$session{err});
		$waiting{$key} = \%session;
	}
	wait_until_waiting(scalar keys %calls, q{wait_event = 'advisory'});
	$node->sql($stored);
	$holder->query_safe("BEGIN; $hold");
	$holder->query_safe("SELECT pg_advisory_unlock($gate)");
	wait_until_waiting(scalar keys %calls, q{wait_event <> 'advisory'});
	$holder->query_safe($until);
	# A session of its own writes down when: the holder takes back all that it did.
	$node->sql('TRUNCATE released; INSERT INTO released VALUES (clock_timestamp())');
	$holder->query_safe('ROLLBACK');
	$holder->quit;
	my %answers;
	for my $key (keys %calls)
	{
		$waiting{$key}{run}->finish;
		chomp($answers{$key} = $waiting{$key}{out} . $waiting{$key}{err});
	}
	return \%answers;
}

my $a_moment = 'SELECT pg_sleep(0.3)';
# The holder may have removed all that there is in its own eyes.
my $all_expired = q{SELECT pg_sleep_until(at) FROM expiry};
my %locks = (
	'rows that were locked' => q{SELECT count(*) FROM (SELECT FROM %s FOR UPDATE) l},
	'rows that were changed' => q{UPDATE %s SET value = value || ' changed'},
	'rows that were removed' => q{DELETE FROM %s});

# Those of which not all is as it must be: nothing.
sub too_short
{
	my ($store, $seconds) = @_;
	return $node->sql(qq{
		SELECT string_agg(key || ' by ' || at + interval '$seconds s' - expires, ', ' ORDER BY key) FROM $store, released
		WHERE expires < at + interval '$seconds s' - interval '2 ms' OR expires = 'infinity'});
}

for my $path ('on', 'off')
{
	for my $store ('kv_store', 'with_rules')
	{
		my $in = "store => '$store'";
		for my $lock ($store eq 'kv_store' ? sort keys %locks : 'rows that were locked')
		{
			# A TTL counts from the write.
			my $stored = qq{
				SELECT kv_flush($in); SELECT kv_set_ex(k, '1', 3600, $in) FROM unnest('{set_ex,set_xx,get_ex,slack,expire,expire_xx,expire_lt,cas,mset}'::text[]) k;
				SELECT kv_set_ex(k, '1', 1e-6, $in) FROM unnest('{set_nx,incr,incr_float,rate,mset_nx}'::text[]) k};
			my $answers = answers_after_waiting($path, $stored, sprintf($locks{$lock}, $store), $a_moment,
				set_ex => qq{kv_set_ex('set_ex', 'x', 60, $in)}, set_xx => qq{kv_set_xx('set_xx', 'x', '1 minute', $in)},
				set_nx => qq{kv_set_nx('set_nx', 'x', interval '1 minute', $in)}, get_ex => qq{kv_get_ex('get_ex', 60, $in)},
				expire => qq{kv_expire('expire', 60.0, $in)}, cas => qq{kv_cas('cas', '1', 'x', 60, $in)},
				incr => qq{kv_incr('incr', 1, 60, $in)}, incr_float => qq{kv_incr_float('incr_float', 0.5, 60, $in)}, rate => qq{count FROM kv_rate_limit('rate', 3, 60, $in)},
				slack => qq{kv_get_ex('slack', 60, 6, $in)}, expire_xx => qq{kv_expire('expire_xx', 60, 'xx', $in)}, expire_lt => qq{kv_expire('expire_lt', '1 min', 'lt', $in)}, mset => qq{kv_mset(ARRAY['mset'], ARRAY['x'], 60, $in)}, mset_nx => qq{kv_mset_nx(ARRAY['mset_nx'], ARRAY['x'], 60, $in)});
			is_deeply($answers, { set_ex => '', set_xx => 't', set_nx => 't', get_ex => '1', slack => '1', rate => '1', expire => 't', expire_xx => 't', expire_lt => 't', cas => 't', incr => '1', incr_float => '0.5', mset => '1', mset_nx => 't' },
				"fast path $path, $store: calls that waited for $lock");
			is(too_short($store, 60), '', "fast path $path, $store: a TTL counts from the end of waiting for $lock");
		}

		# A rival who gives up.
		my $nothing = qq{SELECT kv_flush($in)};
		my @keys = ('set_ex', 'set_nx', 'cas', 'incr', 'rate', 'resets', 'mset', 'mset_nx', 'incr_float');
		my $rival = join '; ', map { "INSERT INTO $store VALUES ('$_', 'rival', 'infinity')" } @keys;
		my $answers = answers_after_waiting($path, $nothing, $rival, $a_moment,
			set_ex => qq{kv_set_ex('set_ex', 'x', 60, $in)}, set_nx => qq{kv_set_nx('set_nx', 'x', 60, $in)},
			cas => qq{kv_cas('cas', NULL, 'x', 60, $in)}, incr => qq{kv_incr('incr', 1, 60, $in)},
			rate => qq{count FROM kv_rate_limit('rate', 3, 60, $in)}, resets => qq{resets FROM kv_rate_limit('resets', 3, 60, $in)},
			mset => qq{kv_mset(ARRAY['mset'], ARRAY['x'], 60, $in)}, mset_nx => qq{kv_mset_nx(ARRAY['mset_nx'], ARRAY['x'], '60 s', $in)},
			incr_float => qq{kv_incr_float('incr_float', 1, 60.0, $in)});
		is(delete $answers->{resets}, $node->sql(qq{SELECT expires FROM $store WHERE key = 'resets'}), "fast path $path, $store: a rate limit that waited for a rival tells when it ends");
		is_deeply($answers, { set_ex => '', set_nx => 't', cas => 't', incr => '1', rate => '1', mset => '1', mset_nx => 't', incr_float => '1' }, "fast path $path, $store: calls that waited for a rival");
		is(too_short($store, 60), '', "fast path $path, $store: a TTL counts from the end of waiting for a rival");

		# The table.
		answers_after_waiting($path, $nothing, "LOCK TABLE $store", $a_moment, set_ex => qq{kv_set_ex('set_ex', 'x', 60, $in)}, set_nx => qq{kv_set_nx('set_nx', 'x', 60, $in)});
		is(too_short($store, 60), '', "fast path $path, $store: a TTL counts from the end of waiting for the table");
	}

	# An expiry that has become good enough while the call waited is left as it was.
	my $answers = answers_after_waiting($path, q{SELECT kv_flush(); SELECT kv_set_ex('k', '5', 100); TRUNCATE expiry; INSERT INTO expiry SELECT expires FROM kv_store},
		sprintf($locks{'rows that were locked'}, 'kv_store'), q{SELECT pg_sleep_until(at - interval '94 s') FROM expiry}, slack => q{kv_get_ex('k', 90, 5)});
	is_deeply($answers, { slack => '5' }, "fast path $path: the value, whose expiry is good enough after the waiting");
	is($node->sql(q{SELECT value, expires = at FROM kv_store, expiry}), '5|t', "fast path $path: and is as it was");

	# What expires while a call waits is absent when it goes on.
	for my $lock (sort keys %locks)
	{
		my %expected = (
			expire => [ q{kv_expire('expire', 60)}, 'f' ], expire_xx => [ q{kv_expire('expire_xx', 60, 'xx')}, 'f' ], expire_gt => [ q{kv_expire('expire_gt', 60, 'gt')}, 'f' ], expire_at => [ q{kv_expire_at('expire_at', '2100-01-01')}, 'f' ],
			slack => [ q{kv_get_ex('slack', 60, 6)}, '' ], persist => [ q{kv_persist('persist')}, 'f' ], get_ex => [ q{kv_get_ex('get_ex', 60)}, '' ],
			set_xx => [ q{kv_set_xx('set_xx', 'x')}, 'f' ], set_xx_ex => [ q{kv_set_xx('set_xx_ex', 'x', 60)}, 'f' ],
			cas => [ q{kv_cas('cas', '5', 'x', 60)}, 'f' ], cas_keep => [ q{kv_cas('cas_keep', '5', 'x')}, 'f' ],
			get_del => [ q{coalesce(kv_get_del('get_del'), 'nothing')}, 'nothing' ], del => [ q{kv_del('del')}, 'f' ],
			del_if => [ q{kv_del_if('del_if', '5')}, 'f' ], mdel => [ q{kv_mdel(ARRAY['mdel'])}, 0 ], del_prefix => [ q{kv_del_prefix('del_prefix')}, 0 ],
			rename => [ q{kv_rename('rename', 'z')}, 'f' ], rename_back => [ q{kv_rename('rename_back', 'a')}, 'f' ], rename_nx => [ q{kv_rename_nx('rename_nx', 'y')}, 'f' ],
			from_before => [ q{kv_rename('a', 'from_before', 'kv_store', store => 'unlocked')}, 'f' ], from_behind => [ q{kv_rename('z', 'from_behind', 'kv_store', store => 'unlocked')}, 'f' ],
			copy => [ q{kv_copy('a', 'copy', true, 'kv_store', store => 'unlocked')}, 'f' ]);
		my %stored = (
			incr => [ q{kv_incr('incr', 1, 60)}, 1 ], rate => [ q{count FROM kv_rate_limit('rate', 6, 60)}, 1 ], get_set => [ q{coalesce(kv_get_set('get_set', '1'), 'nothing')}, 'nothing' ],
			set_keepttl => [ q{kv_set_keepttl('set_keepttl', '1')}, '' ], incr_float => [ q{kv_incr_float('incr_float', 0.5, 60)}, '0.5' ]);
		my %all = (%expected, %stored);
		my $stored = q{SELECT kv_flush(); SELECT kv_mset('{a,z}', '{5,5}', 8, store => 'unlocked'); SELECT } . join(', ', map { "kv_set_ex('$_', '5', 8)" } sort keys %all)
			. '; TRUNCATE expiry; INSERT INTO expiry SELECT max(expires) FROM kv_store';
		my $answers = answers_after_waiting($path, $stored, sprintf($locks{$lock}, 'kv_store'), $all_expired, map { $_ => $all{$_}[0] } keys %all);
		is_deeply($answers, { map { $_ => $all{$_}[1] } keys %all }, "fast path $path: what expired while calls waited for $lock is absent to them");
		is($node->sql(q{SELECT string_agg(key, ', ' ORDER BY key) FROM kv_store WHERE expires > clock_timestamp()}),
			'get_set, incr, incr_float, rate, set_keepttl', "fast path $path: nothing else is revived");
		is($node->sql(q{SELECT string_agg(key || ' ' || value, ', ' ORDER BY key) FROM kv_scan()}),
			'get_set 1, incr 1, incr_float 0.5, rate 1, set_keepttl 1', "fast path $path: what is stored begins anew");
	}
}

$node->stop('fast');
done_testing();
