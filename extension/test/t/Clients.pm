# Clients that write in the background, by pgbench: each carries out a script, or one of several
# by chance, again and again until it is stopped or loses its connection.
package Clients;
use strict;
use warnings;
use IPC::Run ();
use PostgreSQL::Test::Utils qw(append_to_file slurp_file);

sub start
{
	my ($class, $node, $name, $number, $options, @scripts) = @_;
	my $file = $node->basedir . "/$name";
	append_to_file("$file.script$_", $scripts[$_]) for 0 .. $#scripts;
	local $ENV{PGOPTIONS} = $options;
	my @pgbench = ('pgbench', '--no-vacuum', '--protocol=prepared', "--client=$number", '--transactions=1000000', '--define=n=0',
		'--log', "--log-prefix=$file.log", (map { ('--file', "$file.script$_") } 0 .. $#scripts), $node->connstr('postgres'));
	my $process = IPC::Run::start(\@pgbench, '>', "$file.out", '2>', "$file.err");
	return bless { node => $node, file => $file, number => $number, process => $process }, $class;
}

# How many transactions were acknowledged to each, who have all lost their connections.
sub acknowledged
{
	my $self = shift;
	$self->{process}->finish;
	my @counts = (0) x $self->{number};
	my ($log) = glob("$self->{file}.log.*");
	$counts[$_]++ for slurp_file($log) =~ /^(\d+) /mg;
	return @counts;
}

# Ends them; what errors they met till then.
sub stop
{
	my $self = shift;
	$self->{process}->kill_kill;
	$self->{node}->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'pgbench'}) or die;
	return slurp_file("$self->{file}.err");
}

1;
