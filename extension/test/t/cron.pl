# Sweeping by pg_cron, where no background worker of kvstore's own runs.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = Kvstore->begin('cron', 'kvstore.sweep_interval = 0');
$node->sql('CREATE EXTENSION kvstore');
sub error_of { return $node->error_of(@_) }

for my $call ('kv_schedule_sweep()', 'kv_unschedule_sweep()')
{
	like(error_of("SELECT $call"), qr/55000: pg_cron is not installed.*HINT:.*shared_preload_libraries/s, "without pg_cron, $call says so");
}

my $available = $node->sql(q{SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_cron'});
SKIP: {
	skip 'pg_cron is not installed for this PostgreSQL', 1 unless $available;

	# A background worker of pg_cron needs no password and no TCP.
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_cron'\ncron.use_background_workers = on\ncron.database_name = 'postgres'");
	$node->restart;
	like(error_of('SELECT kv_schedule_sweep()'), qr/55000: extension pg_cron is not in database "postgres".*HINT:.*CREATE EXTENSION/s,
		'before CREATE EXTENSION pg_cron, it says so');
	$node->sql('CREATE EXTENSION pg_cron');

	# What others create beside kv_sweep() is not run by the jobs.
	$node->sql(q{CREATE FUNCTION kv_sweep(store text, max_rows integer DEFAULT NULL) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE 'the job runs this'; END $$});

	# Since version 1.5 it knows seconds; before, the run has to be waited for.
	my $often = $node->sql(q{SELECT string_to_array(split_part(extversion, '-', 1), '.')::int[] >= '{1,5}' FROM pg_extension WHERE extname = 'pg_cron'}) eq 't' ? '1 second' : '* * * * *';
	my $job = $node->sql("SELECT kv_schedule_sweep('$often')");
	like($job, qr/^\d+$/, 'a job is scheduled');
	is($node->sql("SELECT kv_schedule_sweep('$often')"), $job, 'once, however often it is asked for');
	$node->sql(q{CREATE SCHEMA "an app"; SELECT kv_create_store('"an app"."it''s"')});
	my $other = $node->sql(q{SELECT kv_schedule_sweep(store => '"an app"."it''s"')});
	isnt($other, $job, 'another store has another job');
	is($node->sql('SELECT count(*) FROM cron.job'), 2, 'two jobs');

	$node->sql(q{SELECT kv_set_ex('brief', 'x', 1e-6), kv_set('long', 'x'), kv_set_ex('brief', 'x', 1e-6, store => '"an app"."it''s"')});
	ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM kv_store}), 'the job runs and the row is gone');
	ok($node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM "an app"."it's"}), 'whatever the store is called');
	is($node->sql(q{SELECT count(*) FROM cron.job_run_details WHERE status = 'failed'}), 0, 'no run failed');

	is($node->sql(q{SELECT kv_unschedule_sweep()}), 't', 'the job is ended');
	is($node->sql(q{SELECT kv_unschedule_sweep()}), 'f', 'once');
	is($node->sql(q{SELECT string_agg(jobid::text, ',') FROM cron.job}), $other, 'the other goes on');
	is($node->sql(q{SELECT kv_unschedule_sweep(store => '"an app"."it''s"')}), 't', 'until it is ended');

	# Jobs belong to their owners.
	$node->sql(q{CREATE ROLE sweeping LOGIN; GRANT SELECT, DELETE ON kv_store TO sweeping});
	like(error_of('SET ROLE sweeping; SELECT kv_schedule_sweep()'), qr/42501/, 'a role needs the privilege to use pg_cron');
	$node->sql(q{GRANT USAGE ON SCHEMA cron TO sweeping; SET ROLE sweeping; SELECT kv_schedule_sweep()});
	is($node->sql(q{SELECT kv_unschedule_sweep()}), 'f', 'the job of a role');
	is($node->sql(q{SET ROLE sweeping; SELECT kv_unschedule_sweep()}), 't', 'is for that role to end');
	like(error_of(q{SELECT kv_schedule_sweep('never')}), qr/invalid schedule/, 'a bad schedule is refused');
	like(error_of('SELECT kv_schedule_sweep(NULL)'), qr/22004/, 'and none at all');

	# From another database it says where to go.
	$node->sql('CREATE DATABASE other');
	$node->safe_psql('other', 'CREATE EXTENSION kvstore');
	like(error_of('SELECT kv_schedule_sweep()', 'other'), qr/55000: extension pg_cron is not in database "other".*schedule_in_database/s,
		'in another database it says where pg_cron is');
}
$node->stop('fast');

done_testing();
