# shellcheck shell=bash
# What scripts/demo, scripts/test and scripts/bench share: packages, the build,
# and a private PostgreSQL server that has nothing to do with any other.
#
# The server's programs are copied to a temporary folder, and the extension is
# installed next to the copies: PostgreSQL finds its files relative to its programs.
# So nothing is installed on the machine itself, and nothing that is already there
# can stand in for what the build should have made.

set -euo pipefail
# What other programs say is read here, and shown: in one language.
export LC_ALL=C.UTF-8
unset LANGUAGE

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
debian_servers=/usr/lib/postgresql
work=     # the temporary folder
bin=      # the programs of the private installation
socket=   # the folder of the server's socket

say() { printf '%s\n' "$*" >&2; }
die() {
    say "$(basename "$0"): $*"
    exit 1
}

# --- Packages ---------------------------------------------------------------

# Whether an extension can be built with the pg_config $1 and tried out on its server. On
# Debian pgxs.mk comes with the server, and its headers with another package.
is_complete() {
    [ -x "$("$1" --bindir)/postgres" ] && [ -e "$("$1" --pgxs)" ] &&
        [ -e "$("$1" --includedir-server)/postgres.h" ]
}

# Where PostgreSQL can be built against: $PG_CONFIG, or the newest installed one.
find_pg_config() {
    local candidate
    for candidate in ${PG_CONFIG:-$(printf '%s\n' "$debian_servers"/*/bin/pg_config | sort -rV) pg_config}; do
        candidate=$(command -v "$candidate") || continue
        if is_complete "$candidate"; then
            # Not /usr/bin/pg_config of Debian, which starts another one.
            echo "$("$candidate" --bindir)/pg_config"
            return
        fi
    done
    return 1
}

# The newest server of Debian's packages, by its major.
debian_server() {
    local server
    server=$(printf '%s\n' "$debian_servers"/*/bin/postgres | sort -rV | head -n 1)
    [ ! -x "$server" ] || basename "${server%/bin/postgres}"
}

# The package that makes some PostgreSQL complete: the headers of the server that is there,
# else all of it.
missing_postgresql() {
    local major
    ! find_pg_config >/dev/null || return 0
    major=$(debian_server)
    echo "postgresql${major:+-server-dev-$major}"
}

has_command() { command -v "$1" >/dev/null; }
has_header() { echo "#include <$1>" | g++ -E -x c++ - >/dev/null 2>&1; }
# Debian puts it where only root looks.
find_pgbouncer() { PATH=$PATH:/usr/sbin command -v pgbouncer; }
has_perl() { perl -M"$1" -e 1 2>/dev/null; }

# Debian's pg_cron for the PostgreSQL that is there; nothing for one that is not Debian's.
missing_pg_cron() {
    local config major
    config=$(find_pg_config) || config=$debian_servers/$(debian_server)/bin/pg_config
    [ -x "$config" ] || return 0
    major=$("$config" --version | sed -n 's/^PostgreSQL \([0-9]*\).*Debian.*/\1/p')
    [ -z "$major" ] || [ -e "$("$config" --pkglibdir)/pg_cron.so" ] || echo "postgresql-$major-cron"
}

# The packages that are missing for `$1`: build, or test, which includes build.
missing_packages() {
    has_command make || echo make
    has_command g++ || echo g++
    has_command cmake || echo cmake
    has_header postgresql/libpq-fe.h || has_header libpq-fe.h || echo libpq-dev
    has_header nlohmann/json.hpp || echo nlohmann-json3-dev
    has_header CLI/CLI.hpp || echo libcli11-dev
    has_header readline/readline.h || echo libreadline-dev
    missing_postgresql
    [ "$1" = test ] || return 0
    has_header gtest/gtest.h || echo libgtest-dev
    has_command prove || echo perl
    has_perl IPC::Run || echo libipc-run-perl
    find_pgbouncer >/dev/null || echo pgbouncer
    has_command pkg-config || echo pkg-config
    has_command doxygen || echo doxygen
    has_command faketime || echo faketime
    missing_pg_cron
}

# Debian's `postgresql` is the distribution's major; what it depends on has the number.
# For tests ($1) with pg_cron.
debian_postgresql() {
    local major
    major=$(apt-cache depends postgresql | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p' | head -n 1)
    [ -n "$major" ] || die "apt-cache does not say which PostgreSQL this system has"
    echo "postgresql-$major postgresql-server-dev-$major"
    [ "$1" != test ] || echo " postgresql-$major-cron"
}

install_missing() {
    local missing as_root=() packages failed= no_cluster=/etc/postgresql-common/createcluster.d/kvstore.conf
    [ -z "${PG_CONFIG:-}" ] || find_pg_config >/dev/null ||
        die "PG_CONFIG=$PG_CONFIG is not the pg_config of a server that is installed with its headers"
    missing=$(missing_packages "$1" | sort -u | tr '\n' ' ')
    [ -n "$missing" ] || return 0

    say "Missing on this machine: $missing"
    has_command apt-get || die "install these and try again (no apt-get here to do it)"
    if [ "$(id -u)" != 0 ]; then
        has_command sudo || die "install these as root (no sudo here): apt-get install $missing"
        as_root=(sudo)
    fi
    say "Installing them with apt-get, to build and to run a private server."
    "${as_root[@]}" apt-get update -qq
    packages=$missing
    if [[ $missing == *postgresql\ * ]]; then
        packages=$(debian_postgresql "$1") || exit
        packages=${missing/postgresql /$packages }
    fi
    # Debian starts a server of its own for a new PostgreSQL; nobody asked for one here.
    [[ $missing != *postgresql\ * ]] ||
        "${as_root[@]}" sh -c "mkdir -p ${no_cluster%/*} && echo 'create_main_cluster = false' >$no_cluster"
    # shellcheck disable=SC2086
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends $packages >/dev/null || failed=yes
    [[ $missing != *postgresql\ * ]] || "${as_root[@]}" rm -f "$no_cluster"
    [ -z "$failed" ] || die "apt-get could not install: $packages"
}

# --- The temporary folder ---------------------------------------------------

# PostgreSQL refuses to run as root, so that is left to another user.
server_user() { id -un postgres 2>/dev/null || echo nobody; }

as_server() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid="$(server_user)" --regid="$(id -g "$(server_user)")" --clear-groups \
            env HOME="$work" "$@"
    else
        "$@"
    fi
}

make_work_folder() {
    work=$(mktemp -d "${TMPDIR:-/tmp}/kvstore.XXXXXX")
    chmod 755 "$work"
    mkdir "$work/run"
    [ "$(id -u)" != 0 ] || chown "$(server_user)" "$work/run"
    trap remove_work_folder EXIT
    trap 'exit 130' INT TERM HUP
}

remove_work_folder() {
    local status=$?
    trap - EXIT
    stop_servers
    rm -rf "$work"
    exit "$status"
}

# --- The private installation -----------------------------------------------

# Links everything in folder $1 into folder $2, except what is kvstore's.
link_all() {
    local file
    mkdir -p "$2"
    for file in "$1"/*; do
        case ${file##*/} in
        kvstore*) ;;
        *) [ -e "$2/${file##*/}" ] || ln -s "$file" "$2/" ;;
        esac
    done
}

