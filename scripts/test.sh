#!/bin/bash
# Builds and runs the tests, all or those that match the first argument. Ends with a plain line of counts, read from the
# report that the test runner wrote.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/swift.sh
. "$repository/scripts/swift.sh"

cd "$repository"
report=.build/tests/report.xml
# The runner puts the name of the testing library into that of its report.
written=${report%.xml}-swift-testing.xml
log=$logs/test.log
options=(--disable-xctest --xunit-output "$report")
[ -z "${1:-}" ] || options+=(--filter "$1")

# Lines of tests that passed are for V=1; what failed, what was skipped and the end are always shown.
show() { if [ "$V" = 1 ]; then cat; else grep --line-buffered --extended-regexp -v '^(.\s+)?.? ?(Test|Suite) .* (started|passed)|^\[|^Building|^Build complete' || true; fi; }

# counted ATTRIBUTE: of the report's one test suite.
counted() { sed -n "s/.*<testsuite [^>]*\b$1=\"\([0-9]*\)\".*/\1/p" "$written"; }

V=${V:-0}
mkdir -p "$(dirname "$report")" "$logs"
rm -f "$written"
say "building the tests"
swift_build --build-tests
say "running them; their whole output goes to $log"
status=0
swift test --skip-build "${swift_options[@]}" "${options[@]}" 2>&1 | tee "$log" | show || status=${PIPESTATUS[0]}
[ -f "$written" ] || die "the test runner ended with status $status and wrote no report: see the end of $log"
tests=$(counted tests) failures=$(counted failures) skipped=$(counted skipped)
[ "$status" = 0 ] || [ "$failures" != 0 ] || failures=1
echo "$((tests - failures - ${skipped:-0})) passed, $failures failed, ${skipped:-0} skipped"
exit "$status"
