# A server of PostgreSQL's own test modules, for kvstore: begun in one line, and asked in one way.
package Kvstore;
use strict;
use warnings;
use parent 'PostgreSQL::Test::Cluster';
use PostgreSQL::Test::Utils qw(slurp_file);

# In UTF8, whatever the language of the environment, unless the options of initdb in `extra` say
# something else.
sub init
{
	my ($node, %parameters) = @_;
	$parameters{extra} = [ '--encoding=UTF8', '--no-locale', @{ $parameters{extra} // [] } ];
	return $node->SUPER::init(%parameters);
}

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

# What amcheck, which is created there, says of all stores of a database and of their indexes:
# nothing, if all is well.
sub damages
{
	my ($node, $database) = @_;
	my (undef, $found, $error) = $node->psql($database // 'postgres', q{
		CREATE TEMP VIEW tables AS
			SELECT c.oid, reltoastrelid FROM pg_class c JOIN pg_type t ON t.oid = reloftype
			WHERE typname IN ('kv_entry', 'kv_entry_bytea') AND relkind = 'r';
		CREATE TEMP VIEW indexes AS
			SELECT i.* FROM pg_index i JOIN pg_class c ON c.oid = indexrelid JOIN pg_am a ON a.oid = relam
			JOIN tables t ON indrelid IN (t.oid, t.reltoastrelid) WHERE amname = 'btree';
		SELECT oid::regclass, damage FROM tables, verify_heapam(oid) damage;
		SELECT indexrelid::regclass, 'invalid' FROM indexes WHERE NOT indisvalid;
		SELECT 'no index' WHERE (SELECT count(bt_index_check(indexrelid, true)) FROM indexes WHERE indisvalid) = 0;
	});
	return $found . $error;
}

# What the log says that is neither expected nor mere information.
sub complaints
{
	my ($node, $expected) = @_;
	my @lines = grep { /WARNING:|ERROR:|FATAL:|PANIC:|TRAP:|terminated by signal/ } split /\n/, slurp_file($node->logfile);
	return join "\n", grep { !$expected || !/$expected/ } @lines;
}

# Has these roles, separated by commas, log in with their passwords.
sub ask_for_passwords
{
	my ($node, $roles) = @_;
	my $hba = $node->data_dir . '/pg_hba.conf';
	my $trust = slurp_file($hba);
	open my $file, '>', $hba or die "$hba: $!";
	print $file "local all $roles scram-sha-256\nhost all $roles all scram-sha-256\n$trust";
	close $file;
	$node->reload;
	return;
}

1;