# A copy of the installation of $PG_CONFIG below $work, with links for all that
# need not be copied. Sets $bin; $bin/pg_config then speaks of the copy.
copy_postgres() {
    local original="$1" what
    bin=$work/tree$("$original" --bindir)
    mkdir -p "$bin"
    cp "$("$original" --bindir)"/* "$bin/"
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
build_folder() { echo "$repository/build/extension-$("$bin/pg_config" --version | tr -cd 'A-Za-z0-9.')"; }

# Builds there, and installs into the private installation.
build_extension() {
    local folder
    folder=$(build_folder)
    copy_sources "$folder" &&
        make -C "$folder" -s -j"$(nproc)" PG_CONFIG="$bin/pg_config" with_llvm=no "$@" &&
        make -C "$folder" -s PG_CONFIG="$bin/pg_config" with_llvm=no install >/dev/null
}

# A CMake project, $1, in build/$2.
build_cmake() {
    local source=$repository/$1 folder=$repository/build/$2
    shift 2
    cmake -S "$source" -B "$folder" -DCMAKE_BUILD_TYPE=Release "$@" >/dev/null &&
        cmake --build "$folder" -j"$(nproc)" >/dev/null
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
    local port=$1 connections=$2 name=$work/run/pgbouncer.$1
    shift 2
    printf '%s\n' '[databases]' "* = host=$socket port=5432 user=postgres" \
        '[pgbouncer]' "unix_socket_dir = $socket" "listen_port = $port" 'auth_type = any' \
        'pool_mode = transaction' "default_pool_size = $connections" 'max_client_conn = 200' \
        "logfile = $name.log" "pidfile = $name.pid" "$@" | as_server tee "$name.ini" >/dev/null
    as_server "$(find_pgbouncer)" -q -d "$name.ini" ||
        { cat "$name.log" >&2; die "pgbouncer did not start"; }
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
    for pid_file in "$work"/run/pgbouncer.*.pid; do
        [ ! -e "$pid_file" ] || kill "$(cat "$pid_file")" || true
    done
    find "$work" -name postmaster.pid 2>/dev/null | while read -r pid_file; do
        as_server "$bin/pg_ctl" --silent --wait -m immediate -D "${pid_file%/*}" stop || true
    done
}
