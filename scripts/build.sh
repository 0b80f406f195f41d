#!/bin/bash
# Builds Slipway: `build.sh debug` with its tests, `build.sh release` the one program, statically linked to Swift's libraries.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/swift.sh
. "$repository/scripts/swift.sh"

cd "$repository"
case ${1:-} in
debug)
    say "building for debugging"
    swift_build --build-tests
    ;;
release)
    say "building .build/release/slipway (minutes the first time)"
    swift_build --configuration release --static-swift-stdlib --product slipway -Xswiftc -g
    # What runs build steps; it belongs beside the program.
    swift_build --configuration release --static-swift-stdlib --product slipway-sandbox -Xswiftc -g
    ;;
*) die "say which build: build.sh debug, or build.sh release" ;;
esac
