#!/bin/bash
# Packs Express, a small library and all that they depend on as npm packs packages, from what Debian 13's node-* packages hold: for the
# tests' registry of npm packages, where no public one is reached. Nothing is installed. Result, in the cache: node-packages.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/setup-apt.sh
. "$repository/scripts/setup-apt.sh"
# shellcheck source=scripts/apt-root.sh
. "$repository/scripts/apt-root.sh"

# By their names at npm.
wanted=(express brace-expansion)
store=$cache/node-packages
recipe=$(cat "$repository"/scripts/node-packages.sh "$repository"/scripts/node-packages-pack | sha256sum | cut -d " " -f 1)

is_made() { [ -f "$store/index.json" ] && [ "$(cat "$store/.recipe" 2>/dev/null)" = "$recipe" ]; }

is_made && exit 0
lock node-packages
is_made && exit 0
say "getting Debian's packages of ${wanted[*]} for Node, and packing them for npm, once (seconds)"
work=$store.work
trap 'rm -rf "$work"' EXIT
rm -rf "$work"
mkdir -p "$work/store"
open_apt_root "$work/apt" trixie
PYTHONDONTWRITEBYTECODE=1 quietly node-packages "$repository/scripts/node-packages-pack" "$work" "$work/store" "${wanted[@]}"
echo "$recipe" >"$work/store/.recipe"
rm -rf "$store"
mv "$work/store" "$store"
say "made $store ($(find "$store" -name '*.tgz' | wc -l) packages)"
