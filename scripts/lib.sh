# shellcheck shell=bash
# What scripts/demo, scripts/test and scripts/bench share: the build, and a private
# PostgreSQL server that has nothing to do with any other. Packages are in packages.sh.
#
# The server's programs are copied to a temporary folder, and the extension is
# installed next to the copies: PostgreSQL finds its files relative to its programs.
# So nothing is installed on the machine itself, and nothing that is already there
# can stand in for what the build should have made.

set -euo pipefail
# What other programs say is read here, and shown: in one language.
export LC_ALL=C.UTF-8
unset LANGUAGE
# The server's user reads what root has made.
umask 022

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=     # the temporary folder
build=    # what is built, kept for the next time if the checkout can be written
bin=      # the programs of the private installation
socket=   # the folder of the server's socket

say() { printf '%s\n' "$*" >&2; }
die() {
    say "$(basename "$0"): $*"
    exit 1
}

# Runs a command that takes its time: says what it is, and how long it takes, each second on a
# terminal. Its output is shown if it fails.
busy() {
    local what=$1 log start=$SECONDS ticker='' status=0
    shift
    log=$(mktemp)
    if [ -t 2 ]; then
        while kill -0 $$ 2>/dev/null; do
            printf '\r%s .. %d s' "$what" $((SECONDS - start)) >&2
            sleep 1
        done &
        ticker=$!
    fi
    "$@" >"$log" 2>&1 || status=$?
    if [ -n "$ticker" ]; then
        kill "$ticker"
        wait "$ticker" 2>/dev/null || printf '\r\e[K' >&2
    fi
    say "$what: $([ "$status" = 0 ] || echo "failed after ")$((SECONDS - start)) s"
    [ "$status" = 0 ] || cat "$log" >&2
    rm -f "$log"
    return "$status"
}

. "$repository/scripts/packages.sh"

# --- The temporary folder ---------------------------------------------------

# PostgreSQL refuses to run as root, so that is left to another user.
server_user() { id -un postgres 2>/dev/null || echo nobody; }

# In a folder that this user may enter.
as_server() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid="$(server_user)" --regid="$(id -g "$(server_user)")" --clear-groups \
            env -C "$work" HOME="$work" "$@"
    else
        env -C "$work" "$@"
    fi
}

# Why no server can live in folder $work; nothing if one can. Socket names have 107 bytes at most,
# and those of the tests' own servers are in folders below.
unfit() {
    if [[ $work =~ [[:space:]] ]]; then
        echo "make cannot work in a folder with a blank in its name"
    elif [ "${#work}" -gt 70 ]; then
        echo "its name is too long for that of a socket"
    elif ! as_server true 2>/dev/null; then
        echo "the user $(server_user) cannot enter it"
    elif ! { printf '#!/bin/sh\n' >"$work/program" && chmod 755 "$work/program" && "$work/program"; } 2>/dev/null; then
        echo "programs cannot be run there"
    fi
}

make_work_folder() {
    local parent why
    trap remove_work_folder EXIT
    trap 'exit 130' INT TERM HUP
    for parent in "${TMPDIR:-/tmp}" /tmp /var/tmp; do
        why="nothing can be created there"
        if work=$(mktemp -d "$parent/kvstore.XXXXXX" 2>/dev/null); then
            work=$(cd "$work" && pwd -P)
            chmod 755 "$work"
            why=$(unfit)
            [ -n "$why" ] || break
            rm -rf "$work"
        fi
        say "Not in $parent: $why."
        work=
    done
    [ -n "$work" ] || die "there is no folder to work in; TMPDIR may name one"
    export TMPDIR=$parent
    mkdir "$work/run"
    [ "$(id -u)" != 0 ] || chown "$(server_user)" "$work/run"
    choose_build_folder
}

# Other users, root among them, may have left in the checkout what this one cannot write.
choose_build_folder() {
    build=$repository/build
    if ! mkdir -p "$build" 2>/dev/null || [ -n "$(find "$build" ! -type l ! -writable -print -quit)" ]; then
        say "Not in $build, which cannot be written: building in $work, everything anew."
        build=$work/build
    fi
}

remove_work_folder() {
    local status=${1:-$?}
    trap - EXIT
    if [ -n "$work" ]; then
        stop_servers
        rm -rf "$work"
    fi
    exit "$status"
}

# --- The private installation -----------------------------------------------

