# make installcheck on a server as others may have it: a superuser of another name, another
# encoding, a busy sweeper, and no preload.
use strict;
use warnings;
use Cwd qw(abs_path);
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

my $repository = abs_path("$FindBin::RealBin/../../..");

$ENV{PGUSER} = 'admin';
my $node = Kvstore->new('other');
$node->init(extra => [ '--username=admin', '--encoding=LATIN1', '--locale=C' ]);
$node->append_conf('postgresql.conf', "kvstore.sweep_interval = '1s'");
$node->start;

# It is not run by the make that runs this test.
delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL)};
local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port);
command_ok([ 'make', '-C', $repository, 'installcheck', 'PG_CONFIG=pg_config' ], 'make installcheck')
	or diag(map { -e $_ ? slurp_file($_) : () } "$repository/tmp_check/regression.diffs", "$repository/output_iso/regression.diffs");

done_testing();
