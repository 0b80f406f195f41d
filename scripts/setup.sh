#!/bin/bash
# Installs what Slipway needs from Debian's archive, and checks the Swift toolchain. Safe to repeat; quick when nothing is missing.
# No daemon is started: tests and the demo start their own servers on free loopback ports.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/packages.sh
. "$repository/scripts/packages.sh"
# shellcheck source=scripts/setup-apt.sh
. "$repository/scripts/setup-apt.sh"

swift_needed=6.2

check_system() {
    [ -r /etc/debian_version ] || die "this needs Debian 12 or 13; on another system install these yourself: $(all_packages)"
}

check_swift() {
    local found how="install Swift $swift_needed or later from https://www.swift.org/install/linux/ and put its usr/bin on PATH"
    command -v swift >/dev/null || die "no Swift toolchain found: $how"
    found=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p' | head -n 1)
    dpkg --compare-versions "${found:-0}" ge "$swift_needed" || die "Swift ${found:-of unknown version} is too old: $how"
}

# Those of the given packages that apt knows, backports included.
known_packages() {
    local package
    for package in "$@"; do
        [ -z "$(apt-cache madison "$package")" ] || echo "$package"
    done
}

all_packages() { echo "${packages_to_build[@]}" "${packages_to_test[@]}" "${packages_to_prepare[@]}" "${packages_to_check[@]}"; }

# Those of the given packages that are not installed, in any version.
missing_packages() {
    comm -23 <(printf '%s\n' "$@" | sort -u) \
        <(dpkg-query --show --showformat '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p' | sort -u)
}

# Valkey starts with the system once it is installed, and would stand in the way of a Redis there.
keep_from_starting() {
    if [[ $missing == *valkey-server* ]] && command -v systemctl >/dev/null; then
        quietly valkey-disable as_root systemctl disable valkey-server || true
    fi
}

check_system
lock setup
# shellcheck disable=SC2046 # names of packages hold no blanks
missing=$(missing_packages $(all_packages))
if [ -n "$missing" ]; then
    say "installing $(wc -l <<<"$missing") Debian packages (about a minute): $(paste -sd ' ' <<<"$missing")"
    # shellcheck disable=SC2086 # as above
    install_packages $missing
fi
# What not every Debian has is looked for where the rest came from.
missing=$(missing_packages "${packages_where_there_are[@]}")
# shellcheck disable=SC2086 # as above
[ -z "$missing" ] || missing=$(known_packages $missing)
if [ -n "$missing" ]; then
    say "installing $(paste -sd ' ' <<<"$missing")"
    # shellcheck disable=SC2086 # as above
    install_packages $missing
    keep_from_starting
fi
check_swift
say "ready"