# Links everything in folder $1 into folder $2, except what is kvstore's.
link_all() {
    local file files=()
    mkdir -p "$2"
    for file in "$1"/*; do
        case ${file##*/} in
        kvstore*) ;;
        *) [ -e "$2/${file##*/}" ] || files+=("$file") ;;
        esac
    done
    [ ${#files[@]} = 0 ] || ln -s "${files[@]}" "$2/"
}

# A copy of the installation of $PG_CONFIG below $work, with links for all that
# need not be copied. Sets $bin; $bin/pg_config then speaks of the copy.
copy_postgres() {
    local original="$1" what program
    bin=$work/tree$("$original" --bindir)
    mkdir -p "$bin"
    # That folder may be /usr/bin.
    for program in "$("$original" --bindir)"/{postgres,initdb,psql,pg*,create*,drop*,vacuum*,reindexdb,clusterdb}; do
        [ ! -f "$program" ] || cp "$program" "$bin/"
    done
    cp -f "$original" "$bin/pg_config"
    for what in sharedir pkglibdir includedir-server; do
        [[ $("$bin/pg_config" --$what) == "$work"/* ]] ||
            die "$original --$what is not relative to its programs: kvstore would be installed into the system"
    done
    mkdir -p "$("$bin/pg_config" --sharedir)/extension"
    link_all "$("$original" --sharedir)/extension" "$("$bin/pg_config" --sharedir)/extension"
    for what in sharedir pkglibdir libdir includedir pkgincludedir includedir-server; do
        link_all "$("$original" --$what)" "$("$bin/pg_config" --$what)"
    done
}

# The sources, without what a `make` among them has made, and without what is gone.
copy_sources() {
    local file version
    version=$(sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" "$repository/kvstore.control")
    mkdir -p "$1"
    tar -C "$repository" -c --exclude='*.o' --exclude='*.bc' --exclude="kvstore--$version.sql" \
        Makefile kvstore.control README.md extension | tar -C "$1" -x
    find "$1/extension" -name '*.[ch]pp' | while read -r file; do
        [ -e "$repository/${file#"$1"/}" ] || rm "$file"
    done
}

# build/<version>, apart from the sources, so that one checkout serves every major.
build_folder() { echo "$build/extension-$("$bin/pg_config" --version | tr -cd 'A-Za-z0-9.')"; }

# Two tests may want it at once.
alone_with_build_folder() {
    mkdir -p "$build"
    (
        flock 9
        "$@"
    ) 9>"$build/extension.lock"
}

# Builds there, and installs into the private installation.
build_extension() { alone_with_build_folder build_and_install "$@"; }
build_and_install() {
    local folder
    folder=$(build_folder)
    copy_sources "$folder" &&
        make -C "$folder" -s -j"$(nproc)" PG_CONFIG="$bin/pg_config" with_llvm=no "$@" &&
        make -C "$folder" -s PG_CONFIG="$bin/pg_config" with_llvm=no install >/dev/null
}

# A CMake project, $1, in build/$2, and its targets $targets, or all.
build_cmake() {
    local source=$repository/$1 folder=$build/$2
    shift 2
    # CMake refuses what it has made of a checkout that was moved.
    grep -qsxF "CMAKE_HOME_DIRECTORY:INTERNAL=$source" "$folder/CMakeCache.txt" || rm -rf "$folder"
    # shellcheck disable=SC2086
    # In scripts/test two parts may need the same.
    (
        flock 9
        cmake -S "$source" -B "$folder" -DCMAKE_BUILD_TYPE=Release "$@" >/dev/null &&
            cmake --build "$folder" -j"$(nproc)" ${targets:+--target $targets} >/dev/null
    ) 9>"$folder.lock"
}

build_client() { build_cmake client client "$@"; }

# --- The private server -----------------------------------------------------

# Creates and starts a server; the arguments are lines of its configuration.
start_server() {
    socket=$work/run
    as_server "$bin/initdb" --no-sync --auth=trust --username=postgres --encoding=UTF8 \
        --locale=C.UTF-8 --pgdata="$work/run/data" >"$work/initdb.log" 2>&1 ||
        { cat "$work/initdb.log" >&2; die "initdb failed"; }
    printf '%s\n' "listen_addresses = ''" "unix_socket_directories = '$socket'" \
        "fsync = off" "$@" | as_server tee -a "$work/run/data/postgresql.conf" >/dev/null
    as_server "$bin/pg_ctl" --silent --wait -D "$work/run/data" -l "$work/run/log" start ||
        { cat "$work/run/log" >&2; die "the server did not start"; }
    export PGHOST=$socket PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
    unset PGSERVICE PGOPTIONS PGPASSWORD PGHOSTADDR PGSSLMODE
}

# A pgbouncer in front of the server, on the same socket with port $1, that gives each
# transaction whatever connection is free, of at most $2. Further arguments are lines of its
# configuration.
start_pooler() {
    local port=$1 connections=$2 name=$work/run/pgbouncer.$1 i
    shift 2
    printf '%s\n' '[databases]' "* = host=$socket port=5432 user=postgres" \
        '[pgbouncer]' "unix_socket_dir = $socket" "listen_port = $port" 'auth_type = any' \
        'pool_mode = transaction' "default_pool_size = $connections" 'max_client_conn = 200' \
        "logfile = $name.log" "pidfile = $name.pid" "$@" | as_server tee "$name.ini" >/dev/null
    as_server "$(find_pgbouncer)" -q -d "$name.ini" ||
        { cat "$name.log" >&2; die "pgbouncer did not start"; }
    # It leaves this shell before it listens.
    for ((i = 0; i < 600; i++)); do
        ! "$bin/psql" -X -q -h "$socket" -p "$port" -U postgres -d postgres -c '' 2>/dev/null || return 0
        sleep 0.1
    done
    cat "$name.log" >&2
    die "pgbouncer does not answer"
}

# From 1.21 on it can keep clients' prepared statements.
pooler_keeps_statements() {
    local version
    version=$("$(find_pgbouncer)" --version | sed -n 's/^PgBouncer \([0-9.]*\).*/\1/p')
    [ "$(printf '%s\n' 1.21 "$version" | sort -V | head -n 1)" = 1.21 ]
}

# Every server that lives in the temporary folder: the ones above, and those of tests
# that were interrupted.
stop_servers() {
    local pid_file
    for pid_file in "$work"/run/*.pid; do
        [ ! -e "$pid_file" ] || kill "$(cat "$pid_file")" || true
    done
    find "$work" -name postmaster.pid 2>/dev/null | while read -r pid_file; do
        as_server "$bin/pg_ctl" --silent --wait -m immediate -D "${pid_file%/*}" stop || true
    done
}

# --- What benchmarks need besides -------------------------------------------

query() { "$bin/psql" -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }

# The quantile $1 of the numbers on standard input.
quantile() { sort -g | awk -v q="$1" '{ x[NR] = $1 } END { print x[int((NR - 1) * q + 1.5)] }'; }
