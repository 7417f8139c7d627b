# Where there is no slot for a background worker, the log says so once, however many ask.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = Kvstore->new('slots');
$node->init;
# The launcher of logical replication has the only one.
$node->append_conf('postgresql.conf', "max_worker_processes = 1\nkvstore.sweep_interval = '100ms'");
$node->start;
$node->sql('CREATE EXTENSION kvstore');
my $told = sub { return scalar(() = slurp_file($node->logfile) =~ /could not start kvstore \w+: no free slot for a background worker/g) };
is($node->sql("SELECT kv_set('k', '$_'); SELECT kv_get('k')"), "\n$_", "session $_ is served") for 1 .. 5;
is($told->(), 1, 'a full max_worker_processes is told of once');

# A time to come is not a reason to be silent.
my ($note) = glob($node->data_dir . '/pg_stat_tmp/kvstore.no_worker');
utime time + 3600, time + 3600, $note or die;
$node->sql("SELECT kv_get('k')") for 1 .. 5;
is($told->(), 2, 'nor is it forgotten when the clock was set back');
$node->stop('fast');
done_testing();
