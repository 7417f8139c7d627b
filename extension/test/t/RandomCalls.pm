# Random calls of every function of the extension, as scripts for psql: one statement a line, in
# scenes that put the session into one state or another. What is chosen follows from the seed.
#
# Left out is what fails assertions of PostgreSQL itself: savepoints in DEFERRABLE transactions that are
# cancelled while they wait for a snapshot, and functions of an index that write to its table.
package RandomCalls;
use strict;
use warnings;

# $functions: what pg_proc knows of them, as all_functions() gives it.
sub new
{
	my ($class, $functions, $stores) = @_;
	return bless { functions => $functions, stores => $stores, lines => [] }, $class;
}

# All functions of the extension, triggers too, with the types and the names of what they take.
sub all_functions
{
	my ($node) = @_;
	my @rows = split /\n/, $node->sql(q{
		SELECT concat_ws('|', proname, prorettype = 'trigger'::regtype, proretset, pronargdefaults,
			array_to_string(ARRAY(SELECT format_type(t, NULL) FROM unnest(proargtypes) WITH ORDINALITY a(t, n) ORDER BY n), ';'),
			array_to_string(proargnames[:pronargs], ';'))
		FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
		WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'kvstore')
		ORDER BY proname, proargtypes::text});
	return map {
		my ($name, $trigger, $set, $defaults, $types, $names) = split /\|/, $_, -1;
		{ name => $name, trigger => $trigger eq 't', set => $set eq 't', defaults => $defaults, types => [ split /;/, $types ], names => [ split /;/, $names // '' ] };
	} @rows;
}

sub one { return $_[ rand @_ ] }
sub chance { return rand() < $_[0] }

# --- Arguments ---

my @keys = (("'a'", "'b'", "'c'", "'n'") x 6, "''", "'n' || pg_backend_pid()", "'ä€'", "E'\\x01\\n\\t'", "'%s%n'", "'a\"b\\c'",
	"repeat('k', 2048)", "repeat('k', 2049)", "repeat('ä', 1024)", "repeat('k', 100000)", '(SELECT short FROM fodder)', '(SELECT long FROM fodder)', 'NULL');
my @texts = (("'1'", "'v'", "'w'") x 3, "''", "'-9223372036854775808'", "'9223372036854775807'", "' 1'", "'1e3'", "'ä€'", "repeat('v', 3000)", "repeat('v', 300000)",
	'(SELECT short FROM fodder)', '(SELECT long FROM fodder)', '(SELECT external FROM fodder)', 'NULL');
my @bytes = (("'1'", "'v'") x 2, "''", "'\\x00'", "'\\xff'", "'\\xc3'", "'\\xe282ac'", "decode(repeat('00ff', 3000), 'hex')", '(SELECT blob FROM fodder)', 'NULL');
my @ttl_words = (("'1 hour'", "'60'", "'0.001'") x 4, "'0'", "'-1'", "'soon'", "''", "'infinity'", "'NaN'", "'1e400'", "'99999999999 years'", "'1 mon -31 days'", "'1:99:00'", "'P1Y'",
	"'178000000 years'", "repeat('9', 5000)", "'ä'", 'NULL');
my @patterns = (@keys, "'user:'");

# Commands of Redis: lists of words.
my @redis_keys = (('a', 'b', 'c', 'n') x 4, '', "\xc3\xa4", "\xff", "a\0b", 'k' x 2048, 'k' x 2049);
my @redis_values = (('1', 'v', '10', '-5', '1.5') x 3, '', "\xff\0", '007', '9223372036854775807', '1e400', 'v' x 3000, 'v' x 300000);
my @redis_numbers = ((0, 1, 100, -1) x 3, 'x', '', '9223372036854775807', '-9223372036854775808', '4102444800', 536870911);
my @redis_words = qw(NX XX GT LT EX PX EXAT PXAT KEEPTTL GET PERSIST IFEQ IFNE MATCH COUNT TYPE REPLACE DB ASYNC string * nope);
my @redis_commands = map { [ split / / ] } ('GET k', 'SET k v', 'SET k v w', 'SET k v w n', 'SET k v w n w', 'SET k v w v', 'SETEX k n v', 'PSETEX k n v', 'SETNX k v', 'GETSET k v', 'GETDEL k',
	'GETEX k', 'GETEX k w n', 'DELEX k', 'DELEX k w v', 'MGET k k k', 'MSET k v k v k v', 'MSETNX k v k v', 'MSETEX n k v k v w n', 'INCR k', 'DECR k', 'INCRBY k n', 'DECRBY k n', 'INCRBYFLOAT k v',
	'APPEND k v', 'STRLEN k', 'GETRANGE k n n', 'SETRANGE k n v', 'DEL k', 'DEL k k k', 'UNLINK k k', 'EXISTS k k', 'TOUCH k', 'TYPE k', 'EXPIRE k n', 'PEXPIRE k n w', 'EXPIREAT k n w', 'PEXPIREAT k n',
	'TTL k', 'PTTL k', 'EXPIRETIME k', 'PERSIST k', 'RENAME k k', 'RENAMENX k k', 'COPY k k', 'COPY k k w n', 'COPY k k DB n REPLACE', 'MOVE k n', 'KEYS *', 'KEYS v', 'SCAN 0', 'SCAN n', 'SCAN 0 w v w n', 'RANDOMKEY', 'DBSIZE',
	'FLUSHDB', 'FLUSHALL', 'OBJECT ENCODING k', 'OBJECT w k', 'MEMORY USAGE k', 'WAIT n n', 'TIME', 'LOLWUT', 'PUBLISH k v', 'WATCH k k', '_INFO', '_DATABASES', 'COMMAND', 'COMMAND DOCS', 'COMMAND INFO v',
	'COMMAND GETKEYS MSET k v', 'COMMAND LIST FILTERBY PATTERN v', 'COMMAND w', 'LPUSH k v', 'MULTI', 'v v v');
my %redis_word = (k => \@redis_keys, v => \@redis_values, n => \@redis_numbers, w => \@redis_words);

sub redis_command { return map { $redis_word{$_} ? one(@{ $redis_word{$_} }) : $_ } @{ one(@redis_commands) } }

# As people type it; the words in hexadecimal digits where they need it.
sub typed_command
{
	my $line = join ' ', map { /^[\w*.-]+$/ ? $_ : '"' . s/([^\w*.-])/sprintf '\\x%02x', ord $1/ger . '"' } redis_command();
	substr($line, rand length $line, 1) = one('"', "''", '\\', ' ', '') if chance(0.05);
	return "'$line'";
}

# As kvstore-redis sends it; not always well-formed.
sub redis_batch
{
	my $exec = chance(0.2);
	my @sections = map {
		my @commands = map { my @words = redis_command(); pack('N', scalar @words) . join '', map { pack 'N/a*', $_ } @words } 1 .. one(1, 1, 2, 5);
		my @watched = $exec && chance(0.5) ? map { pack 'n N/a* N/a*', int rand 3, one(@redis_keys), one('', 'version') } 1 .. 2 : ();
		pack 'N/a*', pack('CCn n', one(2, 3), 0, one((0) x 5, 1 .. 12), scalar @watched) . join('', @watched) . pack('N', scalar @commands) . join '', @commands;
	} 1 .. ($exec ? 1 : one(1 .. 3));
	my $batch = pack('CC', 1, ($exec ? 2 : 0) + one(0, 1)) . join '', @sections;
	return "'\\x" . unpack('H*', $batch) . "'" if chance(0.7);
	substr($batch, rand length $batch, one(1, 1, 4)) = pack 'C*', map { int rand 256 } 1 .. one(0 .. 4) for 1 .. one(1, 1, 3);
	return "'\\x" . unpack('H*', $batch) . "'";
}

my %by_type = (
	'text' => sub {
		my ($name) = @_;
		return typed_command() if $name eq 'command' and chance(0.95);
		return one(@keys) if $name =~ /^(key|new_key|after)$/;
		return one(@patterns) if $name eq 'prefix';
		return one(@ttl_words) if $name =~ /^(ttl|period|slack)$/;
		return one("'1 MB'", "'10 kB'", "'a lot'", "'-1'", "'1e30 TB'", "''", 'NULL') if $name eq 'max_size';
		return one("'soonest'", "'oldest'", "'newest'", "''", 'NULL') if $name eq 'evict';
		return one("'1'", "'5'", "'-1'", "'99999999999999999999'", "'x'", 'NULL') if $name eq 'by';
		return one("'nx'", "'XX'", "'gt'", "'lt'", "'later'", "''", 'NULL', 'NULL') if $name eq 'condition';
		return one(store_names()) if $name eq 'name';
		return one(@texts);
	},
	'bytea' => sub { my ($name) = @_; $name eq 'batch' && chance(0.95) ? redis_batch() : one(@bytes) },
	'text[]' => sub { my ($name) = @_; array_of('text', $name eq 'keys' ? @keys : @texts) },
	'bytea[]' => sub { array_of('bytea', @bytes) },
	'interval' => sub { one(("'1 hour'", "'1 ms'", "'1 us'") x 3, "'0'", "'-1 s'", "'1 mon -31 days'", "'178000000 years'", "'2147483647 months'", "'-2147483648 days'", "'9223372036854775807 us'",
		"'-178000000 years'", "make_interval(months => 2147483647, days => 2147483647)", "'infinity'", 'NULL') },
	'integer' => sub { one((60, 1, 3) x 2, 0, -1, 2147483647, -2147483648, 'NULL') },
	'smallint' => sub { one(1, -1, 0, 32767, -32768, 'NULL') },
	'bigint' => sub { one((1, 5, 3) x 2, 0, -1, '9223372036854775807', '-9223372036854775808', 'NULL') },
	'double precision' => sub { one((60, 0.5, 0.002) x 2, 0, "'-0'", 1e-9, 1e-300, -1, 1e18, 9.2e12, 1e308, "'NaN'", "'Infinity'", "'-Infinity'", 'NULL') },
	'numeric' => sub { one((1, 0.5, -0.1) x 2, 0, '1e-4990', '1e4900', '1e5000', "'NaN'", "'Infinity'", 'NULL') },
	'timestamp with time zone' => sub { one("'infinity'", "'-infinity'", 'now()', "clock_timestamp() + '1 ms'", "now() + '1 hour'", "'294276-12-31 23:59:59'", "'4713-01-01 BC'", "'epoch'", "'2100-02-30'", "'x'", 'NULL') },
	'boolean' => sub { one('true', 'false', 'NULL') },
	'regtype' => sub { one("'text'", "'bytea'", "'bytea'", "'integer'", "'public.kv_entry'", '0', '4294967295', 'NULL') });

sub array_of
{
	my ($type, @elements) = @_;
	return 'NULL' if chance(0.03);
	return "'{}'" if chance(0.05);
	return "'[-5:-4]={a,b}'" if chance(0.05);
	return "'{{a,b},{c,d}}'" if chance(0.05);
	return "ARRAY(SELECT ('m' || i)::$type FROM generate_series(1, " . one(3, 40, 300) . ") i)" if chance(0.1);
	return '(SELECT many FROM fodder)' if $type eq 'text' and chance(0.05);
	my $length = one(1, 1, 2, 2, 3, 5);
	return 'ARRAY[' . join(', ', map { one(@elements) . "::$type" } 1 .. $length) . ']';
}

# For kv_create_store().
sub store_names
{
	return ("'made_' || pg_backend_pid()", "'pg_temp.made'", "'\"A b\"'", "'kv_store'", "'-'", "'2024'", "''", "'\"'", "'a.b.c'", "'a.b.c.d'", "'nowhere.x'", "'pg_catalog.x'", "'information_schema.x'",
		"'pg_toast.x'", "'pg_x'", "repeat('x', 200)", "'a' || chr(10) || 'b'", "'\"a' || chr(10) || 'b\"'", "'kv_entry'", "'kv_store_pkey'", "'pg_temp_1.x'", 'NULL');
}

sub argument
{
	my ($self, $type, $name) = @_;
	my $value = $type eq 'regclass' ? one(@{ $self->{stores} }) : ($by_type{$type} // die "no values of type $type are known: add them to $INC{'RandomCalls.pm'}")->($name);
	return "($value)::$type";
}

# --- A call ---

sub call
{
	my ($self, $function) = @_;
	$function //= one(@{ $self->{functions} });
	my @arguments = map { $self->argument($function->{types}[$_], $function->{names}[$_] // '') } 0 .. $#{ $function->{types} };
	my $store = '';
	if ($function->{defaults} and chance(0.3))
	{
		my $left = int rand($function->{defaults} + 1);
		$store = "store => $arguments[-1]" if $left > 0 and ($function->{names}[-1] // '') eq 'store' and chance(0.7);
		splice @arguments, @arguments - $left;
	}
	return "public.$function->{name}(" . join(', ', @arguments, $store || ()) . ')';
}

# In a place where a set may stand, and where none may.
sub query
{
	my ($self) = @_;
	my $function = one(@{ $self->{functions} });
	my $call = $self->call($function);
	return "SELECT $call" if $function->{trigger};
	return one("SELECT $call", "SELECT * FROM $call", "SELECT count(*) FROM $call x", "SELECT $call FROM generate_series(1, 3)",
		"WITH x AS MATERIALIZED (SELECT $call AS y) SELECT count(y) FROM x", "SELECT 1 WHERE $call IS NOT NULL");
}

# --- Scenes ---

# A line that is a call of ours, whose errors are to be documented; and one that is not.
sub ours { my ($self, $sql, $planted) = @_; push @{ $self->{lines} }, { sql => $sql, ours => 1, planted => $planted } }
sub other { my ($self, @sql) = @_; push @{ $self->{lines} }, map { { sql => $_, ours => 0 } } @sql }

sub begin
{
	my ($self) = @_;
	$self->other('BEGIN' . one('', '', '', ' ISOLATION LEVEL REPEATABLE READ', ' ISOLATION LEVEL SERIALIZABLE', ' READ ONLY', ' ISOLATION LEVEL SERIALIZABLE READ ONLY'));
}

sub finish
{
	my ($self) = @_;
	return $self->other(one('COMMIT', 'COMMIT', 'ROLLBACK')) unless chance(0.1);
	my $name = sprintf "x%d", rand 1e9;
	$self->other("PREPARE TRANSACTION '$name'", 'SET statement_timeout = 0', one('COMMIT', 'ROLLBACK') . " PREPARED '$name'");
}

my %scenes = (
	alone => sub { my ($self) = @_; $self->ours($self->query) for 1 .. 5 },
	transaction => sub {
		my ($self) = @_;
		$self->begin;
		$self->ours($self->query) for 1 .. one(1 .. 4);
		$self->finish;
	},
	savepoints => sub {
		my ($self) = @_;
		$self->begin;
		for (1 .. one(2 .. 6))
		{
			$self->other('SAVEPOINT s') if chance(0.7);
			$self->ours($self->query);
			$self->other(one('ROLLBACK TO s', 'ROLLBACK TO s', 'RELEASE s')) if chance(0.7);
		}
		$self->finish;
	},
	each_in_a_savepoint => sub {
		my ($self) = @_;
		$self->other('\set ON_ERROR_ROLLBACK on');
		$self->begin;
		$self->ours($self->query) for 1 .. 6;
		$self->finish;
		$self->other('\set ON_ERROR_ROLLBACK off');
	},
	caught => sub {
		my ($self) = @_;
		my $block = join ' ', map { 'BEGIN PERFORM ' . $self->call . "; EXCEPTION WHEN OTHERS THEN RAISE NOTICE 'caught %: %', SQLSTATE, SQLERRM; END;" } 1 .. 4;
		$self->begin if chance(0.3);
		$self->ours("DO \$do\$ BEGIN FOR round IN 1..3 LOOP $block END LOOP; END \$do\$");
		$self->other('COMMIT');
	},
	arrays_of_plpgsql => sub {
		my ($self) = @_;
		my $function = one(grep { grep { /\[\]/ } @{ $_->{types} } } @{ $self->{functions} });
		my $call = $self->call($function) =~ s/ARRAY\[.*?\]\)::(\w+)\[\]/$1s)::$1\[]/r;
		$self->ours("DO \$do\$ DECLARE texts text[] := '{a,b}'; byteas bytea[] := '{a,b}'; BEGIN texts[4] := 'c'; byteas[4] := 'c'; texts[3] := 'd'; byteas[3] := 'd'; PERFORM $call; END \$do\$");
	},
	cursor => sub {
		my ($self) = @_;
		$self->begin;
		my ($hold, $query) = (one('', '', ' WITH HOLD'), $self->query);
		my ($called) = $query =~ /(kv_\w+\()/;
		$self->ours('DECLARE c ' . one('', 'NO SCROLL ') . "CURSOR$hold FOR $query");
		$self->ours("FETCH 1 FROM c /* $called) */");
		$self->ours($self->query);
		$self->ours("FETCH ALL FROM c /* $called) */");
		$self->finish;
		$self->other('CLOSE c') if $hold;
	},
	prepared => sub {
		my ($self) = @_;
		my $function = one(grep { !$_->{trigger} and @{ $_->{types} } } @{ $self->{functions} });
		my @types = @{ $function->{types} };
		$self->other('PREPARE p(' . join(', ', @types) . ") AS SELECT public.$function->{name}(" . join(', ', map { "\$$_" } 1 .. @types) . ')');
		for (1 .. 7)
		{
			$self->other('SET kvstore.fast_path = ' . one('on', 'off')) if chance(0.2);
			$self->ours('EXECUTE p(' . join(', ', map { $self->argument($types[$_], $function->{names}[$_] // '') =~ s/\((?:ARRAY)?\(SELECT.*\)\)::/(NULL)::/r } 0 .. $#types) . ") /* $function->{name}() */");
		}
		$self->other('DEALLOCATE p');
	},
	in_little_time => sub {
		my ($self) = @_;
		for (1 .. 8)
		{
			$self->other('SET statement_timeout = ' . one(1, 1, 2, 3, 5, 10));
			$self->ours($self->query);
			$self->other('SET statement_timeout = 0');
		}
	},
	in_workers => sub {
		my ($self) = @_;
		$self->other('BEGIN', "SELECT set_config(name, 'on', true) FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query')");
		$self->ours($self->query);
		$self->other('ROLLBACK');
	},
	for_others => sub {
		my ($self) = @_;
		my $call = $self->call =~ s/'/''/gr;
		$self->ours("SELECT definer('SELECT ' || '$call')");
		$self->ours("SELECT invoker('SELECT ' || '$call')");
	},
	settings => sub {
		my ($self) = @_;
		$self->other(one('SET ROLE plain', 'SET ROLE owner', 'SET ROLE nobody', 'RESET ROLE', 'RESET ROLE'), 'SET kvstore.fast_path = ' . one('on', 'on', 'off'));
		$self->other(one('DISCARD ALL', 'DISCARD PLANS', "SET TimeZone = '" . one('UTC', 'America/New_York', 'Pacific/Apia') . "'",
			"SET lock_timeout = '" . one(0, '1ms') . "'", 'SET client_encoding = ' . one('UTF8', 'UTF8', 'LATIN1', 'LATIN9', 'SQL_ASCII'), "SET search_path = '" . one('', 'public', 'pg_temp', 'hostile, public') . "'",
			'SET default_transaction_isolation = "' . one('read committed', 'read committed', 'serializable') . '"', 'SET row_security = ' . one('on', 'off'), 'SET session_replication_role = ' . one('origin', 'origin', 'replica'),
			'SET plan_cache_mode = ' . one('auto', 'force_generic_plan', 'force_custom_plan'), 'SET enable_indexscan = ' . one('on', 'off'), 'SET IntervalStyle = ' . one('postgres', 'iso_8601', 'sql_standard')));
	},
	plain_sql => sub {
		my ($self) = @_;
		my $store = one(grep { /^'[a-z_]+'$/ } @{ $self->{stores} }) =~ tr/'//dr;
		my $key = one("'a'", "'b'", "'c'", "'n'");
		$self->begin;
		$self->other(one("SELECT * FROM $store WHERE key = $key FOR UPDATE", "SELECT * FROM $store WHERE key = $key FOR KEY SHARE", "UPDATE $store SET expires = now() + '5 ms' WHERE key = $key", "UPDATE $store SET key = 'b' WHERE key = $key",
			"DELETE FROM $store WHERE key >= $key", "INSERT INTO $store VALUES ($key, '1', 'infinity') ON CONFLICT (key) DO UPDATE SET value = '2'", "INSERT INTO $store VALUES ($key, '1', '-infinity')"));
		$self->ours($self->query) for 1 .. 2;
		$self->finish;
	},
	invalidation => sub {
		my ($self) = @_;
		my $arguments = join ', ', map { one("'user:%s'", "'%s'", "'%s%s%%'", "'%d'", "''", "'id'", "'id'", "'name'", "'none'", "'ctid'", "'logged'", "'nowhere.x'", "'a.b.c.d'", "'\"'", "'rows'") } 1 .. one(0 .. 4);
		my $trigger = one(grep { $_->{trigger} } @{ $self->{functions} })->{name};
		$self->other('BEGIN', 'CREATE TRIGGER random ' . one('BEFORE', 'AFTER', 'AFTER', 'AFTER') . ' ' . one('INSERT OR UPDATE OR DELETE', 'UPDATE', 'DELETE') . ' ON rows FOR EACH ' . one('ROW', 'ROW', 'STATEMENT') . " EXECUTE FUNCTION public.$trigger($arguments)");
		$self->ours(one("UPDATE rows SET name = 'x', id = id + 1000", 'DELETE FROM rows', "INSERT INTO rows VALUES (9, NULL)", "UPDATE rows SET name = repeat('n', 5000)") . " /* $trigger() */");
		$self->other('ROLLBACK');
	},
	# What a store's owner may do to it, till the transaction ends.
	planted => sub {
		my ($self) = @_;
		local $self->{stores} = ["'changing'"];
		$self->other('RESET ROLE', 'BEGIN', map { planted() } 1 .. one(1, 1, 2));
		for (1 .. 4)
		{
			$self->other('SAVEPOINT s', 'SET LOCAL kvstore.fast_path = ' . one('on', 'off'), "SET LOCAL kvstore.redis_stores = 'changing, kv_store'");
			$self->ours($self->query, 'planted');
			$self->other(one('ROLLBACK TO s', 'RELEASE s'));
		}
		$self->other('ROLLBACK');
	},
	rebuilt => sub {
		my ($self) = @_;
		return if chance(0.7);
		$self->other('RESET ROLE', one('VACUUM FULL changing', 'VACUUM kv_store', 'REINDEX INDEX CONCURRENTLY changing_pkey', 'ANALYZE kv_store'));
	});

sub planted
{
	my $event = one('INSERT', 'UPDATE', 'DELETE');
	my $action = one('NOTHING', 'NOTIFY x', 'SELECT 1', 'SELECT key, value, expires FROM changing', "SELECT kv_incr('n', store => 'logged')", "DELETE FROM logged RETURNING key, value, expires", "UPDATE logged SET value = '3' RETURNING logged.*",
		"INSERT INTO logged VALUES ('r', 'v', 'infinity') ON CONFLICT DO NOTHING RETURNING *", "(DELETE FROM logged; SELECT 'x'::name)");
	return one(
		"CREATE RULE random AS ON $event TO changing" . one('', '', " WHERE pg_backend_pid() % 2 = 0") . ' DO ' . one('ALSO', 'INSTEAD', 'INSTEAD') . " $action",
		"CREATE RULE random AS ON $event TO changing" . one('', '', " WHERE pg_backend_pid() % 2 = 0") . ' DO ' . one('ALSO', 'INSTEAD', 'INSTEAD') . " $action",
		'CREATE TRIGGER random ' . one('BEFORE', 'AFTER') . ' INSERT OR UPDATE OR DELETE ON changing FOR EACH ' . one('ROW', 'ROW', 'STATEMENT') . ' EXECUTE FUNCTION ' . one('reenter', 'twist', 'twist') . '()',
		'CREATE CONSTRAINT TRIGGER random AFTER INSERT OR UPDATE OR DELETE ON changing DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION reenter()',
		'CREATE POLICY random ON changing ' . one('', "AS RESTRICTIVE") . ' USING (' . one("key < 'b'", 'enters(key)', "key = 'a' OR enters(value)", 'false') . ')' . one('', ' WITH CHECK (true)', ' WITH CHECK (enters(value))')
			. '; ALTER TABLE changing ENABLE ROW LEVEL SECURITY; ALTER TABLE changing FORCE ROW LEVEL SECURITY; ALTER TABLE changing OWNER TO owner; SET LOCAL ROLE owner',
		'ALTER TABLE changing ADD CHECK (' . one('value <> key', 'enters(value)', "expires < 'infinity'") . ') NOT VALID',
		one('CREATE INDEX ON changing (expires)', 'CREATE UNIQUE INDEX ON changing (value)', 'CREATE INDEX ON changing ((looks(key)))', 'CREATE UNIQUE INDEX ON changing (left(value, 100)) INCLUDE (expires) WHERE looks(key)'),
		one('ALTER TABLE changing SET LOGGED', 'REINDEX TABLE changing', 'TRUNCATE changing', 'ALTER TABLE changing ALTER value DROP NOT NULL', 'ALTER TABLE changing NOT OF', 'ALTER TABLE changing RENAME TO changed',
			'ALTER TABLE changing DROP CONSTRAINT changing_pkey', 'CLUSTER changing USING changing_pkey', 'LOCK changing', 'DROP TABLE changing', 'CREATE UNLOGGED TABLE heir () INHERITS (changing)', 'ALTER TABLE changing SET SCHEMA hostile',
			"ALTER TABLE changing ALTER expires SET DEFAULT enters('x')::int::text::timestamptz", 'ALTER TABLE changing REPLICA IDENTITY NOTHING', 'ALTER TABLE changing CLUSTER ON changing_pkey', 'ALTER TABLE changing ALTER value SET STORAGE PLAIN'));
}

my @names = sort keys %scenes;

# A script of about so many lines.
sub script
{
	my ($self, $seed, $length) = @_;
	srand $seed;
	$self->{lines} = [];
	while (@{ $self->{lines} } < $length)
	{
		$self->other('ROLLBACK');
		$scenes{ one(@names) }->($self);
	}
	return @{ $self->{lines} };
}

1;
