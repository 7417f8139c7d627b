#!/usr/bin/env bash
# Runs kv ($1) against the server that the PG* variables name, which has the extension, and whose
# superuser and neighbour this is; its manual page is next to it, psql in PATH. The last line of the
# output is the number of checks that passed.
set -uo pipefail

kv=$(realpath "$1")
tool=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d "${TMPDIR:-/tmp}/kv.XXXXXX")
trap 'rm -rf "$folder"' EXIT
export HOME=$folder XDG_STATE_HOME=$folder LC_ALL=C.UTF-8
unset KV_HISTFILE
passed=0
failed=0
databases=

check() { # a command that must succeed
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n' "$*" >&2
        cat "$folder/errors" >&2
    fi
}

# Runs kv with the arguments, and compares its exit status and its output, without the newlines at
# its end.
gives() { # status, output, arguments
    local status=$1 expected=$2 output
    shift 2
    output=$("$kv" "$@" 2>"$folder/errors")
    check test "kv $*: $? $output" = "kv $*: $status $expected"
}

# The same for one that must fail, saying something like the pattern and nothing else.
complains() { # pattern, arguments
    local pattern="kv: $1" output
    shift
    output=$("$kv" "$@" 2>"$folder/errors")
    check test "kv $*: $? $output" = "kv $*: 2 "
    # shellcheck disable=SC2053
    [[ $(cat "$folder/errors") == $pattern ]]
    check test "kv $*: $?" = "kv $*: 0"
}

sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }

# Makes a database and works in it from here on.
enter_database() { # name, what CREATE DATABASE is told besides
    sql -c "CREATE DATABASE $1 TEMPLATE template0 LOCALE 'C' ${2:-ENCODING 'UTF8'}"
    databases+=" $1"
    export PGDATABASE=$1
}

# A member of a JSON document, which PostgreSQL reads.
member() { sql -v json="$1" -v member="$2" <<<"SELECT :'json'::json ->> :'member'"; }

finish() {
    sql -c 'DROP TABLE IF EXISTS kv_bytes, "Kv Logged", kv_checked, kv_many, kv_copy'
    for database in $databases; do
        sql -c "DROP DATABASE $database"
    done
    [ "$failed" = 0 ] || exit 1
    echo "$passed"
}

# --- One entry ---------------------------------------------------------------

test_one_entry() {
    gives 0 OK flush
    gives 0 OK set k v
    gives 0 v get k
    gives 1 '' get none
    gives 0 1 exists k
    gives 1 0 exists none
    gives 0 -1 ttl k
    gives 1 '' ttl none
    gives 0 OK set k -- -dash
    gives 0 -dash get k
    gives 1 0 setnx k w
    gives 0 1 set-nx new w --ttl 1h
    gives 0 1 setxx k w
    gives 1 0 setxx none w
    gives 0 w getset k x
    gives 0 2 append k y
    gives 0 xy getset k x
    gives 1 0 cas k wrong y
    gives 0 1 cas k x y
    gives 1 0 delif k wrong
    gives 0 1 delif k y
    gives 0 w getdel new
    gives 1 '' getdel new
    gives 0 5 incr n 5
    gives 0 -2 incr n -7
    gives 0 -3 decr n
    gives 0 7 decr n -10
    gives 0 17 incr n 010
    gives 0 25 incr n 08
    gives 0 27 incr n +2
    complains "BY: not an integer of 64 bits: '99999999999999999999'
Usage: kv incr *" incr n 99999999999999999999
    complains "BY: not an integer of 64 bits: '0x10'*" decr n 0x10
    complains "BY: not an integer of 64 bits: '1.0'*" incr n 1.0
    gives 0 27 get n
    gives 0 1.5 incrfloat f 1.5
    gives 0 2.5 kv_incr_float f
    gives 0 -0.25 INCRBYFLOAT f -2.75 --ttl 1h
    gives 0 -1 ttl f
    gives 0 0.5 incrfloat g .5 --ttl 1h
    check between 3500 3600 "$("$kv" ttl g)"
    gives 0 1 --json incrfloat g 0.5
    complains '22P02: *' incrfloat f x
    gives 0 2 del f g
    gives 0 PONG ping
}

test_rate_limit() {
    local resets
    check test "$("$kv" ratelimit rate 3 1h 2 | cut -f 1-3)" = $'1\t2\t1'
    resets=$("$kv" expires rate)
    gives 1 $'0\t2\t1\t'"$resets" ratelimit rate 3 1h 2
    gives 0 $'1\t3\t0\t'"$resets" ratelimit rate 3 1h
    gives 1 '{"allowed":false,"count":3,"remaining":0,"resets":"'"$resets"'"}' --json ratelimit rate 3 1h
    gives 1 '{"allowed":false,"count":0,"remaining":3,"resets":null}' --json ratelimit none 3 1h 5
    gives 0 1 del rate
    complains "MAX: not an integer of 64 bits: '9223372036854775808'*" ratelimit rate 9223372036854775808 1h
    complains "COST: not an integer of 64 bits: '0x1'*" ratelimit rate 3 1h 0x1
    gives 1 0 exists rate
}

# Whether it is a number from $1 to $2.
between() { awk -v number="$3" -v least="$1" -v most="$2" 'BEGIN { exit !(number >= least && number <= most) }'; }

