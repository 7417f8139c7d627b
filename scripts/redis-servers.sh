# shellcheck shell=bash
# shellcheck disable=SC2154 # work, build and bin are those of lib.sh
# A private redis-server, and kvstore-redis in front of the private PostgreSQL server. For
# scripts/redis, scripts/test, scripts/bench and scripts/demo, after lib.sh.

# Debian's package of the service, which would start one, is not needed: redis-tools has the program
# under another name, and the name says what it does.
find_redis_server() {
    if has_command redis-server; then
        command -v redis-server
    elif has_command redis-check-rdb && [ "$(redis_program_says)" != "" ]; then
        echo "$work/redis-server"
    else
        return 1
    fi
}
redis_program_says() {
    ln -sf "$(command -v redis-check-rdb)" "$work/redis-server"
    "$work/redis-server" --version 2>/dev/null | grep '^Redis server'
}

free_port() {
    python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Until what listens at port $1 with process $2 answers.
wait_for_redis() {
    until [ "$(redis-cli -p "$1" ping 2>/dev/null)" = PONG ]; do
        kill -0 "$2" 2>/dev/null || return 1
        sleep 0.05
    done
}

# A redis-server that keeps nothing on disk, at $redis_port.
start_redis() {
    redis_port=$(free_port)
    "$(find_redis_server)" --port "$redis_port" --bind 127.0.0.1 --save '' --appendonly no --databases 3 \
        --dir "$work" >"$work/redis-server.log" 2>&1 &
    echo $! >"$work/run/redis-server.$redis_port.pid"
    wait_for_redis "$redis_port" $! || { cat "$work/redis-server.log" >&2; die "redis-server did not start"; }
}

gateway_program() { echo "$build/gateway/gateway/kvstore-redis"; }
build_gateway_program() {
    targets=kvstore-redis build_cmake client gateway -DKVSTORE_TESTS=ON -DKVSTORE_TOOL=OFF -DKVSTORE_EXAMPLES=OFF "$@"
}

# The program, at $gateway_port; the arguments are options of its own.
start_gateway() {
    gateway_port=$(free_port)
    "$(gateway_program)" --listen "127.0.0.1:$gateway_port" \
        --anonymous-user postgres --admin-user postgres "$@" >"$work/kvstore-redis.log" 2>&1 &
    echo $! >"$work/run/kvstore-redis.$gateway_port.pid"
    wait_for_redis "$gateway_port" $! || { cat "$work/kvstore-redis.log" >&2; die "kvstore-redis did not start"; }
}

# A database with three stores for it, logged if $2 says so.
create_redis_database() {
    local store logged=false
    [ "${2:-}" != logged ] || logged=true
    "$bin/psql" -X -q -v ON_ERROR_STOP=1 -c "CREATE DATABASE \"$1\"" -c \
        "ALTER DATABASE \"$1\" SET kvstore.redis_stores = 'kv_redis, kv_redis_1, kv_redis_2'"
    "$bin/psql" -X -q -v ON_ERROR_STOP=1 -d "$1" -c 'CREATE EXTENSION IF NOT EXISTS kvstore'
    for store in kv_redis kv_redis_1 kv_redis_2; do
        "$bin/psql" -X -q -v ON_ERROR_STOP=1 -d "$1" -c "SELECT kv_create_store('$store', value_type => 'bytea', logged => $logged)" >/dev/null
    done
}

# Writes to its stores go through SQL from now on.
detour_redis_database() {
    "$bin/psql" -X -q -v ON_ERROR_STOP=1 -d "$1" <<'SQL'
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER nothing BEFORE INSERT OR UPDATE ON kv_redis FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TRIGGER nothing BEFORE INSERT OR UPDATE ON kv_redis_1 FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TRIGGER nothing BEFORE INSERT OR UPDATE ON kv_redis_2 FOR EACH ROW EXECUTE FUNCTION nothing();
SQL
}
