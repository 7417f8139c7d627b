# shellcheck shell=bash
# Which PostgreSQL kvstore is built against, and what is missing on this machine: found, and
# installed with apt-get. For scripts/lib.sh.

debian_servers=/usr/lib/postgresql
oldest_major=15

# --- Which PostgreSQL -------------------------------------------------------

# Why no extension can be built with the pg_config $1 and tried out on its server; nothing if
# one can. On Debian pgxs.mk comes with the server, and its headers with another package.
lacks() {
    local version major
    version=$("$1" --version 2>/dev/null) || version=
    major=$(sed -n 's/^PostgreSQL \([0-9]*\).*/\1/p' <<<"$version")
    if [ -z "$major" ]; then
        echo "it is not a pg_config"
    elif [ "$major" -lt "$oldest_major" ]; then
        echo "kvstore needs PostgreSQL $oldest_major or newer, and this is $version"
    elif [ ! -x "$("$1" --bindir)/postgres" ]; then
        echo "its server is not installed"
    elif [ ! -e "$("$1" --pgxs)" ] || [ ! -e "$("$1" --includedir-server)/postgres.h" ]; then
        echo "its server is installed without its headers"
    fi
}

# What $PG_CONFIG names, or pg_configs of Debian's packages from the newest on, and the one in PATH.
pg_configs() {
    if [ -n "${PG_CONFIG:-}" ]; then
        echo "$PG_CONFIG"
    else
        printf '%s\n' "$debian_servers"/*/bin/pg_config | sort -rV
        echo pg_config
    fi
}

# Where PostgreSQL can be built against.
find_pg_config() {
    local candidate
    while read -r candidate; do
        candidate=$(command -v -- "$candidate") || continue
        if [ -z "$(lacks "$candidate")" ]; then
            # Not /usr/bin/pg_config of Debian, which starts another one.
            echo "$("$candidate" --bindir)/pg_config"
            return
        fi
    done < <(pg_configs)
    return 1
}

# Nothing is installed in the place of what was asked for.
check_wish() {
    local why="there is no such program"
    [ -n "${PG_CONFIG:-}" ] || return 0
    if command -v -- "$PG_CONFIG" >/dev/null; then why=$(lacks "$PG_CONFIG"); fi
    [ -z "$why" ] || die "PG_CONFIG=$PG_CONFIG: $why"
}

# The newest server of Debian's packages that will do, by its major.
debian_server() {
    local server major
    server=$(printf '%s\n' "$debian_servers"/*/bin/postgres | sort -rV | head -n 1)
    major=$(basename "${server%/bin/postgres}")
    [ ! -x "$server" ] || [ "${major%%.*}" -lt "$oldest_major" ] || echo "$major"
}

# --- What is missing --------------------------------------------------------

has_command() { command -v "$1" >/dev/null; }
has_header() { echo "#include <$1>" | g++ -E -x c++ - >/dev/null 2>&1; }
# Debian puts it where only root looks.
find_pgbouncer() { PATH=$PATH:/usr/sbin command -v pgbouncer; }
has_perl() { perl -M"$1" -e 1 2>/dev/null; }

# The package that makes some PostgreSQL complete: the headers of the server that is there,
# else all of it.
missing_postgresql() {
    local major
    ! find_pg_config >/dev/null || return 0
    major=$(debian_server)
    echo "postgresql${major:+-server-dev-$major}"
}

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
    has_header asio.hpp || echo libasio-dev
    has_header openssl/ssl.h || echo libssl-dev
    has_header readline/readline.h || echo libreadline-dev
    has_command redis-cli || echo redis-tools
    missing_postgresql
    [ "$1" = test ] || return 0
    has_header gtest/gtest.h || echo libgtest-dev
    has_command prove || echo perl
    has_perl IPC::Run || echo libipc-run-perl
    find_pgbouncer >/dev/null || echo pgbouncer
    has_command pkg-config || echo pkg-config
    has_command patch || echo patch
    has_command doxygen || echo doxygen
    has_command faketime || echo faketime
    has_command openssl || echo openssl
    has_command python3 || echo python3
    missing_pg_cron
}