# Redis's spellings, and SQL's, in any case.
test_other_spellings() {
    gives 0 OK SET r v EX 100
    check between 90000 100000 "$("$kv" PTTL r)"
    gives 0 OK set r v px 50000
    check between 40 50 "$("$kv" TTL r)"
    gives 1 0 Set r w nx
    gives 0 1 set r w XX EX 100
    gives 0 OK SET r w KEEPTTL
    check between 80 100 "$("$kv" ttl r)"
    gives 0 w SET r x GET
    gives 1 0 set none x xx
    gives 0 x GETEX r PX 90000
    check between 80 90 "$("$kv" ttl r)"
    gives 0 x getex r 1h
    gives 0 OK PSETEX r 70000 y
    check between 60 70 "$("$kv" ttl r)"
    gives 0 1 PEXPIRE r 100000
    check between 90 100 "$("$kv" ttl r)"
    gives 0 1 EXPIREAT r 4102444800
    gives 0 2100-01-01T00:00:00.000000Z expires r
    gives 0 4102444800 EXPIRETIME r
    gives 0 1 pexpireat r 4102444801500
    gives 0 4102444801500 pexpiretime r
    gives 0 1 expireat r 20990101
    check grep -q 20 <("$kv" expires r)
    gives 0 1 persist r
    gives 0 infinity expires r
    gives 0 -1 EXPIRETIME r
    gives 0 -1 PTTL r
    gives 1 '' pttl none
    gives 0 6 INCRBY counter 6
    gives 0 2 DECRBY counter 4
    gives 0 1 Decr counter
    gives 0 2 EXISTS r counter none
    gives 0 $'counter\nr' KEYS '[cr]*'
    gives 0 r keys '[r]'
    gives 0 "$("$kv" count)" DBSIZE
    gives 0 OK kv_set_ex r 1h z
    gives 0 z get-del r
    gives 0 1 UNLINK counter
    complains "there is no command 'sett'; did you mean set?" sett k v
    complains "there is no command 'expre'; did you mean expire?" expre k 5
    complains "there is no command 'lpush'; kv --help *" lpush k v
    complains "set: *not 'words'. A value with blanks *" set k two words
    complains 'set: *do not go together*' set k v NX XX
    complains 'set: *do not go together*' set k v EX 5 KEEPTTL
    complains 'not a TTL: *' set k v EX soon
}

test_expiry() {
    gives 0 OK setex e 1h v
    check test "$("$kv" ttl e | cut -d. -f1)" -gt 3500
    gives 0 v getex e 2h30m
    check test "$("$kv" ttl e | cut -d. -f1)" -gt 8900
    gives 0 1 persist e
    gives 1 0 persist e
    gives 1 0 expire e 1h XX
    gives 0 1 expire e 1h nx
    gives 1 0 pexpire e 1000 gt
    gives 1 0 expireat e 2100-01-01 lt
    gives 0 1 expireat e 2100-01-01 gt
    gives 1 0 expireat e 4102444800 gt
    gives 1 0 pexpireat e 4102444801500 lt
    complains "the condition is *not 'later'" expire e 1h later
    gives 0 1 expire e '1 day'
    gives 0 1 expireat e 2020-01-01
    gives 1 '' get e
    complains "not a TTL: 'soon'; *" setex e soon v
    complains "not a number of milliseconds: '500ms'" psetex e 500ms v
    complains "not a number of milliseconds: '1.5s'" pexpire e 1.5s
    complains "22023: *" setex e 0 v
}

# A word is what it is: nothing in it separates others, and none is left out.
test_words() {
    gives 0 2 mset '[a,b]' '[1,2,3]' '{}' ''
    gives 0 '[1,2,3]' get '[a,b]'
    gives 0 '' get '{}'
    gives 0 2 mset a 1 '' '%%'
    gives 0 '%%' get ''
    gives 0 $'1\n%%' mget a ''
    gives 0 3 exists a '[a,b]' '{}' '[]'
    gives 0 1 del '[a,b]'
    gives 0 2 del a '' '[a]'
    gives 0 1 del '{}'
    complains "set: *not '?EX,5?'. *" set k v '[EX,5]'
    gives 0 $'1\n[1,2,3]' shell <<<$'mset k [1,2,3]\nget k'
    gives 0 OK set k v -skv_store --ttl=1h
    gives 0 0.5 incrfloat f .5
    gives 0 0.25 incrfloat f -.25
    complains "--ttl: given twice*" set k v --ttl 1h --ttl 2h
    complains "--ttl: it takes a word, and there is none*" set k v --ttl
    complains "not an option: '--json=1'; *" get k --json=1
    complains "not expected: '-v'*" get k -- -v
    complains "--evict: 'newest' is not one of soonest, oldest*" limit 1MB --evict newest
    gives 0 2 del k f
}

# As of a variable that is not set. It is none that was not given.
test_empty_words() {
    gives 0 OK set k 1
    complains "not a TTL: ''; *" setex k '' v
    complains "not a TTL: ''; *" set k v --ttl ''
    complains "not a TTL: ''; *" set k v --ttl=
    complains "not a TTL: ''; *" setxx k v --ttl ''
    complains "not a TTL: ''; *" cas k 1 2 --ttl ''
    complains "not a TTL: ''; *" incr k --ttl ''
    complains "not a TTL: ''; *" incrfloat k 1 --ttl ''
    complains "not a TTL: ''; *" mset k 2 --ttl ''
    complains "not a TTL: ''; *" getex k ''
    complains "not a TTL: ''; *" getex k 1h --slack ''
    complains "the condition is *not ''" expire k 1h ''
    complains "--to: '' is not *" rename k l --to ''
    complains "--to: '-' is not *" copy k l --to -
    complains '42602: *' stats ''
    gives 0 1 get k
    gives 0 -1 ttl k
    gives 0 1 del k
}

# libpq would end a word there, and another entry would be meant.
test_zero_bytes() {
    local line
    gives 0 OK set a 1
    for line in 'getset "a\0b" x' 'getex "a\0b" 500' 'expireat "a\0b" 2100-01-01' 'delif "a\0b" 1' 'incrfloat "a\0b"' \
        'ratelimit "a\0b" 3 1h' 'use "kv_store\0x"' 'limit "10MB\0x"' 'stats "kv_store\0x"' 'keys "a\0*"' 'scan "a\0"' \
        'get a --store "kv_store\0x"' 'export "\0"'; do
        complains '*zero byte*that was line 1' shell <<<"$line"
    done
    complains '22021: *' shell <<<'set a "1\0"'
    gives 0 1 get a
    gives 0 -1 ttl a
    gives 0 1 del a
}


test_many_entries() {
    gives 0 3 mset a 1 b 2 c 3
    complains 'the last key has no value' mset a
    gives 1 0 msetnx d 4 c 4
    gives 0 1 MSETNX d 4 e 5 --ttl 1h
    check between 3500 3600 "$("$kv" ttl e)"
    gives 0 2 del d e
    gives 0 $'1\n\n3' mget a none c
    gives 1 '' mget none
    gives 0 $'a\nb\nc\nn' scan
    gives 0 $'b\t2\nc\t3' scan --after a --max 2 --values
    gives 0 '' scan x
    gives 0 $'a\nb\nc\nn' scan --max 010
    complains $'--max: must be at least 0\nUsage: kv scan *' scan --max -1
    complains "--max: not an integer of 64 bits: 'x'*" scan --max x
    complains "--max: not an integer of 64 bits: '1x'*" sweep --max 1x
    gives 0 3 mset p:1 1 p%2 2 p:3 3
    gives 0 $'p:1\np:3' scan p:
    gives 0 2 count p:
    gives 0 2 delprefix p:
    gives 1 0 delprefix p:
    gives 0 2 del a b none
    gives 1 0 del a
}

