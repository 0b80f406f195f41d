# shellcheck shell=bash
# Installing packages with apt: waits for other users of dpkg, starts no daemons, and takes two things - nothing else - from the
# backports of Debian 12: libgit2, whose own version cannot fetch shallowly, and Valkey, which it lacks. Source it after lib.sh.

apt_get() { as_root env DEBIAN_FRONTEND=noninteractive apt-get --option DPkg::Lock::Timeout=300 "$@"; }

codename() { (. /etc/os-release && echo "${VERSION_CODENAME:-}"); }

update_lists() { quietly apt-update apt_get update; }

# Packages' indexes that apt has fetched: code name and address of each. None before the first update.
# shellcheck disable=SC2016 # apt's own placeholders
apt_sources() { apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages'; }

# Fetches the lists of packages where that was never done, or where they were removed to save space.
need_lists() { [ -n "$(apt_sources)" ] || update_lists; }

# The address of the Debian mirror that this machine already uses, so that nothing else has to be reachable. Call need_lists before.
debian_mirror() {
    local mirror=${SLIPWAY_DEBIAN_MIRROR:-}
    [ -n "$mirror" ] || mirror=$(apt_sources | sed -n "/security/d; s/^$(codename) //p" | head -n 1)
    [ -n "$mirror" ] || die "no Debian mirror in apt's sources; name one: SLIPWAY_DEBIAN_MIRROR=http://... make setup"
    echo "${mirror%/}"
}

has_candidate() { [[ $(apt-cache madison "$1") == *"$2"* ]]; }

# Adds the backports as a source of their own, unless there; the pin lets nothing else come from there.
add_backports() {
    local name=slipway-backports mirror source
    if [[ $(apt_sources) == *bookworm-backports* ]]; then
        [ ! -e "/etc/apt/preferences.d/$name" ] || pin_backports "$name"
        return
    fi
    say "adding Debian's backports as /etc/apt/sources.list.d/$name.sources, for libgit2 and Valkey alone"
    mirror=$(debian_mirror)
    source=$(printf '%s\n' 'Types: deb' "URIs: $mirror" 'Suites: bookworm-backports' 'Components: main' \
        'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg')
    as_root tee "/etc/apt/sources.list.d/$name.sources" >/dev/null <<<"$source"
    pin_backports "$name"
    update_lists
}

pin_backports() {
    as_root tee "/etc/apt/preferences.d/$1" >/dev/null <<'PIN'
Package: *
Pin: release n=bookworm-backports
Pin-Priority: -1

Package: src:libgit2 src:valkey
Pin: release n=bookworm-backports
Pin-Priority: 500
PIN
}

# Keeps package scripts from starting daemons while apt runs. A policy of the machine's own stays as it is.
without_daemons() {
    local policy=/usr/sbin/policy-rc.d status=0
    if [ -e "$policy" ]; then
        "$@"
        return
    fi
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod +x "$policy"
    # shellcheck disable=SC2064 # the path is known now
    trap "as_root rm -f '$policy'" EXIT
    "$@" || status=$?
    as_root rm -f "$policy"
    trap - EXIT
    return "$status"
}

# Installs packages; libgit2-dev and Valkey of Debian 12 from backports when they are to be had.
install_packages() {
    local package wanted=()
    update_lists
    if [ "$(codename)" = bookworm ] && [[ " $* " =~ " libgit2-dev "|" valkey-" ]]; then add_backports; fi
    for package in "$@"; do
        [ -n "$(apt-cache madison "$package")" ] || die "apt knows no package $package: check the sources in /etc/apt"
        if [[ $package =~ ^(libgit2-dev|valkey-) ]] && has_candidate "$package" bookworm-backports; then
            package+=/bookworm-backports
        fi
        wanted+=("$package")
    done
    without_daemons quietly apt-install apt_get install --yes --no-install-recommends "${wanted[@]}"
}
