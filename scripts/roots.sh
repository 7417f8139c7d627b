# shellcheck shell=bash
# Root folders with Debian's releases in them, for scripts that try something out on a clean machine.
#
# A root is a pile of layers: the release as debootstrap makes it, what was installed on top of
# it once and for all, and the changes of the command that runs in it, which go when it ends.
# Layers are made when they are first needed and kept below $KV_CACHE; to have one made anew,
# remove it. All of it takes root and Debian's mirror.

cache=${KV_CACHE:-/var/tmp/kvstore}

# shellcheck source=scripts/within.sh
. "${BASH_SOURCE[0]%/*}/within.sh"

# Why there can be no root on this machine; nothing if there can.
no_roots() {
    local program
    [ "$(id -u)" = 0 ] || { echo "root folders take root" && return; }
    for program in debootstrap unshare flock; do
        command -v "$program" >/dev/null || { echo "there is no $program here (apt-get install $program)" && return; }
    done
}

# The layer of release $1: what debootstrap makes. Debian's newest releases go by the rules of sid.
base_layer() {
    local suite=$1 layer=$cache/base-$1 script=/usr/share/debootstrap/scripts/$1
    [ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid
    mkdir -p "$cache/archives-$suite"
    (
        flock 9
        [ ! -e "$layer" ] || exit 0
        rm -rf "$layer.new"
        debootstrap --variant=minbase --cache-dir="$cache/archives-$suite" \
            --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
            "$suite" "$layer.new" "$(mirror)" "$script" >"$layer.log" 2>&1 ||
            { tail -n 5 "$layer.log" >&2 && exit 1; }
        mv "$layer.new" "$layer"
    ) 9>"$cache/lock-$suite"
}

# Runs a command in a root: its release, the folder that takes the changes, the lower layers from
# top to bottom, separated by colons, and the command. What its apt downloads is kept, and what
# ccache has compiled, in /ccache.
# "$shared", a folder, is /shared in the root. All that the command starts ends with it.
shared=/tmp
in_root() {
    local suite=$1 changes=$2 layers=$3
    shift 3
    mkdir -p "$changes/upper" "$changes/work" "$changes/root" "$cache/ccache"
    unshare --mount --pid --ipc --uts --fork --kill-child --propagation private \
        bash -euc '
            changes=$1 layers=$2 archives=$3 ccache=$4 shared=$5 root=$1/root
            shift 5
            mount -t overlay -o "lowerdir=$layers,upperdir=$changes/upper,workdir=$changes/work" overlay "$root"
            mount -t proc proc "$root/proc"
            mount --rbind /dev "$root/dev"
            mount -t tmpfs -o mode=1777 tmp "$root/tmp"
            mkdir -p "$root/shared"
            mount --bind "$shared" "$root/shared"
            mount --bind "$archives" "$root/var/cache/apt/archives"
            mkdir -p "$root/ccache"
            mount --bind "$ccache" "$root/ccache"
            cp /etc/resolv.conf "$root/etc/resolv.conf"
            # Mirrors keep old states of Debian, too.
            echo "Acquire::Check-Valid-Until \"false\";" >"$root/etc/apt/apt.conf.d/check-valid-until"
            # Nothing is started by being installed.
            printf "#!/bin/sh\nexit 101\n" >"$root/usr/sbin/policy-rc.d"
            chmod +x "$root/usr/sbin/policy-rc.d"
            exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
                LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive TERM=dumb "$@"
        ' in_root "$changes" "$layers" "$cache/archives-$suite" "$cache/ccache" "$shared" "$@"
}
