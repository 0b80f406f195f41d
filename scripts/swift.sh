# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # `logs` is for lib.sh, which also gives `repository`
# The options that every Swift build here has; all scripts use the same, so that none rebuilds what another built. Source it after lib.sh.

# These logs belong to the checkout, not to the cache that several checkouts share.
logs=$repository/.build/logs

swift_options=(--jobs "$(nproc)" --explicit-target-dependency-import-check error)

# Builds quietly: what the compiler says is shown when it fails, and kept in the log otherwise.
swift_build() { quietly swift-build swift build "${swift_options[@]}" "$@"; }