test_renaming() {
    gives 0 OK setex old 1h v
    gives 0 1 rename old new
    gives 1 0 RENAME old new
    check between 3500 3600 "$("$kv" ttl new)"
    gives 0 OK set old w
    gives 1 0 renamenx old new
    gives 0 1 RENAMENX old older
    gives 1 0 copy older new
    gives 0 1 copy older new --replace
    gives 0 w get new
    gives 0 OK create kv_copy
    gives 0 1 kv_copy new new --to kv_copy
    gives 0 1 kv_rename_nx older older --to kv_copy
    gives 0 $'new\nolder' scan -s kv_copy
    complains '42P01: *' rename new new --to none
    gives 0 1 del new
    sql -c 'DROP TABLE kv_copy'
}

test_stores() {
    gives 0 OK create --bytes kv_bytes
    gives 0 OK create --logged '"Kv Logged"'
    gives 0 OK set k other -s '"Kv Logged"'
    gives 0 other --store '"Kv Logged"' get k
    gives 1 '' get k
    gives 0 $'"Kv Logged"\nkv_bytes\nkv_store' stores
    complains '42P07: *' create kv_bytes
    check grep -q '^store: *kv_bytes$' <("$kv" -s kv_bytes stats 2>/dev/null)
    complains '42P01: *' -s none get k
    complains "--store: '' is not *" --store "" flush
    complains "--store: '' is not *" --store= flush
    complains "--store: '-' is not *" -s - flush
    complains '42P01: there is no store 123' -s 123 scan
    complains '42P01: there is no store 123' -s 123 get k
    complains '42809: *HINT:*' -s pg_class scan
    gives 0 0 sweep --max 10
    gives 0 OK limit 100MB --evict oldest
    complains '22023: *' limit lots
    gives 0 OK limit none
    gives 1 '' detour
}

# --- Bytes, and JSON ---------------------------------------------------------

test_every_byte() {
    local i
    for ((i = 0; i < 256; i++)); do
        # shellcheck disable=SC2059
        printf "\\x$(printf %02x $i)"
    done >"$folder/bytes"
    check test "$(stat -c %s "$folder/bytes")" = 256
    "$kv" -s kv_bytes set all - <"$folder/bytes" >/dev/null
    "$kv" -s kv_bytes get all >"$folder/got"
    check cmp "$folder/bytes" "$folder/got"
    "$kv" -s kv_bytes mget all >"$folder/got"
    check cmp <(cat "$folder/bytes" <(echo)) "$folder/got"
    "$kv" -s kv_bytes export >"$folder/lines"
    "$kv" -s kv_bytes flush >/dev/null
    gives 0 1 -s kv_bytes import "$folder/lines"
    "$kv" -s kv_bytes getdel all >"$folder/got"
    check cmp "$folder/bytes" "$folder/got"
    "$kv" -s kv_bytes set empty - </dev/null >/dev/null
    gives 0 '{"key":"empty","value":""}' --json -s kv_bytes get empty
    complains '22021: *0xff' set all "$(printf '\xff')"
    complains '22021: *0xff' get "$(printf '\xff')"
}

test_json() {
    local text=$'"quoted"\\ \n\t ключ'
    "$kv" set "$text" "$text" >/dev/null
    check test "$(member "$("$kv" get "$text" --json)" value)" = "$text"
    check test "$(member "$("$kv" get "$text" --json)" key)" = "$text"
    gives 1 '{"key":"none","value":null}' --json get none
    gives 0 true --json set k v
    gives 1 false --json setnx k v
    gives 0 null --json ttl k
    gives 0 1 --json count k
    gives 0 '{"key":"k"}' --json scan k
    gives 0 '{"key":"k","value":"v"}' --json scan k --values
    check test "$(member "$("$kv" --json stats kv_store)" store)" = kv_store
    check test "$(member "$("$kv" --json stats kv_store)" table_bytes)" -gt 0
}

# Times are written as by the other commands, whatever the session has. Not every server counts, so
# here it is said to have swept.
test_times_of_statistics() {
    local outer=$PGDATABASE command
    enter_database kv_swept
    sql -c 'CREATE EXTENSION kvstore' -c "CREATE OR REPLACE FUNCTION kv_counters(store regclass,
        OUT hits bigint, OUT misses bigint, OUT sets bigint, OUT deletes bigint, OUT expired_removed bigint,
        OUT evicted bigint, OUT last_sweep timestamptz, OUT last_sweep_took interval, OUT last_sweep_pages bigint,
        OUT last_sweep_removed bigint, OUT last_sweep_left bigint, OUT entry_bytes bigint) VOLATILE STRICT
        LANGUAGE sql AS \$\$SELECT 1, 1, 1, 1, 1, 1, '2030-01-31 23:59:59.5+00'::timestamptz,
            '1 minute 0.25 seconds'::interval, 1, 1, 1, 1\$\$"
    export PGTZ=Asia/Tokyo PGDATESTYLE=German PGOPTIONS='-c intervalstyle=iso_8601'
    for command in stats 'watch --count 1'; do
        # shellcheck disable=SC2086
        check grep -q '"last_sweep":"2030-01-31T23:59:59.500000Z","last_sweep_took":60.25,' <("$kv" --json $command)
    done
    check grep -q '^last_sweep: *2030-01-31T23:59:59.500000Z$' <("$kv" stats)
    check grep -q '^last_sweep_took: *60.250000$' <("$kv" stats)
    unset PGTZ PGDATESTYLE PGOPTIONS
    export PGDATABASE=$outer
}

# In every command what came in goes out, and is what SQL sees.
check_values() { # what is stored
    gives 0 OK set k "$1"
    gives 0 "$1" get k
    check test "$(sql -c "SELECT value FROM kv_store WHERE key = 'k'")" = "$1"
    gives 0 1 cas k "$1" "$1$1"
    gives 0 "$1$1" getset k "$1"
    gives 0 "$1" getex k 1h
    gives 0 1 mset "$1" "$1"
    gives 0 "$1" mget "$1"
    gives 0 $'k\t'"$1"$'\n'"$1"$'\t'"$1" scan --values
    gives 0 "$1" keys "$1*"
    "$kv" export >"$folder/lines"
    gives 0 OK flush
    gives 0 2 import "$folder/lines"
    gives 0 1 delif k "$1"
    gives 0 "$1" getdel "$1"
    gives 0 0 count
}

