# Each setting of kvstore: at reload, at restart, with a value that is none, by users, and with the
# library preloaded or not.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

# What it is set to, how that is shown, and what it cannot be, unless it can be any text.
my %settings = (
	'kvstore.fast_path' => [ 'off', 'off', 'perhaps' ],
	'kvstore.sweep_interval' => [ '90s', '90s', '-1' ],
	'kvstore.sweep_budget' => [ '2ms', '2ms', '0' ],
	'kvstore.sweep_pause' => [ '500ms', '500ms', '1001' ],
	'kvstore.sweep_subscribed' => [ 'on', 'on', 'perhaps' ],
	'kvstore.log_sweep_min_duration' => [ '0', '0', '-2' ],
	'kvstore.redis_stores' => [ 'pages, s.tokens', 'pages, s.tokens' ]);
my %users = map { $_ => 1 } ('kvstore.fast_path', 'kvstore.redis_stores');

my %defaults = (
	'kvstore.fast_path' => 'on', 'kvstore.sweep_interval' => '1min', 'kvstore.sweep_budget' => '1ms', 'kvstore.sweep_pause' => '20ms',
	'kvstore.sweep_subscribed' => 'off', 'kvstore.log_sweep_min_duration' => '10s', 'kvstore.redis_stores' => 'kv_redis');

# In a session that was there before, which loads the library, and in a new one.
sub shown_in
{
	my ($session, $node, $name, $value) = @_;
	for (1 .. 500)
	{
		last if $session->query_safe("SHOW $name") eq $value;
		select(undef, undef, undef, 0.02);
	}
	return $session->query_safe("SHOW $name") . ' ' . $node->sql("SELECT kv_count(); SHOW $name") =~ s/^\d+\n//r;
}

sub sweeps
{
	my ($node, $what) = @_;
	$node->sql(q{SELECT kv_set_ex('brief', 'x', 1e-6)});
	return ok($node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM kv_store WHERE key = 'brief'}), $what);
}

for my $preload (1, 0)
{
	my $mode = $preload ? 'preloaded' : 'on demand';
	my $node = Kvstore->begin($preload ? 'preloaded' : 'on_demand', $preload ? "shared_preload_libraries = 'kvstore'" : '');
	$node->sql('CREATE EXTENSION kvstore; CREATE ROLE somebody LOGIN; GRANT SELECT ON kv_store TO somebody');
	is($node->sql(q{SELECT kv_count(); SELECT string_agg(name, ' ' ORDER BY name) FROM pg_settings WHERE name LIKE 'kvstore.%'}) =~ s/^0\n//r, join(' ', sort keys %settings), "$mode: these are all of them");
	my $session = $node->background_psql('postgres');
	$session->query_safe('SELECT kv_count()');

	# Reload.
	for my $name (sort keys %settings)
	{
		my ($value, $shown, $wrong) = @{ $settings{$name} };
		is(shown_in($session, $node, $name, $defaults{$name}), "$defaults{$name} $defaults{$name}", "$mode, $name: its default is as documented");
		$node->sql("SELECT kv_count(); ALTER SYSTEM SET $name = '$value'");
		$node->reload;
		is(shown_in($session, $node, $name, $shown), "$shown $shown", "$mode, $name: a reload sets it");
		like($node->error_of("SELECT kv_count(); ALTER SYSTEM SET $name = '$wrong'"), qr/ERROR:  22023/, "$mode, $name: $wrong is refused") if defined $wrong;
		my $set = $node->error_of("SELECT kv_count(); SET SESSION AUTHORIZATION somebody; SET $name = '$value'");
		like($set, $users{$name} ? qr/^$/ : qr/ERROR:  55P02: parameter "\Q$name\E" cannot be changed now/, "$mode, $name: who may set it");
	}
	like($node->error_of('SELECT kv_count(); SET kvstore.sweep_intervall = 1'), qr/ERROR:  42602: invalid configuration parameter name/, "$mode: a name that is none is told of");
	$session->quit;

	# Restart keeps them.
	$node->restart;
	is($node->sql('SELECT kv_count(); ' . join('; ', map { "SHOW $_" } sort keys %settings)) =~ s/^0\n//r, join("\n", map { $settings{$_}[1] } sort keys %settings), "$mode: a restart keeps all");

	# They take effect where the sweeper is: it has been there once since it was started, and will be
	# again in 90 s.
	$node->sql('ALTER SYSTEM SET kvstore.sweep_interval = \'10ms\'; ALTER SYSTEM SET kvstore.sweep_pause = 0; ALTER SYSTEM SET kvstore.sweep_budget = 1000');
	$node->reload;
	sweeps($node, "$mode: another interval is heard of at once");
	$node->wait_for_log(qr/LOG:  .*swe[pe].*kv_store/i);
	pass("$mode: a round is logged as kvstore.log_sweep_min_duration says");
	$node->sql('ALTER SYSTEM SET kvstore.log_sweep_min_duration = -1');
	$node->reload;
	sweeps($node, "$mode: after another reload");

	# What is wrong in the file is told of, and what was right before goes on.
	my $log = -s $node->logfile;
	my @checked = grep { defined $settings{$_}[2] } sort keys %settings;
	$node->append_conf('postgresql.auto.conf', join "\n", map { "$_ = '$settings{$_}[2]'" } @checked);
	$node->reload;
	$node->wait_for_log(qr/LOG:  invalid value for parameter "\Q$_\E"|LOG:  \S+ \S+ is outside the valid range for parameter "\Q$_\E"|LOG:  parameter "\Q$_\E" requires a Boolean value/, $log) for grep { $preload } @checked;
	sweeps($node, "$mode: a wrong value in the file changes nothing");
	$node->sql('SELECT kv_count(); ALTER SYSTEM RESET ALL');
	if (!$preload)
	{
		# Whoever loads the library later has the default instead, and is told.
		$node->append_conf('postgresql.conf', "kvstore.sweep_budget = '5s'\nkvstore.sweep_interval = '10ms'");
		$node->restart;
		my (undef, $shown, $warning) = $node->psql('postgres', 'SELECT kv_count(); SHOW kvstore.sweep_budget');
		is("$shown", "0\n1ms", "$mode: a value that was wrong before the library was loaded is the default");
		like($warning, qr/WARNING:  .*kvstore\.sweep_budget/, "$mode: which is told of");
		sweeps($node, "$mode: and it sweeps");
	}
	else
	{
		$node->reload;
	}
	$node->stop('fast');
}
done_testing();
