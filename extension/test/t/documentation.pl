# Every SQL example of README.md and docs/*.md is run, and what it states is true.
#
# An example is a block that begins with ```sql. The blocks of a page are run in order in
# one session, in a database of the page's own. After a statement, on its last line, may be
#
#     -- => a|1, b|NULL    what it returns: columns and rows in this notation
#     -- ERROR: 22023      the SQLSTATE that it fails with
#
# A statement without that must succeed. Blocks that begin with ```sql pg_cron are skipped
# where pg_cron is not installed; no later block may need them.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Kvstore;
use PostgreSQL::Test::Utils;
use Test::More;

my $repository = "$FindBin::RealBin/../../..";
my $mark = '@@ end of statement @@';

# --- What is in a page ---

my $stated = qr/(?<!`)--[ \t]*(?:=>|ERROR\b)/i;    # in prose it is quoted

# The statements of a block that begins at a line, each with what is stated of it.
sub statements
{
	my ($sql, $line) = @_;
	my (@statements, $stray);
	my $current = { sql => '' };
	my $fresh;    # the statement that has ended on this line
	while ($sql =~ m{\G(?<part>
			(?<comment>--[^\n]*) | (?<end>;) | [ \t]+
			| '(?:[^']|'')*' | "[^"]*" | \$(?<tag>\w*)\$.*?\$\k<tag>\$ | .)}gsx)
	{
		my ($part, $comment, $end) = @+{qw(part comment end)};
		my $is_blank = $current->{sql} !~ /\S/;
		if (defined $comment and $is_blank and $fresh and not exists $fresh->{kind})
		{
			if ($comment =~ /^--\s*=>\s?(.*?)\s*$/) { @$fresh{ 'kind', 'want' } = ('result', $1) }
			elsif ($comment =~ /^--\s*ERROR:\s*(\w{5})\s*$/) { @$fresh{ 'kind', 'want' } = ('error', $1) }
			elsif ($comment =~ $stated) { $stray = $comment }
		}
		elsif (defined $comment) { $stray = $comment if $comment =~ $stated }
		elsif (defined $end)
		{
			push @statements, $fresh = $current;
			$fresh->{sql} .= ';';
			$current = { sql => '' };
		}
		else
		{
			$current->{line} //= $line if $part =~ /\S/;
			$current->{sql} .= $part if exists $current->{line};
			undef $fresh if $part =~ /[\n\S]/;
		}
		$line += $part =~ tr/\n//;
	}
	return (\@statements, $stray ? "nothing to state: $stray" : $current->{sql} =~ /\S/ ? "no end: $current->{sql}" : '');
}

# The blocks of a page.
sub blocks
{
	my ($text) = @_;
	my (@blocks, $open);
	my $number = 0;
	for (split /\n/, $text)
	{
		$number++;
		if (!$open and /^\s*(?:```+|~~~+)\s*(.*?)\s*$/) { $open = { info => $1, line => $number + 1, sql => '' } }
		elsif ($open and /^\s*(?:```+|~~~+)\s*$/)
		{
			push @blocks, $open if $open->{info} =~ /sql/i;
			undef $open;
		}
		elsif ($open) { $open->{sql} .= "$_\n" }
	}
	push @blocks, { %$open, info => 'not closed' } if $open;
	return @blocks;
}

sub page
{
	my ($name) = @_;
	my $text = slurp_file("$repository/$name");
	my %page = (name => $name, stated => scalar(() = $text =~ /$stated/g), blocks => [ blocks($text) ]);
	for my $block (@{ $page{blocks} })
	{
		($block->{statements}, my $fault) = statements($block->{sql}, $block->{line});
		like($block->{info}, qr/^sql(?: pg_cron)?$/, "$name:$block->{line}: a known kind of block");
		is($fault, '', "$name:$block->{line}: understood");
		cmp_ok(scalar @{ $block->{statements} }, '>', 0, "$name:$block->{line}: has statements");
	}
	return \%page;
}

my @names = ('README.md', map { s{^\Q$repository\E/}{}r } sort glob("$repository/docs/*.md"));
cmp_ok(scalar @names, '>', 1, 'there are pages');
my @pages = grep { @{ $_->{blocks} } > 0 } map { page($_) } @names;
for my $expected (qw(README.md docs/recipes.md docs/redis.md docs/reference.md))
{
	ok((grep { $_->{name} eq $expected } @pages), "there are examples in $expected");
}

# --- A server for them ---

my $node = Kvstore->new('documentation');
$node->init;
$ENV{PGCLIENTENCODING} = 'UTF8';
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'kvstore'");
$node->start;
my $has_pg_cron = $node->sql(q{SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_cron'});

sub prepare_database
{
	my ($page, $database) = @_;
	$node->sql("CREATE DATABASE $database");
	if ($has_pg_cron and grep { $_->{info} =~ /pg_cron/ } @{ $page->{blocks} })
	{
		$node->append_conf('postgresql.conf', "shared_preload_libraries = 'kvstore, pg_cron'\ncron.database_name = '$database'");
		$node->restart;
	}
	my $creates = grep { $_->{sql} =~ /CREATE EXTENSION kvstore/i } @{ $page->{blocks} };
	$node->safe_psql($database, 'CREATE EXTENSION kvstore') unless $creates;
}

# --- Running a page ---

# What each statement gave, as [SQLSTATE, message, result].
sub run_in_session
{
	my ($database, @statements) = @_;
	my $script = "\\pset format unaligned\n\\pset tuples_only on\n\\pset fieldsep '|'\n\\pset recordsep ', '\n\\pset null NULL\n";
	$script .= "$_->{sql}\n\\echo '\\n$mark' :SQLSTATE :LAST_ERROR_MESSAGE\n" for @statements;
	my ($stdout, $stderr) = ('', '');
	$node->psql($database, $script, stdout => \$stdout, stderr => \$stderr, on_error_stop => 0);
	my @outcomes;
	my $result = '';
	for (split /\n/, $stdout)
	{
		if (my ($state, $message) = /^\Q$mark\E (\w{5}) ?(.*)/)
		{
			push @outcomes, [ $state, $message, $result =~ s/\n+\z//r ];
			$result = '';
		}
		else { $result .= "$_\n" }
	}
	return @outcomes;
}

my $checked = 0;
my $skipped = 0;

sub check
{
	my ($page, $statement, $outcome) = @_;
	my $name = "$page->{name}:$statement->{line}: " . substr($statement->{sql} =~ s/\s+/ /gr, 0, 70);
	my ($state, $message, $result) = $outcome ? @$outcome : ('', 'it was not run', '');
	my $kind = $statement->{kind} // '';
	$checked++ if $kind;
	return is($state, $statement->{want}, $name) if $kind eq 'error';
	return is("$state $message", '00000', $name) if $state ne '00000';
	return $kind eq 'result' ? is($result, $statement->{want}, $name) : pass($name);
}

for my $page (@pages)
{
	my $database = lc($page->{name} =~ s/\W/_/gr);
	prepare_database($page, $database);
	my @blocks = @{ $page->{blocks} };
	my @runnable = grep { $has_pg_cron or $_->{info} !~ /pg_cron/ } @blocks;
	my @statements = map { @{ $_->{statements} } } @runnable;
	my @outcomes = run_in_session($database, @statements);
	is(scalar @outcomes, scalar @statements, "$page->{name}: every statement was run");
	($checked, $skipped) = (0, 0);
	check($page, $statements[$_], $outcomes[$_]) for 0 .. $#statements;
	SKIP:
	{
		my @left_out = map { @{ $_->{statements} } } grep { !$has_pg_cron and $_->{info} =~ /pg_cron/ } @blocks;
		$skipped = grep { $_->{kind} } @left_out;
		skip 'pg_cron is not installed', scalar @left_out if @left_out;
	}
	is($checked + $skipped, $page->{stated}, "$page->{name}: all that is stated was checked");
	cmp_ok($checked, '>', 0, "$page->{name}: something is stated");
}

# --- The reference is complete ---

my $reference = slurp_file("$repository/docs/reference.md");
$node->sql('CREATE EXTENSION kvstore');
my $functions = $node->sql(q{
	SELECT DISTINCT proname FROM pg_depend JOIN pg_proc p ON classid = 'pg_proc'::regclass AND objid = p.oid
	WHERE deptype = 'e' AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'kvstore') ORDER BY 1});
ok($reference =~ /`\Q$_\E\(/, "the reference has $_()") for split /\n/, $functions;
my $columns = $node->sql(q{SELECT attname FROM pg_attribute WHERE attrelid = 'kv_stats'::regclass AND attnum > 0});
ok($reference =~ /^\|[^|]*`\Q$_\E`/m, "the reference has kv_stats.$_") for split /\n/, $columns;
my $settings = $node->sql(q{SELECT name FROM pg_settings WHERE name LIKE 'kvstore.%'});
ok($reference =~ /^\|[^|]*`\Q$_\E`/m, "the reference has $_") for split /\n/, $settings;

$node->stop('fast');
done_testing();