# The same where values are bytes, which stay what they are.
check_bytes() { # what is stored
    gives 0 OK -s kv_bytes set k "$1"
    gives 0 "$1" -s kv_bytes get k
    check test "$(sql -c "SELECT encode(value, 'hex') FROM kv_bytes")" = "$(printf %s "$1" | od -An -tx1 | tr -d ' \n')"
    gives 0 1 -s kv_bytes mset k "$1" k "$1" --ttl 1h
    gives 0 "$1" -s kv_bytes mget k
    gives 0 1 -s kv_bytes cas k "$1" "$1$1" --ttl 1h
    gives 0 "$1$1" -s kv_bytes getset k "$1"
    gives 0 "$1" -s kv_bytes getex k 1h --slack 10m
    gives 0 1 -s kv_bytes delif k "$1"
    gives 0 OK -s kv_bytes set k "$1"
    gives 0 "$1" -s kv_bytes getdel k
}

test_encodings() {
    local encoding outer=$PGDATABASE
    export PGCLIENTENCODING=UTF8
    for encoding in UTF8 LATIN1 EUC_JP SQL_ASCII; do
        enter_database "kv_${encoding,,}" "ENCODING '$encoding'"
        sql -c 'CREATE EXTENSION kvstore'
        [ "$encoding" = LATIN1 ] || check_values 日本
        check_values ä
        gives 0 OK create --bytes kv_bytes
        check_bytes 日本
        check_bytes $'\xff\xc3'
    done
    unset PGCLIENTENCODING
    export PGDATABASE=$outer
}

# There nobody knows what text is in, so any bytes without a zero are a key and a value.
test_bytes_in_sql_ascii() {
    local outer=$PGDATABASE bytes=$'\xff\xe4'
    export PGDATABASE=kv_sql_ascii
    gives 0 OK flush
    gives 0 OK set "$bytes" "$bytes"
    gives 0 OK set k v
    gives 0 $'k\tv\n'"$bytes"$'\t'"$bytes" scan --values
    gives 0 "$bytes" getset "$bytes" "$bytes"
    gives 0 '{"key_base64":"/+Q=","value_base64":"/+Q="}' get --json "$bytes"
    "$kv" export >"$folder/lines"
    gives 0 OK flush
    gives 0 2 import "$folder/lines"
    gives 0 1 delif "$bytes" "$bytes"
    export PGDATABASE=$outer
}

# Keys are counted, and are the same, as the database has them.
test_keys_in_other_encodings() {
    local outer=$PGDATABASE
    export PGDATABASE=kv_latin1
    sql -c "SELECT kv_set(repeat(chr(233), 1500), 'v')" >/dev/null
    "$kv" export >"$folder/lines"
    gives 0 OK flush
    gives 0 1 import "$folder/lines"
    sed 's/é/éé/g' "$folder/lines" >"$folder/longer"
    complains 'line 1: 54000: *' import "$folder/longer"
    gives 0 1 count
    export PGDATABASE=kv_euc_jp
    printf '{"key":"\\u%s","value":"%s"}\n' 00a6 narrow ffe4 wide >"$folder/lines"
    gives 0 OK flush
    gives 0 2 import "$folder/lines"
    gives 0 wide mget $'\u00a6'
    gives 0 1 count
    export PGDATABASE=$outer
    gives 0 OK -d "dbname=$PGDATABASE client_encoding=LATIN1" set ü ü
    gives 0 ü getdel ü
}

# Patterns are those of Redis: a byte for ?, ranges either way, [ without an end, no classes by name.
test_patterns_of_keys() {
    gives 0 4 mset p:é 1 p:b 2 'p:[' 3 p:: 4
    gives 0 p:é keys 'p:??'
    gives 0 p:b keys 'p:[z-a]'
    gives 0 'p:[' keys 'p:\['
    gives 0 p:b keys 'p:[b'
    gives 0 $'p::\np:[' keys 'p:[[:class:]'
    gives 0 4 delprefix p:
}

# Values that are not asked for are not read either: one who may not read them sees the keys.
test_scan_of_keys() {
    sql -c 'CREATE ROLE kv_counter' \
        -c "SELECT kv_create_store('kv_keys')" \
        -c 'GRANT SELECT (key, expires) ON kv_keys TO kv_counter' >/dev/null
    gives 0 OK -s kv_keys set k v
    PGOPTIONS='-c role=kv_counter' gives 0 k -s kv_keys scan
    PGOPTIONS='-c role=kv_counter' gives 0 k -s kv_keys keys
    PGOPTIONS='-c role=kv_counter' complains '42501: *' -s kv_keys scan --values
    sql -c 'DROP TABLE kv_keys' -c 'DROP ROLE kv_counter'
}

# --- Errors ------------------------------------------------------------------

test_errors() {
    local command
    complains 'which command? *'
    complains '*none*' none
    complains 'KEY is required*' get
    complains '*extra*' get k extra
    complains "there is no command 'none'; *" help none
    complains 'connection to server *' -h /nonexistent get k
    complains 'connection to server *"none" does not exist' -d none get k
    complains 'connection to server *' -d "host=/nonexistent" get k
    complains '3F000: *' --schema none get k
    complains '42704: *HINT:  The extension is not in this schema*' --schema pg_catalog get k
    for command in 'get k' 'set k v' 'scan' 'export' 'import' 'stats' 'stores' 'watch' 'mget a b' 'ping' 'expireat k 2030-01-01'; do
        # shellcheck disable=SC2086
        complains '*"template1" has no extension kvstore*HINT:  *CREATE EXTENSION kvstore.' -d template1 $command </dev/null
    done
    complains "not an option: '-pass'; what begins with a minus comes after --
Usage: kv set *" set pw -pass
    complains "not an option: '--pass'; *" set pw --pass
    complains "not an option: '-x'; *" get k -x
    complains "not an option: '-b5'; *" mset a -b5
    complains 'VALUE is required*' set pw --ttl -5
    complains '54000: *' get "$(printf '%2049s' x)"
    gives 0 v -d "postgresql:///$PGDATABASE?application_name=x" get k
    complains 'cannot write */none/none: No such file*' export "$folder/none/none"
    complains 'cannot write *: No space left *' export /dev/full
    for command in 'get k' scan export help watch; do
        # shellcheck disable=SC2086
        "$kv" $command >/dev/full 2>"$folder/errors"
        check test "$command: $? $(grep -c 'cannot write .*: No space left' "$folder/errors")" = "$command: 2 1"
    done
    "$kv" shell <<<export >/dev/full 2>"$folder/errors"
    check test $? = 2
    complains 'cannot read the commands: *' shell <"$folder"
}

