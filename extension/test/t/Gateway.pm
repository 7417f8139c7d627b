# kvstore-redis for tests: started beside a server of Kvstore.pm's, and asked over sockets in the bytes
# of Redis's protocol. The program is the one that KV_GATEWAY names.
package Gateway;
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils qw(slurp_file);
use Time::HiRes qw(sleep time);

my $patience = 120;    # seconds, for what must come
my $started = 0;

# Why there is none; nothing if there is.
sub missing
{
	return 'KV_GATEWAY does not name kvstore-redis' unless $ENV{KV_GATEWAY} && -x $ENV{KV_GATEWAY};
	return;
}

# One that listens on a Unix socket and a port of its own, with these options more.
sub begin
{
	my ($class, $node, @options) = @_;
	my $self = $class->launch($node, @options);
	# The file of a socket is there before somebody listens to it.
	$self->wait_for(sub { $self->log_text =~ /ready for clients/ || $self->has_ended });
	return $self;
}

# The same, which may still be at its beginning.
sub launch
{
	my ($class, $node, @options) = @_;
	my $name = $PostgreSQL::Test::Utils::tmp_check . '/gateway' . ++$started;
	my $self = bless { socket => PostgreSQL::Test::Utils::tempdir_short() . '/s', port => PostgreSQL::Test::Cluster::get_free_port(),
		log => "$name.log", program => $ENV{KV_GATEWAY} }, $class;
	open my $log, '>', $self->{log} or die;
	$self->{pid} = fork() // die "fork: $!";
	if ($self->{pid} == 0)
	{
		open STDERR, '>&', $log or die;
		delete $ENV{PGAPPNAME};    # which the other tests are known by
		unshift @options, '--conninfo', $node->connstr('postgres') unless grep { $_ eq '--conninfo' } @options;
		exec $ENV{KV_GATEWAY}, '--listen', "127.0.0.1:$self->{port}", '--socket', $self->{socket}, @options;
	}
	return $self;
}

sub wait_for
{
	my ($self, $state) = @_;
	my $deadline = time + $patience;
	until ($state->())
	{
		die "waited in vain; the log says:\n" . slurp_file($self->{log}) if time > $deadline;
		sleep 0.02;
	}
	return;
}

sub has_ended
{
	my $self = shift;
	$self->{status} = $? if !defined $self->{status} && waitpid($self->{pid}, 1) == $self->{pid};
	return defined $self->{status};
}

# SIGTERM, and its exit status.
sub stop
{
	my $self = shift;
	kill 'TERM', $self->{pid} unless $self->has_ended;
	$self->wait_for(sub { $self->has_ended });
	return $self->{status};
}

sub DESTROY
{
	my $self = shift;
	local $?;
	kill 'KILL', $self->{pid} unless $self->has_ended;
}

sub log_text { return slurp_file($_[0]->{log}) }

# --- Clients -----------------------------------------------------------------------------------

sub client
{
	my ($self, $port) = @_;
	my $handle = $port ? IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) : IO::Socket::UNIX->new(Peer => $self->{socket});
	die "connecting: $!" unless $handle;
	return bless { handle => $handle, read => '', gateway => $self }, 'Gateway::Client';
}

sub tcp_client { return $_[0]->client($_[0]->{port}) }

package Gateway::Client;

sub request { return join '', '*' . @_ . "\r\n", map { '$' . length($_) . "\r\n$_\r\n" } @_ }

sub send_bytes
{
	my ($self, $bytes) = @_;
	local $SIG{PIPE} = 'IGNORE';
	while (length $bytes)
	{
		my $size = syswrite $self->{handle}, $bytes or return 0;
		substr $bytes, 0, $size, '';
	}
	return 1;
}

# Commands, each an array, at once.
sub send_all
{
	my ($self, @commands) = @_;
	return $self->send_bytes(join '', map { request(@$_) } @commands);
}

# Whether so many lines have come, as replies of one line are, without waiting.
sub has_reply
{
	my ($self, $lines) = @_;
	1 while IO::Select->new($self->{handle})->can_read(0) && $self->fill;
	return (() = $self->{read} =~ /\r\n/g) >= $lines;
}

# Reads more; false at the end.
sub fill
{
	my $self = shift;
	IO::Select->new($self->{handle})->can_read($patience) or die 'no reply; the log says: ' . $self->{gateway}->log_text;
	my $size = sysread $self->{handle}, $self->{read}, 65536, length $self->{read};
	return $size;
}

sub take_line
{
	my $self = shift;
	until ($self->{read} =~ /\r\n/) { $self->fill or return }
	$self->{read} =~ s/\A(.*?)\r\n//s;
	return $1;
}

# A reply as text: what a simple one has behind its sign, errors with their minus, (nil), and arrays in brackets. At the end: (end).
sub reply
{
	my $self = shift;
	my $line = $self->take_line // return '(end)';
	my ($type, $rest) = (substr($line, 0, 1), substr $line, 1);
	return "-$rest" if $type eq '-';
	return $rest if $type eq '+' || $type eq ':' || $type eq ',' || $type eq '#';
	return '(nil)' if $type eq '_' || $rest eq '-1';
	if ($type eq '$' || $type eq '=')
	{
		while (length $self->{read} < $rest + 2) { $self->fill or return '(end)' }
		my $bytes = substr $self->{read}, 0, $rest, '';
		substr $self->{read}, 0, 2, '';
		return $bytes;
	}
	my @parts = map { $self->reply } 1 .. $rest * ($type eq '%' ? 2 : 1);
	return ($type eq '>' ? '>' : $type eq '%' ? '%' : '') . '[' . join(' ', @parts) . ']';
}

sub ask
{
	my ($self, @command) = @_;
	$self->send_all(\@command);
	return $self->reply;
}

# The replies to many that are sent at once, a line each.
sub ask_all
{
	my ($self, @commands) = @_;
	$self->send_all(@commands);
	return join "\n", map { $self->reply } @commands;
}

1;
