# shellcheck shell=bash
# A root filesystem of Debian 13 as an uncompressed tar, slim like the official images: no manuals, no translations,
# no package lists. Source it after lib.sh and setup-apt.sh; `work` is the folder that everything is made in.

# shellcheck disable=SC2154 # `work` is the sourcing script's
# One time for everything that is made, so that the result depends on the packages alone.
export SOURCE_DATE_EPOCH=1735689600
# shellcheck disable=SC2034 # used where images are made
created=$(date --utc --date "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)

# What dpkg leaves out; copyright files stay.
slim_options=(
    --dpkgopt='path-exclude=/usr/share/doc/*'
    --dpkgopt='path-include=/usr/share/doc/*/copyright'
    --dpkgopt='path-exclude=/usr/share/man/*'
    --dpkgopt='path-exclude=/usr/share/info/*'
    --dpkgopt='path-exclude=/usr/share/groff/*'
    --dpkgopt='path-exclude=/usr/share/lintian/*'
    --dpkgopt='path-exclude=/usr/share/locale/*'
    --dpkgopt='path-include=/usr/share/locale/locale.alias'
)

# shellcheck disable=SC2016 # mmdebstrap gives the folder as $1
# The machine's own name and resolver are not part of an image; a runtime mounts its own. Logs differ from run to run.
clean_up='rm -f "$1/etc/resolv.conf" "$1/etc/hostname"; find "$1/var/log" "$1/var/cache" -type f -delete'

# shellcheck disable=SC2016 # as above
# The names under which official images have their interpreters.
python_links='[ ! -e "$1/usr/bin/python3" ] || for name in python python3; do ln -s /usr/bin/python3 "$1/usr/local/bin/$name"; done'

# make_rootfs TAR PACKAGE...: Debian's essential packages and those named.
make_rootfs() {
    local tar=$1 more=() mirror
    shift
    mirror=$(debian_mirror)
    [ $# = 0 ] || more=(--include="$*")
    mmdebstrap --variant=minbase --architectures=amd64 "${more[@]}" "${slim_options[@]}" \
        --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
        --customize-hook="$python_links" --customize-hook="$clean_up" --skip=output/dev \
        trixie "$tar" "$mirror"
    add_dev "$tar"
}

# An image has /dev empty, for the runtime to mount over. Without its devices, mmdebstrap of Debian 12 leaves /dev out and that
# of Debian 13 writes it; a path must not be twice in a layer, since newer container tools refuse that.
add_dev() {
    ! tar --list --file "$1" ./dev/ >/dev/null 2>&1 || return 0
    mkdir -p "$work/empty/dev"
    tar --append --file "$1" --directory "$work/empty" --format=pax --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime \
        --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=0755 ./dev
}

# package_version TAR PACKAGE: the version of a package in such a tar, without epoch.
package_version() {
    tar --extract --to-stdout --file "$1" ./var/lib/dpkg/status \
        | sed -n "/^Package: $2\$/,/^\$/s/^Version: \([0-9]*:\)\{0,1\}//p"
}