# They would be the server's socket: what is stored there would be carried out as SQL.
test_closed_streams() {
    local statement='CREATE TABLE kv_planted AS SELECT 1'
    # shellcheck disable=SC2059
    printf "Q\0\0\0\x$(printf %x $((${#statement} + 5)))$statement\0" >"$folder/message"
    "$kv" -s kv_bytes set message - <"$folder/message" >/dev/null
    "$kv" -s kv_bytes get message >&- 2>"$folder/errors"
    check test "$? $(cat "$folder/errors")" = '2 kv: cannot write the output: Bad file descriptor'
    check test "$(sql -c "SELECT to_regclass('kv_planted') IS NULL")" = t
    "$kv" import <&- 2>"$folder/errors"
    check test "$? $(cat "$folder/errors")" = '2 kv: cannot read the entries: Bad file descriptor'
    "$kv" set k - <&- 2>"$folder/errors"
    check test "$? $(cat "$folder/errors")" = '2 kv: cannot read standard input: Bad file descriptor'
    complains 'cannot read standard input: Is a directory' set k - <"$folder"
    "$kv" get none none 2>&-
    check test $? = 2
    check cmp "$folder/message" <("$kv" -s kv_bytes getdel message 2>&-)
}

# For a moment the server asks one user for a password.
test_password() {
    local hba
    hba=$(sql -c 'SHOW hba_file')
    cp "$hba" "$folder/hba"
    cat <(echo 'local all kv_careful scram-sha-256') "$folder/hba" >"$hba"
    sql -c "CREATE ROLE kv_careful LOGIN PASSWORD 'right'" -c 'SELECT pg_reload_conf()' >/dev/null
    sql -c "DO 'BEGIN WHILE NOT EXISTS (SELECT FROM pg_hba_file_rules WHERE user_name = ''{kv_careful}'')
        LOOP PERFORM pg_sleep(0.05); END LOOP; END'"
    PGPASSWORD=wrong complains '*password authentication failed*' -U kv_careful get k </dev/null
    complains '*no password supplied' -U kv_careful -w get k
    PGPASSWORD=right complains '42501: *' -U kv_careful get k
    sql -c 'GRANT SELECT ON kv_store TO kv_careful'
    PGPASSWORD=right gives 0 v -U kv_careful get k
    sql -c 'DROP OWNED BY kv_careful' -c 'DROP ROLE kv_careful'
    cat "$folder/hba" >"$hba"
    sql -c 'SELECT pg_reload_conf()' >/dev/null
}

# What somebody else has created where the search path of a superuser leads. Each of these raises
# an error when it is used.
plant_traps() {
    local type operator function
    {
        cat <<'SQL'
CREATE SCHEMA trap;
CREATE FUNCTION trap.spring() RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE 'trapped'; END$$;
CREATE VIEW trap.kv_stats AS SELECT trap.spring() AS store, trap.spring() AS entries_estimated, trap.spring() AS hits;
SQL
        for type in text name oid regclass timestamptz; do
            for operator in '=' '>' '^@'; do
                function=trap.$(tr '=>^@' 'egps' <<<"$operator")_$type
                echo "CREATE FUNCTION $function(pg_catalog.$type, pg_catalog.$type) RETURNS boolean LANGUAGE sql AS 'SELECT trap.spring()';
                    CREATE OPERATOR trap.$operator (FUNCTION = $function, LEFTARG = pg_catalog.$type, RIGHTARG = pg_catalog.$type);"
            done
        done
        for function in 'kv_detour(oid)' 'kv_detour(regclass)' 'kv_get(text)' 'kv_get(text, regclass)' 'kv_set(text, text)' \
            'kv_count(text)' 'kv_expire_at(text, timestamptz, regclass)' 'now()' 'format_type(oid, integer)' \
            'unnest(text[])' 'convert_from(bytea, name)' 'getdatabaseencoding()'; do
            echo "CREATE FUNCTION trap.$function RETURNS boolean LANGUAGE sql AS 'SELECT trap.spring()';"
        done
        for type in text bytea regclass timestamptz float8 int8 int4 bool regtype oid; do
            echo "CREATE DOMAIN trap.$type AS pg_catalog.$type CHECK (trap.spring());"
        done
    } | sql
}

test_what_strangers_plant() {
    local outer=$PGDATABASE words options
    enter_database kv_hostile
    sql -c 'CREATE SCHEMA app' -c 'CREATE EXTENSION kvstore SCHEMA app'
    plant_traps
    sql -c "ALTER DATABASE kv_hostile SET search_path = trap, pg_catalog, public"
    "$kv" create public.kv_bytes --bytes >"$folder/got" 2>&1
    echo '{"key":"imported","value":"v"}' >"$folder/lines"
    while read -ra words; do
        for options in '' '-s public.kv_bytes' '--schema app'; do
            # shellcheck disable=SC2086
            "$kv" $options "${words[@]}" <"$folder/lines" >>"$folder/got" 2>&1
        done
    done <<'LINES'
set k v
setex e 1h v
setnx n v
setxx n w --ttl 1h
get k
getset k w
cas k w x
cas k x y --ttl 1h
getex k 1h --slack 1m
ratelimit rate 3 1h
exists k n
incr c
ttl k
expires k
expire k 1h
expireat k 2100-01-01
persist k
mget k n
mset a 1 b 2
scan k --after a --max 3 --values
keys k*
count k
delif k y
getdel n
del a b
delprefix c
export --prefix k
import
stores
stats
stats app.kv_store
watch --count 1
sweep --max 1
limit 100MB
limit none
detour
ping
flush
LINES
    grep -v '^kv: no counters' "$folder/got" | grep -A 1 'trapped\|kv: ' >"$folder/errors"
    check test ! -s "$folder/errors"
    gives 0 OK set key v
    export KV_HISTFILE=/dev/null
    printf 'get ke\t\nuse kv_b\t\nget none\nexit\n' | script -qec "$kv shell" /dev/null >"$folder/got"
    check grep -q 'v.$' "$folder/got"
    check grep -q 'kv_hostile/kv_bytes=> ' "$folder/got"
    check test "$(grep -c trapped "$folder/got")" = 0
    gives 0 $'app.kv_store\nkv_bytes' stores
    unset KV_HISTFILE
    export PGDATABASE=$outer
}

