#!/bin/bash
# Builds the Kubernetes API server that the tests talk to, from Debian 12's source package, once, into the cache.
# The controller manager comes from the same tree; etcd and kubectl are taken from Debian's binary packages.
# Nothing is installed and apt's sources stay as they are, so it works on Debian 12 and 13 alike.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/setup-apt.sh
. "$repository/scripts/setup-apt.sh"
# shellcheck source=scripts/apt-root.sh
. "$repository/scripts/apt-root.sh"
# shellcheck source=scripts/kube-apiserver-build.sh
. "$repository/scripts/kube-apiserver-build.sh"

home=$cache/kubernetes
programs=(kube-apiserver kube-controller-manager etcd kubectl)

is_built() {
    local program
    for program in "${programs[@]}"; do
        [ -x "$home/bin/$program" ] || return 1
    done
}

fetch() {
    cd "$work"
    unpack_packages "$work/root" golang-1.19-go golang-1.19-src golang-github-modern-go-reflect2-dev etcd-server kubernetes-client
    unpack_source kubernetes "$work/kubernetes"
}

# Prints a line each minute while a command runs, since it is silent for long.
with_progress() {
    local text=$1 minutes=0
    shift
    ( while sleep 60; do say "$text: $((++minutes)) minutes so far"; done ) &
    local ticker=$!
    # shellcheck disable=SC2064 # the id is known now
    trap "kill $ticker 2>/dev/null; rm -rf '$work'" EXIT
    "$@"
    kill "$ticker"
    trap 'rm -rf "$work"' EXIT
}

is_built && exit 0
lock kubernetes
is_built && exit 0
work=$home/work
trap 'rm -rf "$work"' EXIT
rm -rf "$work"
mkdir -p "$work/root" "$work/bin"
say "downloading Kubernetes' source and the Go compiler from Debian's archive (250 MB)"
open_apt_root "$work/apt" bookworm
quietly kube-apiserver-fetch fetch
say "building kube-apiserver and kube-controller-manager, once: about 5 minutes on 2 free cores"
with_progress "still building" quietly kube-apiserver-build build_kubernetes "$work"
cp "$work/root/usr/bin/etcd" "$work/root/usr/bin/kubectl" "$work/bin/"
mkdir -p "$home"
rm -rf "${home:?}/bin"
mv "$work/bin" "$home/bin"
say "built into $home/bin"