# Debian's `postgresql` is the distribution's major; what it depends on has the number.
distribution_major() {
    apt-cache depends postgresql 2>/dev/null | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p' | head -n 1
}

# The packages in $2, with what stands for `postgresql` to build or test ($1) with it.
resolve() {
    local packages=" $2 " major postgresql
    [[ $packages == *" postgresql "* ]] || { echo "$2" && return; }
    major=$(distribution_major)
    if [ -z "$major" ]; then
        postgresql="postgresql postgresql-server-dev-all"
    elif [ "$major" -lt "$oldest_major" ]; then
        die "kvstore needs PostgreSQL $oldest_major or newer, and this system has $major"
    else
        postgresql="postgresql-$major postgresql-server-dev-$major"
        [ "$1" != test ] || postgresql+=" postgresql-$major-cron"
    fi
    echo ${packages/ postgresql / $postgresql }
}

# --- Installing it ----------------------------------------------------------

no_cluster=/etc/postgresql-common/createcluster.d/kvstore.conf

# What root's shell has to do for the packages $1. Debian starts a server of its own for a new
# PostgreSQL, and a new pgbouncer; nobody asked for one here.
install_commands() {
    local server=no
    [[ ! " $1" =~ \ postgresql(-[0-9]+)?\  ]] || server=yes
    [ $server = no ] || printf '%s\n' "mkdir -p ${no_cluster%/*}" "echo 'create_main_cluster = false' >$no_cluster"
    echo "DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $1"
    [ $server = no ] || echo "rm $no_cluster"
    [[ " $1 " != *" pgbouncer "* ]] || echo "systemctl disable --now pgbouncer 2>/dev/null || service pgbouncer stop || true"
}

# The same, in a shell that ends with the first that fails, and leaves nothing behind then.
install_packages() {
    local commands
    commands=$(install_commands "$1")
    "${as_root[@]}" sh -c "set -e; trap 'rm -f $no_cluster' EXIT
        ${commands/apt-get install/apt-get -o DPkg::Lock::Timeout=300 install}"
}

# How root's commands are begun, in as_root; dies with them, if that cannot be.
become_root() { # what for, packages
    local why
    as_root=()
    [ "$(id -u)" != 0 ] || return 0
    as_root=(sudo)
    if ! has_command sudo; then
        why="there is no sudo here"
    elif ! sudo sh -c :; then
        why="sudo refuses"
    else
        return 0
    fi
    die "$why. Run this as root, and then $(basename "$0") again:

$({ echo "apt-get update" && install_commands "$(resolve "$@")"; } | sed 's/^/    /')"
}

# How many packages apt-get would install for $@, and how much it would fetch.
download_size() {
    local install=(apt-get install -qq --no-install-recommends "$@") megabytes
    megabytes=$("${install[@]}" --print-uris 2>/dev/null | awk '{ bytes += $3 } END { printf "%d", bytes / 1e6 + 0.5 }')
    echo "$("${install[@]}" --simulate 2>/dev/null | grep -c ^Inst) packages, $megabytes MB to download"
}

install_missing() {
    local missing packages as_root
    check_wish
    missing=$(missing_packages "$1" | sort -u | tr '\n' ' ')
    [ -n "$missing" ] || return 0

    say "Missing on this machine: $missing"
    has_command apt-get || die "install these and try again (there is no apt-get here to do it)"
    become_root "$1" "$missing"
    busy "Asking apt-get for what there is" "${as_root[@]}" apt-get update -qq ||
        say "Not all of this machine's package sources can be read; going on with the others."
    packages=$(resolve "$1" "$missing") || exit
    # shellcheck disable=SC2086
    say "Installing them, to build and to run a private server: $(download_size $packages)."
    busy "Installing" install_packages "$packages" || die "apt-get could not install: $packages"
    missing=$(missing_packages "$1" | sort -u | tr '\n' ' ')
    [ -z "$missing" ] || die "still missing after apt-get has installed it: $missing"
}
