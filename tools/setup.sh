#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# setup.sh - brings what building, testing and measuring need: host packages, and arm64 files under build/arm64.
#
#   tools/setup.sh             what building, most tests and most measurements need; a fraction of a second when it is there
#   tools/setup.sh linux       that, and Debian's kernels, busybox and load programs (arm64) for tests with Linux in a domain
#   tools/setup.sh xl          that, and Debian's toolstack (xen-utils) with programs for disks and networks, for Dom0
#   tools/setup.sh --check     only says what is missing of the first; exit status 1 when something is
#
# Host packages are installed (as root, else by sudo). Packages of arm64 are downloaded with an apt of our own under
# build/apt and unpacked under build/arm64: nothing of them is installed and the system's dpkg stays as it is.
# An interrupted run goes on where it stopped: a directory of build/arm64 appears only when it is complete.
set -eu
cd "$(dirname "$0")/.."
top=$PWD
apt=$top/build/apt
arm64=$top/build/arm64

# Package, then what it is for.
host_packages="
make                    builds
gcc                     host tests
libc6-dev               host tests
gcc-aarch64-linux-gnu   compiles the hypervisor and the guests
libc6-dev-arm64-cross   headers that libfdt and zlib include
clang                   second compiler, fuzzers
libclang-rt-dev         sanitizers and libFuzzer for clang
clang-format            lint
clang-tidy              lint
cppcheck                lint
qemu-system-arm         the machines of run, check and bench
libfdt-dev              device tree library, for host tests
zlib1g-dev              gzip library, for host tests
libxen-dev              ABI headers of the guest interface
python3                 run, check, bench
python3-kconfiglib      make menuconfig
device-tree-compiler    trees of the boards
gnuplot-nox             pictures of bench
"

say() {
    printf 'setup: %s\n' "$*"
}

fail() {
    printf '%s\n' "$@" | sed 's/^/setup: /' >&2
    exit 1
}

packages_missing() {
    wanted=$(printf '%s' "$host_packages" | awk 'NF { print $1 }')
    # shellcheck disable=SC2086
    have=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' $wanted 2>/dev/null | awk '$1 == "ii" { print $2 }')
    for package in $wanted; do
        case " $(echo $have) " in
        *" $package "*) ;;
        *) echo "$package" ;;
        esac
    done
}

# Not Debian: look for the programs and headers themselves.
commands_missing() {
    for program in make gcc aarch64-linux-gnu-gcc clang clang-format clang-tidy cppcheck qemu-system-aarch64 dtc gnuplot; do
        command -v "$program" >/dev/null || echo "$program"
    done
    [ -e /usr/include/xen/xen.h ] || echo "/usr/include/xen/xen.h (Xen's public headers)"
    [ -e /usr/include/libfdt.h ] || echo "/usr/include/libfdt.h (libfdt)"
    [ -e /usr/include/zlib.h ] || echo "/usr/include/zlib.h (zlib)"
    /usr/bin/python3 -c 'import kconfiglib' 2>/dev/null || echo "kconfiglib for /usr/bin/python3"
}

is_debian() {
    [ -r /etc/os-release ] && command -v apt-get >/dev/null && command -v dpkg-query >/dev/null &&
        grep -Eq '^ID(_LIKE)?=.*debian' /etc/os-release
}

install_packages() {
    say "these Debian packages are needed and not installed:"
    for package in $1; do
        printf '%s' "$host_packages" | awk -v p="$package" '$1 == p { printf "setup:   %-23s", $1; $1 = ""; print $0 }'
    done
    root=""
    if [ "$(id -u)" != 0 ]; then
        root="sudo"
        command -v sudo >/dev/null || fail "run this as root: apt-get install --no-install-recommends $(echo "$1" | xargs)"
        say "installing them by sudo apt-get (sudo may ask for your password)"
    else
        say "installing them by apt-get"
    fi
    $root apt-get -q update || say "apt-get update had errors; going on with the lists there are"
    # shellcheck disable=SC2086
    $root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $1 ||
        fail "apt-get could not install them: see above; is there a network, and are Debian's 'main' sources configured?"
}

