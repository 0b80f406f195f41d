# shellcheck shell=bash
# A Linux kernel that runs as a program (Debian's user-mode-linux), for what needs a kernel of its own and no virtual machine. Source it
# after lib.sh. Sets `modules`, the folder of its modules, and `kernel`, the program.
# shellcheck disable=SC2154 # lib.sh gives `cache`
guest_place=$cache/cgroup2
kernel=$guest_place/kernel/usr/bin/linux.uml

# The kernel is a program in a package; unpacked, not installed, since nothing else needs it.
fetch_kernel() {
    mkdir -p "$guest_place/new"
    cd "$guest_place/new" || return
    apt-get download user-mode-linux
    dpkg-deb -x user-mode-linux_*.deb .
    rm -f user-mode-linux_*.deb
    rm -rf "$guest_place/kernel"
    cd "$guest_place" || return
    mv new kernel
}

# get_kernel TARGET: TARGET is what was asked of make, for the sentence that helps.
get_kernel() {
    lock cgroup2
    if [ ! -x "$kernel" ]; then
        say "getting a Linux kernel that runs as a program (Debian's user-mode-linux)"
        [ -n "$(apt-cache --quiet search --names-only '^user-mode-linux$')" ] ||
            die "this release of Debian has no package user-mode-linux: run 'make $1' on one that has, such as Debian 12"
        quietly cgroup2-kernel fetch_kernel
    fi
    # shellcheck disable=SC2034 # for the sourcing script
    modules=$(echo "$guest_place"/kernel/usr/lib/uml/modules/*)
}

# make_guest_disk FILE SIZE: an empty file system for the guest, which takes no room before it is used.
make_guest_disk() {
    truncate --size "$2" "$1"
    PATH=$PATH:/usr/sbin:/sbin mkfs.ext4 -q -F "$1"
}

# boot SECONDS LOG DISK WORD...: the guest sees this machine's files, read-only; WORDs go to its kernel's command line. Its memory is a file
# that should never reach a disk.
boot() {
    local seconds=$1 log=$2 disk=$3 memory=/dev/shm
    shift 3
    [ -w "$memory" ] || memory=$(dirname "$disk")
    TMPDIR=$memory timeout --kill-after 10 "$seconds" "$kernel" root=/dev/root rootfstype=hostfs rootflags=/ ro mem=3072M panic=1 quiet \
        con=null con0=null,fd:1 ssl=null ubd0="$disk" "$@" </dev/null >"$log" 2>&1
}
