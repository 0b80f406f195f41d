#!/bin/bash
# Installs kubernetes-validate from Python's package index into the cache, once: it has the schemas of newer Kubernetes releases than
# the API server that tests talk to, and judges the manifests that Slipway makes.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

version=1.37.0
home=$cache/kubernetes-validate

is_installed() { [ "$("$home/bin/kubernetes-validate" --version 2>/dev/null | grep --only-matching '[0-9.]*$')" = "$version" ]; }

install_validator() {
    rm -rf "$home"
    # A virtual environment cannot be moved, so it is made in its place; the check above tells a half-made one.
    python3 -m venv "$home"
    "$home/bin/pip" install --disable-pip-version-check "kubernetes-validate==$version"
}

is_installed && exit 0
lock kubernetes-validate
is_installed && exit 0
say "installing kubernetes-validate $version from Python's package index (5 MB)"
quietly kubernetes-validate install_validator
is_installed || die "kubernetes-validate $version does not run: see $logs/kubernetes-validate.log"
