# A server of PostgreSQL's own test modules, for kvstore: begun in one line, and asked in one way.
package Kvstore;
use strict;
use warnings;
use parent 'PostgreSQL::Test::Cluster';

# One that runs, with these lines of configuration.
sub begin
{
	my ($class, $name, @settings) = @_;
	my $node = $class->new($name);
	$node->init;
	$node->append_conf('postgresql.conf', join("\n", @settings));
	$node->start;
	return $node;
}

# What statements give, in the database postgres or another. The test ends if they fail.
sub sql
{
	my ($node, $statements, $database) = @_;
	return $node->safe_psql($database // 'postgres', $statements);
}

# What they say on standard error, with SQLSTATEs.
sub error_of
{
	my ($node, $statements, $database) = @_;
	my (undef, undef, $error) = $node->psql($database // 'postgres', "\\set VERBOSITY verbose\n$statements");
	return $error;
}

1;
