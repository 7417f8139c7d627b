# The library is replaced without a restart: sweepers of the new one do not touch the memory of
# a launcher of the old one, and soon there is a new launcher.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = Kvstore->new('replaced');
$node->init;
my $folder = $node->basedir . '/lib';
mkdir $folder or die;
# The workers' library, unlike that of the functions, is looked for along this path.
$node->append_conf('postgresql.conf', "dynamic_library_path = '$folder:\$libdir'\nkvstore.sweep_interval = '100ms'");
my $pkglibdir = `pg_config --pkglibdir`;
chomp $pkglibdir;
my $library = slurp_file("$pkglibdir/kvstore.so");

sub install
{
	my $content = shift;
	open my $file, '>:raw', "$folder/new" or die;
	print $file $content;
	close $file or die;
	chmod 0755, "$folder/new";
	rename "$folder/new", "$folder/kvstore.so" or die;
}

# As if compiled with another KV_SWEEP_LAYOUT.
my $other = $library;
my $places = ($other =~ s/\x01\x00\x77\x6b/\x02\x00\x77\x6b/g);
cmp_ok($places, '>', 0, 'there is a library of another layout');

install($library);
$node->start;
$node->sql(q{CREATE EXTENSION kvstore; SELECT kv_set_ex('brief', 'x', 1e-6)});
ok($node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM kv_store'), 'what has expired goes');
unlike(slurp_file($node->logfile), qr/was replaced/, 'and nobody complains');
my $launcher = q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'kvstore launcher'};
my $old = $node->sql($launcher);
for my $next ($other, $library)
{
	my $begin = -s $node->logfile;
	install($next);
	$node->wait_for_log(qr/LOG:  the library "kvstore" was replaced/, $begin);
	ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM ($launcher AND pid <> $old) l"), 'there is a new launcher');
	$old = $node->sql($launcher);
	$node->sql(q{SELECT kv_set_ex('brief', 'x', 1e-6)});
	ok($node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM kv_store'), 'and what has expired goes');
	is($node->sql($launcher), $old, 'which stays');
}
unlike(slurp_file($node->logfile), qr/PANIC|TRAP|terminated by signal/, 'nothing has crashed');
$node->stop('fast');
done_testing();
