# shellcheck shell=bash
# An apt of our own, beside the machine's: its sources, state and cache live in one folder, so that packages and sources of
# any Debian release can be downloaded (never installed) without changing the machine. It uses the machine's mirror,
# proxy settings and archive keys. Source it after lib.sh and setup-apt.sh.

archive_keys=/usr/share/keyrings/debian-archive-keyring.gpg

# open_apt_root FOLDER CODENAME: prepares the folder and makes this script's apt commands use it.
open_apt_root() {
    local root=$1 release=$2 mirror
    need_lists
    mirror=$(debian_mirror)
    [ -r "$archive_keys" ] || die "$archive_keys is missing: run 'make setup'"
    mkdir -p "$root"/{state/lists/partial,cache/archives/partial,preferences.d}
    : >"$root/state/status"
    printf '%s [signed-by=%s] %s %s main\n' deb "$archive_keys" "$mirror" "$release" \
        deb-src "$archive_keys" "$mirror" "$release" >"$root/sources.list"
    cat >"$root/apt.conf" <<CONF
Dir::Etc::sourcelist "$root/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "$root/preferences.d";
Dir::State "$root/state";
Dir::State::status "$root/state/status";
Dir::Cache "$root/cache";
APT::Sandbox::User "$(id -un)";
Acquire::Languages "none";
Acquire::Retries "3";
CONF
    export APT_CONFIG=$root/apt.conf
    quietly "apt-root-$release" apt-get update
}

# Downloads packages of the opened apt root into the current folder and unpacks them into FOLDER.
unpack_packages() {
    local folder=$1 file
    shift
    apt-get download "$@"
    for file in ./*.deb; do
        dpkg-deb --extract "$file" "$folder"
        rm "$file"
    done
}

# needed_packages PATTERN PACKAGE...: names of these packages and of all that they need, as far as the pattern matches.
needed_packages() {
    local pattern=$1
    shift
    apt-cache depends --recurse --no-pre-depends --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$@" \
        | grep --extended-regexp "$pattern" | sort -u
}

# unpack_source PACKAGE FOLDER: downloads a source package of the opened apt root and unpacks it.
unpack_source() {
    apt-get source --download-only "$1"
    dpkg-source --no-check --extract ./*.dsc "$2"
    rm ./*.dsc ./*.tar.*
}