# --- Import and export -------------------------------------------------------

test_import_of_bad_lines() {
    sql -c "SELECT kv_create_store('kv_checked')" \
        -c "ALTER TABLE kv_checked ADD CHECK (value <> 'bad')" >/dev/null
    printf '{"key":"%s","value":"%s"}\n' 1 good 2 bad 3 good 3 better 4 good >"$folder/lines"
    cat >>"$folder/lines" <<'LINES'
not JSON
{"key":"5","value_base64":"/w=="}
{"key":"6","value":"late","expires":"2020-01-01T00:00:00Z"}
LINES
    complains 'line 2: 23514: *Stopped; 1 entries are stored.' -s kv_checked import "$folder/lines"
    complains 'line 1: *' -s kv_checked import <<<'{"key":"1"}'
    complains 'cannot read */none: No such file*' import "$folder/none"

    "$kv" -s kv_checked import --continue <"$folder/lines" >"$folder/got" 2>"$folder/errors"
    check test "$? $(cat "$folder/got")" = '2 4'
    check test "$(grep -o 'line [0-9]*' "$folder/errors" | sort | tr '\n' ' ')" = 'line 2 line 6 line 7 '
    gives 0 $'1\tgood\n3\tbetter\n4\tgood' -s kv_checked scan --values

    # What precedes a line is what precedes it in the file, and a good line is one, whatever follows.
    gives 0 OK -s kv_checked flush
    printf '{"key":"%s","value":"%s"}\n' z good a bad b good >"$folder/lines"
    complains 'line 2: 23514: *Stopped; 1 entries are stored.' -s kv_checked import "$folder/lines"
    gives 0 z -s kv_checked scan
    printf '{"key":"%s","value":"%s"}\n' k good k bad l bad l good >"$folder/lines"
    "$kv" -s kv_checked import --continue "$folder/lines" >"$folder/got" 2>"$folder/errors"
    check test "$? $(cat "$folder/got") $(grep -o 'line [0-9]*' "$folder/errors" | tr '\n' ' ')" = '2 2 line 2 '
    gives 0 $'k\tgood\nl\tgood\nz\tgood' -s kv_checked scan --values
    complains 'line 1: "key" is there twice*' import <<<'{"key":"a","key":"b","value":"1"}'
}

# Whatever error a line is refused with, it is told, and the others are stored. What would refuse any
# line is no line's fault.
test_import_of_refused_lines() {
    sql -c "SELECT kv_create_store('kv_refusing')" -c 'CREATE ROLE kv_bob' \
        -c 'GRANT SELECT, INSERT, UPDATE ON kv_refusing TO kv_bob' \
        -c 'ALTER TABLE kv_refusing ENABLE ROW LEVEL SECURITY' \
        -c "CREATE POLICY own ON kv_refusing TO kv_bob USING (key ^@ 'bob:')" \
        -c "CREATE FUNCTION kv_refuse() RETURNS trigger LANGUAGE plpgsql AS \$\$BEGIN
            IF NEW.value = 'bad' THEN RAISE 'refused' USING ERRCODE = 'MYERR'; END IF; RETURN NEW; END\$\$" \
        -c 'CREATE TRIGGER refuse BEFORE INSERT ON kv_refusing FOR EACH ROW EXECUTE FUNCTION kv_refuse()' >/dev/null
    printf '{"key":"%s","value":"%s"}\n' bob:1 v eve:1 v bob:2 v bob:3 bad bob:4 v >"$folder/lines"
    PGOPTIONS='-c role=kv_bob' "$kv" -s kv_refusing import --continue "$folder/lines" >"$folder/got" 2>"$folder/errors"
    check test "$? $(cat "$folder/got") $(grep -o 'line .*: ' "$folder/errors" | tr '\n' ' ')" = \
        '2 3 line 2: 42501:  line 4: MYERR:  '
    gives 0 $'bob:1\nbob:2\nbob:4' -s kv_refusing scan
    PGOPTIONS='-c default_transaction_read_only=on' complains '25006: *' -s kv_refusing import --continue "$folder/lines"
    sql -c 'REVOKE INSERT ON kv_refusing FROM kv_bob'
    PGOPTIONS='-c role=kv_bob' complains '42501: *' -s kv_refusing import --continue "$folder/lines"
    sql -c 'DROP TABLE kv_refusing' -c 'DROP FUNCTION kv_refuse' -c 'DROP ROLE kv_bob'
}

# A file is replaced by the whole export, or stays as it was.
test_export_to_a_file() {
    local file=$folder/exported/file
    mkdir "$folder/exported"
    echo before >"$file"
    chmod 640 "$file"
    complains '42P01: *' -s none export "$file"
    complains 'connection to server *' -h /nonexistent export "$file"
    gives 0 OK set big "$(printf '%2000s' x)"
    (trap '' XFSZ && ulimit -f 1 && "$kv" export "$file" 2>"$folder/errors")
    check test "$? $(cat "$file" "$folder/errors")" = $'2 before\nkv: cannot write the entries: File too large'
    interrupted INT export "$file"
    check test "$(cat "$folder/exported"/*)" = before
    gives 0 '' export "$file"
    check cmp "$file" <("$kv" export)
    check test "$(ls "$folder/exported") $(stat -c %a "$file")" = 'file 640'
    ln -s file "$folder/exported/link"
    echo before >"$file"
    gives 0 '' export "$folder/exported/link"
    check cmp "$file" <("$kv" export)
    (umask 077 && "$kv" export "$folder/exported/new")
    check test "$(stat -c %a "$folder/exported/new")" = 600
    gives 0 1 del big
}

