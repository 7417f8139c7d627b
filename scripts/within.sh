# shellcheck shell=bash
# What runs in a root folder of another Debian system. For scripts/matrix and scripts/fresh.

# Debian's mirror of this machine.
mirror() {
    local found
    found=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
        grep -oE 'https?://[^ ]+/debian/?( |$)' | head -n 1)
    echo "${MIRROR:-${found:-http://deb.debian.org/debian}}"
}

# Runs a command as root in the root folder, with folder $2 as /src and nothing else of this
# machine, but its network if $namespaces has none. All that it starts ends with it.
namespaces=(--mount --pid --net --ipc --uts)
within() {
    local root=$1 source=$2
    shift 2
    unshare "${namespaces[@]}" --fork --kill-child --propagation private \
        bash -euc '
            root=$1 source=$2
            shift 2
            mount -t proc proc "$root/proc"
            mount -t tmpfs -o mode=755 dev "$root/dev"
            mkdir "$root/dev/shm" "$root/dev/pts"
            mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
            mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
            ln -s pts/ptmx "$root/dev/ptmx"
            for node in null zero full random urandom tty; do
                : >"$root/dev/$node"
                mount --bind "/dev/$node" "$root/dev/$node"
            done
            ln -s /proc/self/fd "$root/dev/fd"
            for node in stdin:0 stdout:1 stderr:2; do
                ln -s "/proc/self/fd/${node#*:}" "$root/dev/${node%:*}"
            done
            mount --bind "$source" "$root/src"
            mount -t tmpfs -o mode=1777 tmp "$root/tmp"
            ip link set lo up 2>/dev/null || true
            hostname localhost
            exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
                LC_ALL=C.UTF-8 TERM=dumb sh -euc "cd /src && exec \"\$@\"" sh "$@"
        ' within "$root" "$source" "$@"
}