# An apt of our own for arm64: own lists, own cache, nothing installed; the machine's sources and keys.
arm64_apt() {
    program=$1
    shift
    "$program" -q -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o APT::Sandbox::User=root \
        -o Dir::State="$apt/state" -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" \
        -o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}

arm64_lists() {
    say "fetching the list of arm64 packages into build/apt"
    mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial"
    : >"$apt/status"
    arm64_apt apt-get update >"$apt/update.log" 2>&1 || true
    [ -n "$(arm64_apt apt-cache show zlib1g-dev 2>/dev/null)" ] || {
        cat "$apt/update.log" >&2
        fail "no list of arm64 packages could be fetched: is there a network, and are Debian's 'main' sources configured?"
    }
}

# The package behind a name that only depends on it: linux-image-arm64 -> linux-image-6.1.0-37-arm64.
arm64_behind() {
    arm64_apt apt-cache show --no-all-versions "$1" | sed -n 's/^Depends: //p' | tr ',' '\n' | sed 's/^ *//; s/ .*//' |
        grep "$2" | head -n 1
}

# Print the file of package $1 in build/apt/debs, downloaded when it is not there. apt checks size and signature.
arm64_deb() {
    mkdir -p "$apt/debs/$1"
    cd "$apt/debs/$1"
    arm64_apt apt-get download "$1" >"$apt/download.log" 2>&1 || {
        cat "$apt/download.log" >&2
        fail "could not download $1 (arm64)"
    }
    find "$PWD" -name '*.deb' | sort -V | tail -n 1
}

# unpack NAME PACKAGE: the package's files become build/arm64/NAME, at once.
unpack() {
    [ -e "$arm64/$1" ] && return
    say "downloading and unpacking $2 (arm64) into build/arm64/$1"
    deb=$(arm64_deb "$2")
    rm -rf "$arm64/$1.new"
    mkdir -p "$arm64"
    dpkg -x "$deb" "$arm64/$1.new"
    mv "$arm64/$1.new" "$arm64/$1"
}

# The ZCU102's device tree: one file of Debian's kernel package.
unpack_tree() {
    [ -e "$arm64/boards" ] && return
    package=$(arm64_behind linux-image-arm64 '^linux-image-[0-9]')
    say "downloading $package (arm64, about 70 MB) for one device tree, into build/arm64/boards"
    deb=$(arm64_deb "$package")
    rm -rf "$arm64/boards.new"
    mkdir -p "$arm64/boards.new"
    dpkg-deb --fsys-tarfile "$deb" | tar -x -O --wildcards './usr/lib/linux-image-*/xilinx/zynqmp-zcu102-rev1.0.dtb' \
        >"$arm64/boards.new/zynqmp-zcu102-rev1.0.dtb"
    [ -s "$arm64/boards.new/zynqmp-zcu102-rev1.0.dtb" ] || fail "$package has no zynqmp-zcu102-rev1.0.dtb"
    mv "$arm64/boards.new" "$arm64/boards"
}

# unpack_kernel NAME METAPACKAGE: the kernel, /boot/vmlinuz-*, and the modules that a ramdisk here could want.
unpack_kernel() {
    [ -e "$arm64/$1" ] && return
    package=$(arm64_behind "$2" '^linux-image-[0-9]')
    say "downloading and unpacking $package (arm64, 25 to 70 MB) into build/arm64/$1"
    deb=$(arm64_deb "$package")
    rm -rf "$arm64/$1.new"
    mkdir -p "$arm64/$1.new"
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$arm64/$1.new" --wildcards --exclude='*/drivers/gpu' --exclude='*/drivers/media' \
        --exclude='*/drivers/infiniband' --exclude='*/drivers/net/wireless' --exclude='*/kernel/sound' \
        './boot/vmlinuz-*' './lib/modules/*'
    mv "$arm64/$1.new" "$arm64/$1"
}

# unpack_programs NAME MEGABYTES PACKAGE...: the packages and all they depend on, unpacked over each other.
unpack_programs() {
    name=$1
    megabytes=$2
    shift 2
    [ -e "$arm64/$name" ] && return
    say "downloading and unpacking $* (arm64) and what they depend on, about $megabytes MB, into build/arm64/$name"
    mkdir -p "$apt/$name-debs/partial"
    arm64_apt apt-get install --download-only -y --no-install-recommends -o Dir::Cache::archives="$apt/$name-debs" "$@" \
        >"$apt/download.log" 2>&1 || {
        cat "$apt/download.log" >&2
        fail "could not download $* (arm64)"
    }
    rm -rf "$arm64/$name.new"
    for deb in "$apt/$name-debs"/*.deb; do
        dpkg -x "$deb" "$arm64/$name.new"
    done
    mv "$arm64/$name.new" "$arm64/$name"
}

basic_parts="libfdt-dev zlib1g-dev xen boards"
linux_parts="linux-generic linux-cloud linux-rt linux-programs"
xl_parts="xl-programs"

parts_missing() {
    for part in $parts; do
        [ -e "$arm64/$part" ] || echo "$part"
    done
}

arm64_parts() {
    command -v apt-get >/dev/null && command -v dpkg >/dev/null || fail "build/arm64 lacks: $(parts_missing | xargs)" \
        "It comes from Debian's arm64 packages by apt-get and dpkg, which this system does not have." \
        "Run tools/setup.sh on Debian 12 (a container will do) and copy build/arm64 here."
    arm64_lists
    unpack libfdt-dev libfdt-dev
    unpack zlib1g-dev zlib1g-dev
    unpack xen "$(arm64_behind xen-system-arm64 '^xen-hypervisor-')"
    unpack_tree
    case $parts in
    *linux-*)
        unpack_kernel linux-generic linux-image-arm64
        unpack_kernel linux-cloud linux-image-cloud-arm64
        unpack_kernel linux-rt linux-image-rt-arm64
        unpack_programs linux-programs 25 busybox-static kmod rt-tests stress-ng memtester
        ;;
    esac
    case $parts in
    *xl-programs*)
        unpack_programs xl-programs 65 xen-utils-4.17 xen-utils-common xenstore-utils libxenmisc4.17 e2fsprogs fio iperf3
        ;;
    esac
}

# Two runs at once must not fetch the same thing twice.
locked() {
    mkdir -p build/apt
    exec 9>build/apt/lock
    flock 9
    [ -z "$(parts_missing)" ] || arm64_parts
}

case ${1:-} in
"" | --check) parts=$basic_parts ;;
linux) parts="$basic_parts $linux_parts" ;;
xl) parts="$basic_parts $linux_parts $xl_parts" ;;
*) fail "unknown word '$1': write nothing, linux, xl or --check" ;;
esac

if is_debian; then
    missing=$(packages_missing)
else
    missing=$(commands_missing)
fi

if [ "${1:-}" = --check ]; then
    [ -z "$missing$(parts_missing)" ] && exit 0
    for item in $missing $(parts_missing); do
        say "missing: $item"
    done
    exit 1
fi

if [ -n "$missing" ]; then
    is_debian || fail "this is not Debian, so these must be installed by hand:" "$missing"
    install_packages "$missing"
    [ -z "$(packages_missing)" ] || fail "still not installed: $(packages_missing | xargs)"
fi
[ -z "$(parts_missing)" ] || locked