# Of the store alone: how far it has come is nothing that it needs.
test_export_by_one_who_sees_no_statistics() {
    sql -c 'CREATE ROLE kv_reader' -c 'GRANT SELECT ON kv_store TO kv_reader' -c 'REVOKE SELECT ON kv_stats FROM PUBLIC'
    PGOPTIONS='-c role=kv_reader' gives 0 "$("$kv" export)" export
    PGOPTIONS='-c role=kv_reader' script -qec "$kv export $folder/lines" /dev/null </dev/null >"$folder/errors"
    check test "$? $(cat "$folder/lines")" = "0 $("$kv" export)"
    sql -c 'GRANT SELECT ON kv_stats TO PUBLIC' -c 'DROP OWNED BY kv_reader' -c 'DROP ROLE kv_reader'
}

# 200 MB, and no process of kv may have as much: what does not fit in 150 MB ends with an error.
test_many_entries_in_little_memory() {
    sql -c "SELECT kv_create_store('kv_many'), kv_create_store('kv_copy')" \
        -c "INSERT INTO kv_many SELECT 'key:' || i, repeat(md5(i::text), 60),
            CASE WHEN i % 2 = 0 THEN 'infinity' ELSE now() + i * interval '1 hour' END
            FROM generate_series(1, 100000) i" >/dev/null
    (ulimit -v 150000 && "$kv" -s kv_many export) 2>"$folder/errors" |
        (ulimit -v 150000 && "$kv" -s kv_copy import) >"$folder/got" 2>>"$folder/errors"
    check test "${PIPESTATUS[*]}" = '0 0'
    check test "$(cat "$folder/got")" = 100000
    check test "$(sql -c 'SELECT count(*) FROM kv_many NATURAL JOIN kv_copy')" = 100000
    gives 0 '' -s kv_many export --prefix key:9999 "$folder/lines"
    check test "$(wc -l <"$folder/lines")" = 11
}

# --- What does not go on -----------------------------------------------------

kv_backends() { sql -c "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'kv' $1"; }

end_backends() {
    sql -c "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE application_name = 'kv'" >/dev/null
}

# Ends kv by a signal while it waits for the store, which is free afterwards.
interrupted() { # signal, arguments
    local signal=$1 pid locker_pid i
    shift
    coproc locker { sql; }
    locker_pid=$!
    echo 'BEGIN; LOCK TABLE kv_store; \echo locked' >&"${locker[1]}"
    read -r -u "${locker[0]}"
    env --default-signal="$signal" "$kv" "$@" <&0 >"$folder/got" 2>"$folder/errors" &
    pid=$!
    until [ "$(kv_backends "AND wait_event_type = 'Lock'")" = 1 ]; do
        kill -0 $pid || break
        sleep 0.05
    done
    kill -"$signal" $pid
    for ((i = 0; i < 1200; i++)); do # a minute: one that does not end is no reason to wait for ever
        kill -0 $pid || break
        sleep 0.05
    done 2>/dev/null # where bash says by which signal it ended
    echo '\q' >&"${locker[1]}"
    wait "$locker_pid"
    wait $pid
    check test "kv $*: $?" = "kv $*: $((128 + $(kill -l "$signal")))"
    until [ "$(kv_backends '')" = 0 ]; do
        sleep 0.05
    done
}

# Names are told, with what is known without looking at it, and Tab is of use, while a store is locked.
test_locked_store() {
    local locker_pid
    coproc locker { sql; }
    locker_pid=$!
    echo 'BEGIN; LOCK TABLE kv_store, kv_bytes; \echo locked' >&"${locker[1]}"
    read -r -u "${locker[0]}"
    check test "$(timeout 60 "$kv" stores | tail -n 1)" = kv_store
    check grep -Eq '^kv_store +- +- ' <(timeout 60 "$kv" watch --count 1)
    # An option that is none, so that Tab alone asks the server.
    printf 'get -x k\t\nget -x -s kv_by\t\nexit\n' | KV_HISTFILE=/dev/null timeout 60 script -qec "$kv shell" /dev/null >"$folder/got"
    check test $? = 0
    check grep -q 'get -x -s kv_bytes' "$folder/got"
    echo '\q' >&"${locker[1]}"
    wait "$locker_pid"
}

test_interrupts() {
    gives 0 OK flush
    gives 0 OK set k before
    echo '{"key":"k","value":"imported"}' >"$folder/lines"
    interrupted INT set k after
    interrupted TERM set k after
    interrupted HUP set k after
    interrupted INT import "$folder/lines"
    interrupted INT flush
    interrupted INT export
    interrupted INT scan
    echo 'set k after' >"$folder/script"
    interrupted INT shell <"$folder/script"
    gives 0 $'k\tbefore' scan --values
}

# A connection that ended while nothing was under way is made anew.
test_connections_that_end() {
    local line pid
    coproc kv_shell { "$kv" shell 2>"$folder/errors"; }
    pid=$!
    echo 'set k v' >&"${kv_shell[1]}"
    read -r -u "${kv_shell[0]}" line
    check test "$line" = OK
    end_backends
    { echo 'get k' >&"${kv_shell[1]}"; } 2>/dev/null
    read -r -u "${kv_shell[0]}" line
    check test "$line" = v
    eval "exec ${kv_shell[1]}>&-"
    wait "$pid"
    check test $? = 0

    coproc import { "$kv" import 2>"$folder/errors"; }
    printf '{"key":"many:%s","value":"v"}\n' {1..1000} >&"${import[1]}"
    until [ "$("$kv" count many:)" = 1000 ]; do
        sleep 0.05
    done
    end_backends
    echo '{"key":"many:more","value":"v"}' >&"${import[1]}"
    eval "exec ${import[1]}>&-"
    read -r -u "${import[0]}" line
    check test "$line" = 1001
    gives 0 1001 delprefix many:
}

# --- Watch, and the shell ----------------------------------------------------

test_watch() {
    local pid
    check test "$("$kv" watch --count 2 --interval 0 | grep -c '^kv_store  ')" = 2
    check test "$("$kv" watch --count 3 --interval 0 --json | grep -c '"store":"kv_store"')" = 3
    complains '--count: must be at least 1*' watch --count 0
    complains '--interval: must be at most 86400*' watch --interval 86401
    complains "--interval: not a number: 'nan'*" watch --count 1 --interval nan

    "$kv" watch --interval 3600 >"$folder/watched" 2>"$folder/errors" &
    pid=$!
    until grep -q kv_store "$folder/watched"; do
        kill -0 $pid || break
        sleep 0.05
    done
    kill -INT $pid
    wait $pid
    check test $? = 0
}

