#!/usr/bin/env bash
# redis-cli, as people type it and as scripts use it.
set -euo pipefail

checks=0
cli() { redis-cli -h "$REDIS_HOST" -p "$REDIS_PORT" "$@" 2>&1 || true; }
is() { # what, expected, got
    [ "$3" = "$2" ] || { printf '%s:\nexpected %q\ngot      %q\n' "$@" && exit 1; }
    checks=$((checks + 1))
}
gives() { is "redis-cli ${*:2}" "$1" "$(cli "${@:2}")"; } # expected, arguments ..

# --- One command at a time
gives OK flushall
gives OK set greeting "hello world" ex 6000
gives "hello world" get greeting
gives '"hello world"' --no-raw get greeting
gives '(nil)' --no-raw get nothing
is "its life" yes "$(cli ttl greeting | sed 's/^[1-9][0-9]*$/yes/')"
gives '(integer) 1' --no-raw incr counter
gives $'1) "1"\n2) (nil)\n3) "hello world"' --no-raw mget counter nothing greeting
gives '(error) ERR value is not an integer or out of range' --no-raw incr greeting
gives 'hello world' -3 get greeting
gives '(nil)' -3 --no-raw get nothing
gives '"hello world","1"' --csv mget greeting counter
gives $'1\n2\n3' -r 3 incr rounds
gives OK -n 1 set elsewhere 1
gives '(integer) 0' --no-raw exists elsewhere

# --- What is typed, line by line
typed=$(printf '%s\n' 'set "a key" "\x00\xff\"\n"' 'get "a key"' 'strlen "a key"' multi 'incr counter' 'get counter' exec \
    'select 1' 'get elsewhere' 'quit' | cli --no-raw)
is "what is typed" $'OK\n"\\x00\\xff\\"\\n"\n(integer) 4\nOK\nQUEUED\nQUEUED\n1) (integer) 2\n2) "2"\nOK\n"1"' "$typed"

# --- Standard input as the last argument, and many commands in Redis's protocol
head -c 100000 /dev/zero | redis-cli -h "$REDIS_HOST" -p "$REDIS_PORT" -x set zeros >/dev/null
gives 100000 strlen zeros
is "--pipe" "errors: 0, replies: 1000" \
    "$(seq 1000 | sed 's/.*/SET bulk:& value&\r/' | cli --pipe | tail -n 1)"
gives value777 get bulk:777

# --- What looks at all keys
is "--scan" 1000 "$(cli --scan --pattern 'bulk:*' | sort -u | wc -l)"
gives 1005 dbsize
gives 1 unlink bulk:1
gives OK flushdb
gives 0 dbsize
echo "$checks"