test_shell_as_script() {
    cat >"$folder/script" <<'SCRIPT'
# a comment, and an empty line

set 'a key' "two\nlines"
get 'a key'
get none
use "\"Kv Logged\""
get k
--store kv_store --json get 'a key'
del "it's" --store kv_store
SCRIPT
    gives 0 $'OK\ntwo\nlines\nother\n{"key":"a key","value":"two\\nlines"}\n0' shell <"$folder/script"
    gives 0 1 shell <<<$'exists k\nexit\nnonsense'
    gives 0 other shell <<<$'USE "\\"Kv Logged\\""\nGET k\nEXIT\nnonsense'
    printf 'get "k\nset k v2\n' >"$folder/script"
    complains $'a " is not closed\nkv: that was line 1' shell <"$folder/script"
    gives 2 OK shell --continue <"$folder/script"
    complains 'a value cannot come *' shell <<<'set k -'
    complains 'this is the shell already*' shell <<<'shell'
}

# With a terminal, which script (of util-linux) makes.
test_shell_on_a_terminal() {
    printf 'persi\tk\n exists secret\nexit\n' | script -qec "$kv shell" /dev/null >"$folder/got"
    check grep -q "$PGDATABASE/kv_store=> " "$folder/got"
    check test "$(cat "$folder/kv/history")" = $'persist k\nexit'
    check test "$(stat -c %a "$folder/kv/history")" = 600
}

# What a person sees where a script sees nothing, or the value alone.
test_commands_on_a_terminal() {
    on_terminal() { script -qec "$kv $*" /dev/null | tr -d '\r'; }
    gives 0 OK set k v
    check test "$(on_terminal get k)" = v
    check test "$(on_terminal get none)" = '(nil)'
    check test "$(on_terminal mget none k)" = $'(nil)\nv'
    check test "$(on_terminal getset none2 v)" = '(nil)'
    check test "$(on_terminal ttl none)" = '(nil)'
    check test "$(on_terminal --json get none)" = '{"key":"none","value":null}'
    sql -c $'SELECT kv_create_store(\'"kv \e[31m\u9b"\')' >/dev/null
    check grep -q '"kv \\x1b\[31m\\x9b"' <(on_terminal stores)
    check grep -q '"kv \\x1b\[31m\\x9b"' <(on_terminal stats)
    check grep -q '^"kv \\x1b\[31m\\x9b"  ' <("$kv" watch --count 1)
    check grep -q $'^"kv \e\[31m\u9b"$' <("$kv" stores)
    sql -c $'DROP TABLE "kv \e[31m\u9b"'
    check test "$(on_terminal stats | grep -c 'shared_preload_libraries')" = "$(sql -c 'SELECT count(*) FROM kv_stats WHERE hits IS NULL AND store::text = $$kv_store$$')"
}

# --- What is said about it ---------------------------------------------------

# The names of the commands, by `kv --help`.
command_names() {
    "$kv" --help | sed -n '/^Options:/q; s/^  \([a-z][a-z]*\) .*/\1/p'
}

# What bash offers for the last of these words.
offered() {
    bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE=$*; COMP_POINT=${#COMP_LINE}
        _kv; echo "${COMPREPLY[@]}"' \
        bash "${kv%/*}/completion.bash" "$@"
}

# The help, the manual page, the completion and docs/kv.md name the same commands and options.
test_documents() {
    local name version
    version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" "$tool/../../kvstore.control")
    gives 0 "kv (kvstore) $version" --version
    check grep -q "kvstore $version" "${kv%/*}/kv.1"
    check test "$(command_names | wc -l)" -gt 30
    for name in $(command_names); do
        check grep -q "Usage: kv $name" <("$kv" help "$name")
        check grep -q "^\.B $name\b" "${kv%/*}/kv.1"
    done
    check diff <("$kv" --help) <(sed -n '/^```text$/,/^```$/p' "$tool/../../docs/kv.md" | sed '1d;$d')
    check test "$(offered kv '' | tr ' ' '\n' | sort)" = "$(command_names | sort)"
    PATH=${kv%/*}:$PATH
    check test "$(offered kv getd)" = getdel
    check test "$(offered kv scan --v)" = '--version --values'
    check test "$(offered kv -s kv_b)" = kv_bytes
}

# Where the line says, and whatever others have called their stores and files.
test_completion_of_names() {
    local names
    check test "$(PGDATABASE=none offered kv -s kv_b)" = ''
    check test "$(PGDATABASE=none offered kv -d kv_latin1 get k -s kv_b)" = kv_bytes
    check test "$(PGDATABASE=none offered kv --dbname=kv_latin1 get k -s kv_b)" = kv_bytes
    check test "$(offered kv --schema none -s kv_b)" = ''

    cd "$folder" || exit
    # shellcheck disable=SC2016
    sql -c "SELECT kv_create_store('\"\$(>pwned)\"')" >/dev/null
    eval "names=($(offered kv get k --store ''))"
    check test "$(printf '%s\n' "${names[@]}" | grep -cxF '"$(>pwned)"')" = 1
    check test ! -e pwned
    touch 'file $(>pwned)'
    printf '%s\n' ". '${kv%/*}/completion.bash'" 'kv() { printf "<%s>\n" "$@" >got; }' $'kv import fil\t' exit |
        script -qec 'bash --norc --noprofile -i' /dev/null >/dev/null
    check test "$(cat got)" = $'<import>\n<file $(>pwned)>'
    check test ! -e pwned
    sql -c 'DROP TABLE "$(>pwned)"'
}

test_one_entry
test_rate_limit
test_other_spellings
test_expiry
test_words
test_empty_words
test_zero_bytes
test_many_entries
test_renaming
test_stores
test_every_byte
test_json
test_times_of_statistics
test_encodings
test_bytes_in_sql_ascii
test_keys_in_other_encodings
test_patterns_of_keys
test_scan_of_keys
test_errors
test_closed_streams
test_password
test_what_strangers_plant
test_import_of_bad_lines
test_import_of_refused_lines
test_export_to_a_file
test_export_by_one_who_sees_no_statistics
test_many_entries_in_little_memory
test_locked_store
test_interrupts
test_connections_that_end
test_watch
test_shell_as_script
test_shell_on_a_terminal
test_commands_on_a_terminal
test_documents
test_completion_of_names
finish
